import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { type Loaded, loadFrom, MACHINE, refusalOf } from './load-from.ts'

test('flag wins over FABIO_ variable over plain variable over file over default', async () => {
  const argv = ['-ui.title', 'flag']
  const env = { FABIO_UI_TITLE: 'prefixed', UI_TITLE: 'plain' }
  const file = 'ui.title = file'
  const titleOf = async (given: Parameters<typeof loadFrom>[0]) => (await loadFrom(given)).config.ui.title
  assert.equal(await titleOf({ argv, env, file }), 'flag')
  assert.equal(await titleOf({ env, file }), 'prefixed')
  assert.equal(await titleOf({ env: { UI_TITLE: 'plain' }, file }), 'plain')
  assert.equal(await titleOf({ file }), 'file')
  assert.equal(await titleOf({}), '')
})

for (const name of [
  'FABIO_PROXY_STRATEGY',
  'FABIO_proxy_strategy',
  'fabio_Proxy_Strategy',
  'PROXY_STRATEGY',
  'proxy_strategy',
]) {
  test(`the environment variable ${name} sets proxy.strategy`, async () => {
    assert.equal((await loadFrom({ env: { [name]: 'rr' } })).config.proxy.strategy, 'rr')
  })
}

test('a variable that is set but empty counts', async () => {
  assert.equal(
    (await refusalOf({ env: { FABIO_PROXY_STRATEGY: '' } })).message,
    'invalid proxy.strategy: ; expected one of rnd, rr (proxy.strategy, environment variable FABIO_PROXY_STRATEGY)',
  )
  assert.deepEqual((await loadFrom({ env: { FABIO_PROXY_ADDR: '' } })).config.proxy.listeners, [])
})

test('of one name in two letter cases the later wins', async () => {
  assert.equal((await loadFrom({ env: { UI_TITLE: 'a', ui_title: 'b' } })).config.ui.title, 'b')
})

test('variables that are no options are ignored without a word', async () => {
  const { warnings } = await loadFrom({
    env: { FABIO_NONSENSE: 'x', FABIO_CFG: '/nope', CFG: '/nope', FABIO_V: 'true', DEV: 'true' },
  })
  assert.deepEqual(warnings, [])
})

test('without anything there is nothing to tell', async () => {
  const { warnings, infos } = await loadFrom({})
  assert.deepEqual({ warnings, infos }, { warnings: [], infos: [] })
})

test('the configuration is frozen', async () => {
  const { config } = await loadFrom({ argv: ['-proxy.cs', 'cs=a;type=file;cert=x'] })
  for (const part of [
    config,
    config.proxy,
    config.proxy.header.sts,
    config.proxy.listeners,
    config.proxy.listeners[0],
    config.proxy.certSources.get('a'),
  ]) {
    assert.ok(Object.isFrozen(part))
  }
})

test('the configuration can be sent to another thread', async () => {
  const { config } = await loadFrom({
    argv: ['-proxy.cs', 'cs=a;type=file;cert=x', '-proxy.addr', ':1;cs=a;tlsciphers=0xc02f'],
  })
  assert.deepEqual(structuredClone(config), config)
})

for (const { line, read, value, warning } of [
  {
    line: 'proxy.maxconn = lots',
    read: ({ config }: Loaded) => config.proxy.maxConn,
    value: 0,
    warning: 'proxy.maxconn: "lots" is not a whole number such as 10000; using 0',
  },
  {
    line: 'proxy.maxconn = 99999999999999999999',
    read: ({ config }: Loaded) => config.proxy.maxConn,
    value: Number(2n ** 63n - 1n),
    warning: 'proxy.maxconn: "99999999999999999999" is not a whole number such as 10000; using 9223372036854776000',
  },
  {
    line: 'registry.consul.register.enabled = yes',
    read: ({ config }: Loaded) => config.registry.consul.register.enabled,
    value: false,
    warning: 'registry.consul.register.enabled: "yes" is not true or false; using false',
  },
  {
    line: 'proxy.dialtimeout = 30',
    read: ({ config }: Loaded) => config.proxy.dialTimeoutMs,
    value: 0,
    warning: 'proxy.dialtimeout: "30" is not a duration with a unit such as 500ms, 30s or 1h30m; using 0',
  },
  {
    line: 'metrics.prometheus.buckets = .1,x,.3',
    read: ({ config }: Loaded) => config.metrics.prometheus.buckets,
    value: [0.1],
    warning:
      'metrics.prometheus.buckets: ".1,x,.3" is not numbers separated by commas such as .005,.01,.025,.05,.1,.25,.5,1,2.5,5,10; using [0.1]',
  },
]) {
  test(`'${line}' in a file becomes what Fabio makes of it, with a warning`, async () => {
    const loaded = await loadFrom({ file: `\n${line}` })
    assert.deepEqual(read(loaded), value)
    assert.deepEqual(loaded.warnings, [`${warning} as Fabio does, not the default (fabio.properties:2)`])
  })
}

test('a value of the wrong syntax in the environment names the variable', async () => {
  const { config, warnings } = await loadFrom({ env: { PROXY_SHUTDOWNWAIT: '5' } })
  assert.equal(config.proxy.shutdownWaitMs, 0)
  assert.match(
    warnings[0] ?? '',
    /^proxy\.shutdownwait: "5" is not a duration .* \(environment variable PROXY_SHUTDOWNWAIT\)$/,
  )
})

test('a message is one line, whatever the value', async () => {
  assert.match((await refusalOf({ file: 'proxy.matcher = a\\nb' })).message, /^invalid proxy\.matcher: a\\nb; /)
  assert.match(
    (await loadFrom({ file: 'log.level = a\\r\\nb' })).warnings[0] ?? '',
    /^log\.level: "a\\r\\nb" is none of /,
  )
})

test('a value that is refused names the line', async () => {
  const { message, exitCode } = await refusalOf({ file: '# one\n\nproxy.matcher = foo\n' })
  assert.equal(
    message,
    'invalid proxy.matcher: foo; expected one of prefix, glob, iprefix (proxy.matcher, fabio.properties:3)',
  )
  assert.equal(exitCode, 1)
})

test('blanks behind a value are dropped unless the text is free', async () => {
  const { config, warnings } = await loadFrom({
    file: 'proxy.strategy = rr \nproxy.maxconn = 7\t\ninsecure = true \nlog.access.format = $header.X \nregistry.consul.token = x ',
  })
  assert.equal(config.proxy.strategy, 'rr')
  assert.equal(config.proxy.maxConn, 7)
  assert.equal(config.process.insecure, true)
  assert.equal(config.log.accessFormat, '$header.X ')
  assert.equal(config.registry.consul.token, 'x ')
  assert.deepEqual(warnings, [])
})

for (const { line, warning } of [
  {
    line: 'proxy.adr = :80',
    warning: 'Unknown option proxy.adr is ignored: did you mean proxy.addr? (fabio.properties:1)',
  },
  { line: 'something.else = x', warning: 'Unknown option something.else is ignored (fabio.properties:1)' },
  { line: 'cfg = x', warning: 'Unknown option cfg is ignored (fabio.properties:1)' },
  {
    line: 'bgp.keyfile = x',
    warning: 'Unknown option bgp.keyfile is ignored: Fabio documents it but never had it (fabio.properties:1)',
  },
  {
    line: 'registry.static.noroutehtmlpath = /x',
    warning:
      'Unknown option registry.static.noroutehtmlpath is ignored: it never existed; registry.static.noroutehtml holds the HTML itself (fabio.properties:1)',
  },
  {
    line: 'registry.consul.register.deregisterCriticalServiceAfter = 90m',
    warning:
      'Unknown option registry.consul.register.deregisterCriticalServiceAfter is ignored: it never existed, and what it was meant to do has no effect since 1.5.12 (fabio.properties:1)',
  },
  {
    line: 'aws.apigw.cert.cn = x',
    warning: 'aws.apigw.cert.cn is deprecated: without effect; use caupgcn in proxy.cs (fabio.properties:1)',
  },
  {
    line: 'registry.consul.register.checkDeregisterCriticalServiceAfter = 90m',
    warning:
      'registry.consul.register.checkDeregisterCriticalServiceAfter is deprecated: without effect since 1.5.12 (fabio.properties:1)',
  },
  {
    line: 'tracing.TracingEnabled = true',
    warning: 'tracing.TracingEnabled is deprecated: tracing is gone since 1.7.0 (fabio.properties:1)',
  },
  {
    line: 'proxy.log.routes =',
    warning: "proxy.log.routes has been deprecated. Please use 'log.routes.format' instead (fabio.properties:1)",
  },
  {
    line: 'log.level = LOUD',
    warning: 'log.level: "LOUD" is none of TRACE, DEBUG, INFO, WARN, ERROR, FATAL; using INFO (fabio.properties:1)',
  },
  {
    line: 'log.routes.format = x',
    warning: 'log.routes.format: "x" is none of delta, all, detail; using delta (fabio.properties:1)',
  },
]) {
  test(`'${line}' warns: ${warning}`, async () =>
    assert.deepEqual((await loadFrom({ file: line })).warnings, [warning]))
}

test('BGP is warned of once, at its switch', async () => {
  const lines = [
    'bgp.asn = 65001',
    'bgp.anycastaddresses = 192.0.2.0/32',
    'bgp.peers = address=192.0.2.9;asn=65001',
    'bgp.routerid = 192.0.2.1',
  ]
  assert.deepEqual((await loadFrom({ file: lines.join('\n') })).warnings, [])
  assert.deepEqual((await loadFrom({ file: [...lines, 'bgp.enabled = true'].join('\n') })).warnings, [
    'bgp.enabled has no effect: BGP announcements are not part of this version (fabio.properties:5)',
  ])
})

test('an option that has no effect yet may have its default', async () => {
  assert.deepEqual(
    (await loadFrom({ file: 'bgp.asn = 65000\nproxy.cs =\nbgp.listenaddresses = 0.0.0.0' })).warnings,
    [],
  )
})

test('a key of the operator is no unknown option when another value refers to it', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file has it too
  const { config, warnings } = await loadFrom({ file: 'port = 7777\nproxy.addr = :${port}' })
  assert.equal(config.proxy.listeners[0]?.port, 7777)
  assert.deepEqual(warnings, [])
})

test('the wrong case of a key is accepted with a warning, unless the right one is there too', async () => {
  const documented = await loadFrom({ file: 'registry.consul.pollInterval = 3s' })
  assert.equal(documented.config.registry.consul.pollIntervalMs, 3000)
  assert.deepEqual(documented.warnings, [
    'registry.consul.pollInterval is spelled registry.consul.pollinterval; Fabio ignores it as it is written (fabio.properties:1)',
  ])
  const both = await loadFrom({ file: 'registry.consul.pollInterval = 3s\nregistry.consul.pollinterval = 4s' })
  assert.equal(both.config.registry.consul.pollIntervalMs, 4000)
  assert.deepEqual(both.warnings, [
    'registry.consul.pollInterval is ignored because registry.consul.pollinterval is set too (fabio.properties:1)',
  ])
})

test('words that belong to no flag are told, first of all', async () => {
  const { config, warnings } = await loadFrom({ argv: ['./fabio', '-proxy.addr', ':80'], file: 'x = y' })
  assert.equal(config.proxy.listeners[0]?.port, 80)
  assert.equal(warnings[0], 'Ignoring argument "./fabio"')
})

test('the former name of registry.custom.pollinterval is taken, unless the new one is there too', async () => {
  const former = await loadFrom({ file: 'registry.custom.pollinginterval = 7s' })
  assert.equal(former.config.registry.custom.pollIntervalMs, 7000)
  assert.deepEqual(former.warnings, [
    'registry.custom.pollinginterval is called registry.custom.pollinterval since Fabio 1.5.14 (fabio.properties:1)',
  ])
  const both = await loadFrom({
    argv: ['-registry.custom.pollinginterval', '7s', '-registry.custom.pollinterval', '8s'],
  })
  assert.equal(both.config.registry.custom.pollIntervalMs, 8000)
})

test('proxy.log.routes overrides log.routes.format', async () => {
  assert.equal(
    (await loadFrom({ argv: ['-log.routes.format', 'detail'], file: 'proxy.log.routes = all' })).config.log
      .routesFormat,
    'all',
  )
})

test('statsd is the former name of statsd_raw', async () => {
  const { config, warnings } = await loadFrom({ argv: ['-metrics.target', 'statsd', '-metrics.statsd.addr', 'h:8125'] })
  assert.deepEqual(config.metrics.targets, ['statsd_raw'])
  assert.deepEqual(warnings, [
    'metrics.target: statsd is statsd_raw since Fabio 1.6.0, with other names and units; using that (command line)',
  ])
})

for (const { addr, scheme, host } of [
  { addr: 'localhost:8500', scheme: 'http', host: 'localhost:8500' },
  { addr: 'HTTPS://Hub:8501/x', scheme: 'https', host: 'hub:8501' },
  { addr: 'http://hub:8500', scheme: 'http', host: 'hub:8500' },
  { addr: '', scheme: 'http', host: '' },
]) {
  test(`registry.consul.addr = ${addr} is ${host} by ${scheme}`, async () => {
    const { consul } = (await loadFrom({ argv: [`-registry.consul.addr=${addr}`] })).config.registry
    assert.deepEqual({ scheme: consul.scheme, addr: consul.addr }, { scheme, addr: host })
  })
}

test('what is registered is the address of ui.addr, checked by its scheme, unless something else is said', async () => {
  const registerOf = async (...argv: string[]) =>
    (await loadFrom({ argv: ['-proxy.cs', 'cs=a;type=file;cert=x', ...argv] })).config.registry.consul.register
  assert.equal((await registerOf('-ui.addr', '{{GetPrivateIP}}:1')).addr, '10.1.2.3:1')
  assert.equal((await registerOf('-ui.addr', ':1')).checkScheme, 'http')
  assert.equal((await registerOf('-ui.addr', ':1;cs=a')).checkScheme, 'https')
  assert.equal(
    (await registerOf('-ui.addr', ':1', '-registry.consul.register.addr', '{{GetPublicIP}}:2')).addr,
    '203.0.114.9:2',
  )
  assert.equal((await registerOf('-registry.consul.register.addr', '')).addr, '')
  assert.equal((await registerOf('-ui.addr', '')).addr, '')
})

for (const { argv, env = {}, cores } of [
  { argv: [], cores: 4 },
  { argv: ['-runtime.gomaxprocs', '2'], cores: 2 },
  { argv: ['-runtime.gomaxprocs', '-1'], cores: 4 },
  { argv: ['-runtime.gomaxprocs', '0'], cores: 4 },
  { argv: ['-runtime.gomaxprocs', '-7'], cores: 4 },
  { argv: ['-runtime.gomaxprocs', '2'], env: { GOMAXPROCS: '3' }, cores: 3 },
  { argv: ['-runtime.gomaxprocs', '2'], env: { GOMAXPROCS: 'x' }, cores: 4 },
  { argv: ['-runtime.gomaxprocs', '2'], env: { GOMAXPROCS: '' }, cores: 2 },
]) {
  test(`the data plane uses ${cores} cores for '${argv.join(' ')}' and ${JSON.stringify(env)}`, async () => {
    assert.equal((await loadFrom({ argv, env })).config.runtime.gomaxprocs, cores)
  })
}

for (const { argv, read, value } of [
  { argv: ['-registry.consul.serviceMonitors', '0'], read: 'serviceMonitors', value: 1 },
  { argv: ['-glob.cache.size', '-5'], read: 'cacheSize', value: 0 },
  { argv: ['-ui.path', '/'], read: 'path', value: '' },
  { argv: ['-ui.path', '/a/b/'], read: 'path', value: '/a/b' },
  { argv: ['-profile.path', ''], read: 'profilePath', value: '' },
  { argv: ['-proxy.responseheadertimeout', '9s'], read: 'upgradeTimeoutMs', value: 9000 },
  {
    argv: ['-proxy.responseheadertimeout', '9s', '-proxy.upgradetimeout', '2s'],
    read: 'upgradeTimeoutMs',
    value: 2000,
  },
  { argv: ['-proxy.localip', ''], read: 'localIp', value: '' },
]) {
  test(`${argv.join(' ')} gives ${read} ${JSON.stringify(value)}`, async () => {
    const { registry, glob, ui, process, proxy } = (await loadFrom({ argv })).config
    const found = { ...registry.consul, ...glob, ...ui, ...process, ...proxy }
    assert.equal(new Map(Object.entries(found)).get(read), value)
  })
}

test('proxy.gzip.contenttype is kept as written, and made an expression of JavaScript', async () => {
  const { proxy } = (await loadFrom({ file: 'proxy.gzip.contenttype = (?i)^TEXT/[[:alpha:]]+$' })).config
  assert.equal(proxy.gzipExpression, '(?i)^TEXT/[[:alpha:]]+$')
  assert.ok(new RegExp(proxy.gzipContentType).test('text/html'))
})

test('without an address of its own, the machine has no local address, and that is told', async () => {
  const result = await loadConfig({
    argv: [],
    env: {},
    machine: { ...MACHINE, addresses: MACHINE.addresses.slice(0, 2) },
  })
  assert.ok(result.kind === 'run')
  assert.equal(result.config.proxy.localIp, '')
  assert.deepEqual(result.warnings, ['Could not determine local ip address'])
})

test('an IPv6 address is the local address only where there is no IPv4', async () => {
  const addresses = MACHINE.addresses.filter(({ family }) => family === 6)
  const result = await loadConfig({ argv: [], env: {}, machine: { ...MACHINE, addresses } })
  assert.ok(result.kind === 'run')
  assert.equal(result.config.proxy.localIp, 'fd00::2')
})

test('-check and -migrate are told before anything is read', async () => {
  assert.deepEqual(await loadConfig({ argv: ['-nonsense', '-cfg', '/nope', '-check'], env: {} }), { kind: 'check' })
  const migrate = { kind: 'migrate', path: '/a' } as const
  assert.deepEqual(await loadConfig({ argv: ['-migrate', '/a', '-cfg', '/nope'], env: {} }), migrate)
})

test('-v and -help are answered without reading anything', async () => {
  assert.deepEqual(await loadConfig({ argv: ['-cfg', '/nope', '-v'], env: {} }), { kind: 'version' })
  const help = await loadConfig({ argv: ['-cfg', '/nope', '-help'], env: {}, program: './fabio' })
  assert.ok(help.kind === 'help')
  assert.match(help.text, /^Usage of \.\/fabio:\n {2}-aws\.apigw\.cert\.cn string\n/)
})
