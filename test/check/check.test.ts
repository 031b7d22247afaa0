import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfiguration } from '../../src/check/check.ts'
import { spawnFabio } from '../harness/spawn-fabio.ts'
import { checkLines, createCheckFolder } from './checked.ts'

test('nothing is wrong with the defaults', async () => {
  const { text, isGood } = await checkConfiguration({ argv: ['-check'], env: {} })
  assert.equal(text, 'fabio: no errors, no warnings\n')
  assert.ok(isGood)
})

test('everything that is wrong is told at once, from all sources, in the order of the places', async () => {
  await using folder = await createCheckFolder(
    [
      'proxy.addr = :80;proto=htp,:81;rt=5,:82',
      'proxy.strategy = first',
      'ui.adr = :9998',
      'proxy.dialtimeout = 30',
      'c = \\u12x',
      'd = ${e',
      '= f',
      'proxy.matcher = last',
    ].join('\n'),
  )
  const { lines, isGood } = await folder.check({
    argv: ['-nonsense', '-proxy.maxconn', 'abc', '-ui.title'],
    env: { FABIO_UI_ACCESS: 'all', PROXY_NOROUTESTATUS: '7' },
  })
  assert.deepEqual(lines, [
    'command line: error: flag provided but not defined: -nonsense; see -help',
    'command line: error: invalid value "abc" for flag -proxy.maxconn: parse error; expected a whole number such as 10000',
    'command line: error: flag needs an argument: -ui.title',
    'environment variable FABIO_UI_ACCESS: error: invalid ui.access: all; expected one of rw, ro',
    'environment variable PROXY_NOROUTESTATUS: error: proxy.noroutestatus must be between 100 and 999: 7',
    'fabio.properties:1: error: proxy.addr: unknown protocol "htp"; expected http, https, tcp, tcp+sni, tcp-dynamic, https+tcp+sni, grpc, grpcs, prometheus',
    'fabio.properties:1: error: proxy.addr: time: missing unit in duration "5"; rt needs a duration such as 30s',
    'fabio.properties:2: error: invalid proxy.strategy: first; expected one of rnd, rr',
    'fabio.properties:3: warning: Unknown option ui.adr is ignored: did you mean ui.addr?',
    'fabio.properties:4: warning: proxy.dialtimeout: "30" is not a duration with a unit such as 500ms, 30s or 1h30m; using 0 as Fabio does, not the default',
    'fabio.properties:5: error: properties: Line 5: invalid unicode literal',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: likewise
    'fabio.properties:6: error: malformed expression in d: ${ without }',
    'fabio.properties:7: error: properties: Line 7: "= f"',
    'fabio.properties:8: error: invalid proxy.matcher: last; expected one of prefix, glob, iprefix',
    'fabio.properties: 12 errors, 2 warnings',
  ])
  assert.ok(!isGood)
})

test('a file that cannot be read is an error, and the rest is looked at', async () => {
  const { text, isGood } = await checkConfiguration({
    argv: ['-check', '-cfg', '/no/such/file', '-ui.access', 'x'],
    env: {},
  })
  assert.deepEqual(text.split('\n').slice(0, 2), [
    'fabio: error: open /no/such/file: no such file or directory',
    'command line: error: invalid ui.access: x; expected one of rw, ro',
  ])
  assert.ok(!isGood)
})

test('one warning alone is good', async () => {
  await using folder = await createCheckFolder('nothing.like.it = 1')
  const { lines, isGood } = await folder.check()
  assert.equal(lines.at(-1), 'fabio.properties: no errors, 1 warning')
  assert.ok(isGood)
})

test('what was refused is not complained of a second time by those that refer to it', async () => {
  const lines = await checkLines('proxy.cs = cs=edge;type=other;cert=x', 'ui.addr = :9998;cs=edge')
  assert.deepEqual(withoutLater(lines), [
    'fabio.properties:1: error: proxy.cs: unknown cert source type other; expected file, path, http, consul, vault, vault-pki',
  ])
  assert.deepEqual(await checkLines('ui.addr = :9998;rt=5'), [
    'fabio.properties:1: error: ui.addr: time: missing unit in duration "5"; rt needs a duration such as 30s',
  ])
  assert.deepEqual(
    await checkLines('bgp.enabled = false', 'bgp.peers = address=x;asn=y,address=z;asn=w').then(onlyErrors),
    [
      'fabio.properties:2: error: bgp.peers: strconv.ParseUint: parsing "y": invalid syntax; asn needs a number',
      'fabio.properties:2: error: bgp.peers: strconv.ParseUint: parsing "w": invalid syntax; asn needs a number',
    ],
  )
})

for (const { what, lines, expected } of [
  {
    what: 'two listeners on one port',
    lines: ['proxy.addr = :8080,127.0.0.1:8080;proto=tcp', 'ui.addr = :8080'],
    expected: [
      'fabio.properties:1: error: proxy.addr: 127.0.0.1:8080: address already in use by proxy.addr :8080',
      'fabio.properties:2: error: ui.addr: :8080: address already in use by proxy.addr :8080',
    ],
  },
  {
    what: 'a port on two addresses',
    lines: ['proxy.addr = 127.0.0.1:8080,127.0.0.2:8080,0.0.0.0:0,:0,[::1]:8080', 'ui.addr = 127.0.0.1:8081'],
    expected: networkInterfaces().lo?.some(({ address }) => address === '::1')
      ? []
      : ['fabio.properties:1: warning: proxy.addr: [::1]:8080: this machine does not have the address ::1'],
  },
  {
    what: 'an address of another machine',
    lines: ['proxy.addr = 192.0.2.1:80'],
    expected: [
      'fabio.properties:1: warning: proxy.addr: 192.0.2.1:80: this machine does not have the address 192.0.2.1',
    ],
  },
  {
    what: 'an access log format that is used',
    lines: ['log.access.format = $foo', 'log.access.target = stdout'],
    expected: ['fabio.properties:1: error: log.access.format: Invalid log format: invalid field "$foo"'],
  },
  {
    what: 'an access log format that is not used',
    lines: ['log.access.format = $foo'],
    expected: [
      'fabio.properties:1: warning: log.access.format: Invalid log format: invalid field "$foo"; it is not used now',
    ],
  },
  {
    what: 'templates of metric names',
    lines: ['metrics.prefix = {{.Foo}}', 'metrics.names = {{if .Service}}x{{end}}'],
    expected: [
      /^fabio\.properties:1: error: metrics: invalid Prefix template: '\{\{\.Foo\}\}' in /,
      /^fabio\.properties:2: error: metrics: invalid Names template: '\{\{if \.Service\}\}' in /,
    ],
  },
  {
    what: 'an address of metrics that is none',
    lines: ['metrics.target = statsd_raw', 'metrics.statsd.addr = localhost'],
    expected: [
      'fabio.properties:2: error: metrics.statsd.addr: error resolving statsd address localhost: address localhost: missing port in address',
    ],
  },
  {
    what: 'an address of metrics that does not resolve',
    lines: ['metrics.target = graphite', 'metrics.graphite.addr = no-such-host.invalid:2003'],
    expected: [
      /^fabio\.properties:2: warning: metrics\.graphite\.addr: error resolving graphite address no-such-host\.invalid:2003: lookup no-such-host\.invalid: .* on this machine$/,
    ],
  },
  {
    what: 'a Consul that does not resolve',
    lines: ['registry.consul.addr = https://no-such-host.invalid:8501/x'],
    expected: [
      /^fabio\.properties:1: warning: registry\.consul\.addr: no-such-host\.invalid:8501: no-such-host\.invalid does not resolve on this machine: /,
    ],
  },
  {
    what: 'files of Consul',
    lines: ['registry.consul.addr = https://localhost:8501', 'registry.consul.tls.cafile = /no/such/ca'],
    expected: [/^fabio\.properties:2: error: registry\.consul\.tls\.cafile: .*\/no\/such\/ca/],
  },
  {
    what: 'half a client certificate of Consul',
    lines: ['registry.consul.addr = https://localhost:8501', 'registry.consul.tls.keyfile = /x'],
    expected: [
      'fabio.properties:2: error: registry.consul.tls.keyfile: both client cert and client key must be provided',
    ],
  },
  {
    what: 'a custom registry without host',
    lines: ['registry.backend = custom'],
    expected: ['fabio.properties:1: error: registry.backend custom needs registry.custom.host = host:port'],
  },
  {
    what: 'a custom registry whose host is none',
    lines: ['registry.backend = custom', 'registry.custom.host = us:pw@a b'],
    expected: ['fabio.properties:2: error: registry.custom.host: "****@a b" is not host:port'],
  },
  {
    what: 'a file of BGP',
    lines: ['bgp.gobgpdcfgfile = /no/such/file', 'bgp.enabled = true'],
    expected: [
      'fabio.properties:1: error: BGP configuration invalid: could not open /no/such/file: no such file or directory',
    ],
  },
  {
    what: 'BGP without anything',
    lines: ['bgp.enabled = true'],
    expected: [
      'fabio.properties:1: error: bgp.enabled: BGP configuration invalid: you must specify at least one anycast address to advertise',
      'fabio.properties:1: error: bgp.enabled: BGP configuration invalid: you must specify at least one peer to advertise routes to',
      'fabio.properties:1: error: bgp.enabled: BGP configuration invalid: you must specify the routerID of this host, i.e. a non anycast address',
    ],
  },
  {
    what: 'a place of profiles that is a file',
    lines: ['profile.mode = cpu', 'profile.path = /etc/passwd'],
    expected: ['fabio.properties:2: error: profile.path: /etc/passwd is not a directory'],
  },
]) {
  test(`${what}: ${expected.length === 0 ? 'nothing to say' : String(expected[0])}`, async () => {
    const found = withoutLater(await checkLines(...lines))
    for (const [at, line] of expected.entries()) {
      if (typeof line === 'string') assert.equal(found[at], line)
      else assert.match(found[at] ?? '', line)
    }
    assert.equal(found.length, expected.length, found.join('\n'))
  })
}

test('the routes of the static registry are checked line by line', async () => {
  const routes = [
    'route add a / http://h/',
    'rout add b',
    'route add c /c http://h:x/',
    'route add d /d http://h/ opts "redirect=20 auth=team"',
    'route weight e /e weight 0.5',
  ]
  assert.deepEqual(
    withoutLater(await checkLines('registry.backend = static', `registry.static.routes = ${routes.join('\\n')}`)).map(
      line => line.replace(/;.*/, ''),
    ),
    [
      `fabio.properties:2: error: registry.static.routes, line 2, column 1: syntax error: 'route' expected`,
      'fabio.properties:2: error: registry.static.routes, line 3, column 16: route: invalid target. parse "http://h:x/": invalid port ":x" after host',
      'fabio.properties:2: warning: registry.static.routes, line 4, column 32: redirect status code should be in 3xx range. Got: 20',
      'fabio.properties:2: warning: registry.static.routes, line 5, column 1: weight command for service e not valid - route: no target match',
      'fabio.properties:2: warning: registry.static.routes, line 4, column 44: auth=team: proxy.auth has no scheme of this name',
    ],
  )
})

test('the file of routes is checked with lines and columns of its own', async () => {
  await using folder = await createCheckFolder(
    [
      'registry.backend = file',
      'registry.file.path = FOLDER/routes',
      'registry.file.noroutehtmlpath = FOLDER/none',
    ].join('\n'),
  )
  await folder.write('routes', '# fine\nroute add a / http://h/\nroute add b\n')
  const { lines, isGood } = await folder.check()
  assert.deepEqual(lines, [
    'fabio.properties:3: error: registry.file.noroutehtmlpath: open none: no such file or directory',
    `routes:3:12: error: syntax error: 'route add' invalid; expected route add <service> <src> <dst> [weight <w>] [tags "<t1>,<t2>"] [opts "<k1>=<v1> <k2>=<v2>"]`,
    'fabio.properties: 2 errors, no warnings',
  ])
  assert.ok(!isGood)
})

test('a file of routes that is not there is an error', async () => {
  assert.deepEqual(await checkLines('registry.backend = file', 'registry.file.path = /no/such/routes'), [
    'fabio.properties:2: error: registry.file.path: open /no/such/routes: no such file or directory',
  ])
})

test('htpasswd files are read, line by line, and their lines are not shown', async () => {
  await using folder = await createCheckFolder(
    'proxy.auth = name=a;type=basic;file=FOLDER/users,name=b;type=basic;file=FOLDER/nobody,name=c;type=basic;file=FOLDER/none',
  )
  await folder.write('users', 'ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\nsecret\n')
  await folder.write('nobody', '')
  const lines = withoutLater((await folder.check()).lines)
  assert.deepEqual(lines.slice(0, -1), [
    'nobody: warning: there are no users in it: nobody gets through auth=b',
    'fabio.properties:1: error: proxy.auth c: open none: no such file or directory',
    'users:2: warning: malformed line, no colon; this line lets nobody in',
  ])
})

test('a place of profiles that is a directory, or not there yet, is fine', async () => {
  await using folder = await createCheckFolder('profile.mode = mem\nprofile.path = FOLDER/profiles')
  assert.ok((await folder.check()).isGood)
  await mkdir(join(folder.path, 'profiles'))
  assert.ok((await folder.check()).isGood)
})

for (const { argv, code, last } of [
  { argv: ['-check'], code: 0, last: 'fabio: no errors, no warnings\n' },
  { argv: ['-ui.access', 'x', '--check=true'], code: 1, last: 'fabio: 1 error, no warnings\n' },
]) {
  test(`./fabio ${argv.join(' ')} ends with ${code} and starts nothing`, async () => {
    await using fabio = await spawnFabio(argv)
    assert.equal(await fabio.exited, code)
    assert.ok(fabio.output().endsWith(last), fabio.output())
    assert.equal(fabio.log(), '')
  })
}

function onlyErrors(lines: readonly string[]): readonly string[] {
  return lines.filter(line => line.includes(': error: '))
}

/** Without what this version cannot do yet. */
function withoutLater(lines: readonly string[]): readonly string[] {
  return lines.filter(line => !line.includes(' has no effect: '))
}
