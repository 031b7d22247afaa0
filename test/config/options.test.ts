// Every option through every source. The tables say what an option is; this file says, a second time and by hand, what its
// default is, one value that is taken, and one that is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { isOption, type Option, type OptionTable } from '../../src/config/option.ts'
import { OPTIONS, optionTables } from '../../src/config/option-table.ts'
import { type Loaded, loadFrom, refusalOf } from './load-from.ts'

interface Case {
  readonly initial: unknown
  readonly text: string
  readonly value: unknown
  /** A text that is refused on the command line, with the beginning of its message. Only those in TAKES_ANYTHING have none. */
  readonly bad?: readonly [text: string, message: string]
  /** What else has to be said so that the value is taken. */
  readonly along?: readonly string[]
  /** Where the configuration does not simply have the value. */
  readonly read?: (loaded: Loaded) => unknown
}

const yes = (name: string): Case => ({
  initial: false,
  text: 'true',
  value: true,
  bad: ['yes', `invalid boolean value "yes" for -${name}: parse error; expected true or false`],
})
const no = (name: string): Case => ({ ...yes(name), initial: true, text: 'F', value: false })
const string = (initial: string, text = 'some text'): Case => ({ initial, text, value: text })
const int = (name: string, initial: number): Case => ({
  initial,
  text: '0x2a',
  value: 42,
  bad: ['many', `invalid value "many" for flag -${name}: parse error; expected a whole number`],
})
const ms = (name: string, initial: number): Case => ({
  initial,
  text: '1m1.5s',
  value: 61_500,
  bad: [
    '5',
    `invalid value "5" for flag -${name}: parse error; expected a duration with a unit such as 500ms, 30s or 1h30m`,
  ],
})
const list = (initial: readonly string[]): Case => ({ initial, text: ' a ,, b', value: ['a', 'b'] })
const word = (initial: string, text: string, message: string): Case => ({
  initial,
  text,
  value: text,
  bad: ['other', message],
})
const lenient = (initial: string, text: string): Case => ({ initial, text, value: text })
const header = (name: string): Case => ({
  initial: '',
  text: 'X-Name',
  value: 'X-Name',
  bad: ['a b', `${name}: "a b" is not the name of a header`],
})

const CASES: Readonly<Record<string, Case>> = {
  'proxy.strategy': word('rnd', 'rr', 'invalid proxy.strategy: other; expected one of rnd, rr'),
  'proxy.matcher': word('prefix', 'glob', 'invalid proxy.matcher: other; expected one of prefix, glob, iprefix'),
  'proxy.noroute.known': {
    initial: 'fallthrough',
    text: '503',
    value: '503',
    bad: ['404', 'invalid proxy.noroute.known: 404; expected one of fallthrough, 503'],
  },
  'proxy.noroutestatus': {
    ...int('proxy.noroutestatus', 404),
    text: '503',
    value: 503,
    bad: ['42', 'proxy.noroutestatus must be between 100 and 999: 42'],
  },
  'proxy.maxconn': int('proxy.maxconn', 10_000),
  'proxy.shutdownwait': ms('proxy.shutdownwait', 0),
  'proxy.deregistergraceperiod': ms('proxy.deregistergraceperiod', 0),
  'proxy.dialtimeout': ms('proxy.dialtimeout', 30_000),
  'proxy.responseheadertimeout': ms('proxy.responseheadertimeout', 0),
  'proxy.keepalivetimeout': ms('proxy.keepalivetimeout', 0),
  'proxy.idleconntimeout': ms('proxy.idleconntimeout', 15_000),
  'proxy.readtimeout': ms('proxy.readtimeout', 0),
  'proxy.writetimeout': ms('proxy.writetimeout', 0),
  'proxy.upgradetimeout': ms('proxy.upgradetimeout', 0),
  'proxy.flushinterval': ms('proxy.flushinterval', 1000),
  'proxy.globalflushinterval': ms('proxy.globalflushinterval', 0),
  'proxy.localip': {
    ...string('203.0.114.9', '192.0.2.7'),
    bad: ['{{foo}}', 'failed to parse local ip: unable to parse template "{{foo}}"'],
  },
  'proxy.header.clientip': header('proxy.header.clientip'),
  'proxy.header.tls': header('proxy.header.tls'),
  'proxy.header.tls.value': { ...string(''), bad: ['a\nb', 'proxy.header.tls.value: "a\\nb" has control characters'] },
  'proxy.header.requestid': header('proxy.header.requestid'),
  'proxy.header.sts.maxage': int('proxy.header.sts.maxage', 0),
  'proxy.header.sts.subdomains': yes('proxy.header.sts.subdomains'),
  'proxy.header.sts.preload': yes('proxy.header.sts.preload'),
  'proxy.gzip.contenttype': {
    ...string('', '^text/.*$'),
    bad: ['(', 'invalid expression for content types: error parsing regexp: '],
  },
  'proxy.trustedproxies': {
    initial: [],
    text: '10.0.0.0/8, 192.0.2.1',
    value: ['10.0.0.0/8', '192.0.2.1'],
    bad: ['10.0.0.0/33', '"10.0.0.0/33" is no address or network; expected for instance 10.0.0.0/8'],
  },
  'proxy.compat': word('1.7', '1.8', 'invalid proxy.compat: other; expected one of 1.7, 1.8'),
  'proxy.upstream.ca': string('', '/etc/fabio/ca.pem'),
  'proxy.limit.headersize': int('proxy.limit.headersize', 1_048_576),
  'proxy.limit.headercount': {
    ...int('proxy.limit.headercount', 1000),
    bad: ['0', 'proxy.limit.headercount must be at least 1: 0'],
  },
  'proxy.limit.headertimeout': ms('proxy.limit.headertimeout', 60_000),
  'proxy.limit.clients': {
    ...int('proxy.limit.clients', 0),
    bad: ['-1', 'proxy.limit.clients must be at least 0: -1'],
  },
  'proxy.limit.upstreamconns': int('proxy.limit.upstreamconns', 0),
  'proxy.limit.http2streams': int('proxy.limit.http2streams', 250),
  'proxy.limit.http2resets': int('proxy.limit.http2resets', 1000),
  'proxy.grpcmaxrxmsgsize': int('proxy.grpcmaxrxmsgsize', 4_194_304),
  'proxy.grpcmaxtxmsgsize': int('proxy.grpcmaxtxmsgsize', 4_194_304),
  'proxy.grpcshutdowntimeout': ms('proxy.grpcshutdowntimeout', 2000),
  'registry.backend': word(
    'consul',
    'static',
    'Unknown registry backend other; expected one of consul, static, file, custom',
  ),
  'registry.timeout': ms('registry.timeout', 10_000),
  'registry.retry': ms('registry.retry', 500),
  'registry.keepgood': yes('registry.keepgood'),
  'registry.required': yes('registry.required'),
  'registry.deadline': ms('registry.deadline', 0),
  'registry.stale.limit': ms('registry.stale.limit', 0),
  'registry.brake.percent': int('registry.brake.percent', 50),
  'registry.brake.routes': int('registry.brake.routes', 10),
  'registry.brake.grace': ms('registry.brake.grace', 30_000),
  'registry.snapshot.path': string(''),
  'registry.static.routes': string('', 'route add a /a http://10.0.0.1/'),
  'registry.static.noroutehtml': string('', '<p>none</p> '),
  'registry.file.path': string(''),
  'registry.file.noroutehtmlpath': string(''),
  'registry.consul.addr': { initial: 'localhost:8500', text: 'HTTPS://Hub:8501/x', value: 'hub:8501' },
  'registry.consul.token': string('', ' token '),
  'registry.consul.kvpath': string('/fabio/config'),
  'registry.consul.noroutehtmlpath': string('/fabio/noroute.html'),
  'registry.consul.tagprefix': string('urlprefix-'),
  'registry.consul.namespace': string(''),
  'registry.consul.tls.keyfile': string(''),
  'registry.consul.tls.certfile': string(''),
  'registry.consul.tls.cafile': string(''),
  'registry.consul.tls.capath': string(''),
  'registry.consul.tls.insecureskipverify': yes('registry.consul.tls.insecureskipverify'),
  'registry.consul.register.enabled': no('registry.consul.register.enabled'),
  'registry.consul.register.addr': {
    ...string(':9998', '10.0.0.1:9998'),
    bad: ['{{foo}}', 'failed to consul service address: unable to parse template "{{foo}}"'],
  },
  'registry.consul.register.name': string('fabio'),
  'registry.consul.register.tags': list([]),
  'registry.consul.register.checkInterval': ms('registry.consul.register.checkInterval', 1000),
  'registry.consul.register.checkTimeout': ms('registry.consul.register.checkTimeout', 3000),
  'registry.consul.register.checkTLSSkipVerify': yes('registry.consul.register.checkTLSSkipVerify'),
  'registry.consul.service.status': list(['passing']),
  'registry.consul.checksRequired': lenient('one', 'all'),
  'registry.consul.serviceMonitors': int('registry.consul.serviceMonitors', 1),
  'registry.consul.pollinterval': ms('registry.consul.pollinterval', 0),
  'registry.consul.mininterval': ms('registry.consul.mininterval', 100),
  'registry.consul.requireConsistent': no('registry.consul.requireConsistent'),
  'registry.consul.allowStale': {
    ...yes('registry.consul.allowStale'),
    along: ['-registry.consul.requireConsistent=false'],
  },
  'registry.custom.host': string(''),
  'registry.custom.scheme': lenient('https', 'http'),
  'registry.custom.path': string(''),
  'registry.custom.queryparams': string(''),
  'registry.custom.noroutehtml': string(''),
  'registry.custom.checkTLSSkipVerify': yes('registry.custom.checkTLSSkipVerify'),
  'registry.custom.timeout': ms('registry.custom.timeout', 5000),
  'registry.custom.pollinterval': ms('registry.custom.pollinterval', 10_000),
  'ui.access': word('rw', 'ro', 'invalid ui.access: other; expected one of rw, ro'),
  'ui.color': string('light-green'),
  'ui.title': string('', ' title '),
  'ui.path': { initial: '', text: 'base//', value: '/base' },
  'ui.routingtable.source.linkenabled': yes('ui.routingtable.source.linkenabled'),
  'ui.routingtable.source.newtab': no('ui.routingtable.source.newtab'),
  'ui.routingtable.source.scheme': string('http'),
  'ui.routingtable.source.host': string(''),
  'ui.routingtable.source.port': string(''),
  'log.access.format': string('common', '$remote_addr '),
  'log.access.target': { ...word('', 'stdout', 'Invalid access log target other; expected stdout or nothing') },
  'log.level': { initial: 'INFO', text: 'debug', value: 'DEBUG' },
  'log.routes.format': lenient('delta', 'all'),
  'log.format': word('text', 'json', 'invalid log.format: other; expected one of text, json'),
  'log.access.escape': yes('log.access.escape'),
  'metrics.target': {
    initial: [],
    text: 'prometheus, flat',
    value: ['prometheus', 'flat'],
    bad: [
      'influx',
      'invalid metrics backend influx; expected stdout, flat, label, graphite, statsd_raw, dogstatsd, circonus, prometheus',
    ],
  },
  'metrics.prefix': string('{{clean .Hostname}}.{{clean .Exec}}'),
  'metrics.names': string('{{clean .Service}}.{{clean .Host}}.{{clean .Path}}.{{clean .TargetURL.Host}}'),
  'metrics.interval': ms('metrics.interval', 30_000),
  'metrics.timeout': ms('metrics.timeout', 10_000),
  'metrics.retry': ms('metrics.retry', 500),
  'metrics.graphite.addr': string(''),
  'metrics.statsd.addr': string(''),
  'metrics.dogstatsd.addr': string(''),
  'metrics.prometheus.subsystem': string(''),
  'metrics.prometheus.path': string('/metrics'),
  'metrics.prometheus.buckets': {
    initial: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    text: '.1, 2,,0x1p2',
    value: [0.1, 2, 4],
    bad: [
      '.1,x',
      'invalid value ".1,x" for flag -metrics.prometheus.buckets: parse error; expected numbers separated by commas',
    ],
  },
  'metrics.circonus.apikey': string('', ' key '),
  'metrics.circonus.apiapp': string('fabio'),
  'metrics.circonus.apiurl': string(''),
  'metrics.circonus.brokerid': string(''),
  'metrics.circonus.checkid': string(''),
  'metrics.circonus.submissionurl': string(''),
  'glob.matching.disabled': yes('glob.matching.disabled'),
  'glob.cache.size': int('glob.cache.size', 1000),
  'runtime.gogc': int('runtime.gogc', 100),
  'runtime.gomaxprocs': int('runtime.gomaxprocs', 4),
  insecure: yes('insecure'),
  'profile.mode': word('', 'cpu', 'Invalid profile mode "other"; expected one of cpu, mem, mutex, block, trace'),
  'profile.path': string('/tmp'),
  dev: yes('dev'),
  'bgp.enabled': {
    ...yes('bgp.enabled'),
    along: ['-bgp.anycastaddresses=192.0.2.0/32', '-bgp.peers=address=192.0.2.9;asn=65001', '-bgp.routerid=192.0.2.1'],
  },
  'bgp.asn': {
    initial: 65_000,
    text: '0x10',
    value: 16,
    bad: [
      '-1',
      'invalid value "-1" for flag -bgp.asn: parse error; expected a whole number, not negative, such as 65000',
    ],
  },
  'bgp.anycastaddresses': list([]),
  'bgp.routerid': string(''),
  'bgp.listenport': int('bgp.listenport', 179),
  'bgp.listenaddresses': list(['0.0.0.0']),
  'bgp.enablegrpc': yes('bgp.enablegrpc'),
  'bgp.grpclistenaddress': string('127.0.0.1:50051'),
  'bgp.nexthop': string(''),
  'bgp.gobgpdcfgfile': string(''),
  'proxy.addr': {
    initial: [':9999 http'],
    text: ':80, :443;proto=tcp',
    value: [':80 http', ':443 tcp'],
    bad: [':80;proto=x', 'unknown protocol "x"; expected http, https, tcp'],
    read: ({ config }) => config.proxy.listeners.map(({ addr, proto }) => `${addr} ${proto}`),
  },
  'proxy.cs': {
    initial: [],
    text: 'cs=a;type=file;cert=/x',
    value: [['a', '/x']],
    bad: ['cs=a;type=file', "missing 'cert' in map[cs:a type:file] (proxy.cs, "],
    read: ({ config }) => [...config.proxy.certSources.values()].map(({ name, certPath }) => [name, certPath]),
  },
  'proxy.auth': {
    initial: [],
    text: 'name=a;type=basic;file=/x',
    value: [['a', '/x']],
    bad: ['name=a;type=digest', "unknown auth type 'digest'; expected basic (proxy.auth, "],
    read: ({ config }) => [...config.proxy.authSchemes.values()].map(({ name, file }) => [name, file]),
  },
  'ui.addr': {
    initial: ':9998',
    text: '127.0.0.1:80;rt=1s',
    value: '127.0.0.1:80',
    bad: [':1,:2', 'ui.addr must contain only one listener (ui.addr, '],
    read: ({ config }) => config.ui.listener?.addr,
  },
  'bgp.peers': {
    initial: [],
    text: 'address=192.0.2.9;asn=65001',
    value: [['192.0.2.9', 65_001]],
    bad: ['address=x;asn=y', 'strconv.ParseUint: parsing "y": invalid syntax; asn needs a number (bgp.peers, '],
    read: ({ config }) => config.bgp.peers.map(({ address, asn }) => [address, asn]),
  },
  'proxy.log.routes': {
    initial: 'delta',
    text: 'detail',
    value: 'detail',
    read: ({ config }) => config.log.routesFormat,
  },
  'registry.custom.pollinginterval': {
    ...ms('registry.custom.pollinginterval', 10_000),
    read: ({ config }) => config.registry.custom.pollIntervalMs,
  },
  ...Object.fromEntries(
    [
      'aws.apigw.cert.cn',
      'registry.consul.register.checkDeregisterCriticalServiceAfter',
      'tracing.CollectorType',
      'tracing.ConnectString',
      'tracing.ServiceName',
      'tracing.Topic',
      'tracing.SamplerRate',
      'tracing.SpanHost',
      'tracing.SpanName',
    ].map(name => [name, { ...string(''), read: shownAs(name) }]),
  ),
  ...Object.fromEntries(
    ['tracing.TracingEnabled', 'tracing.TraceID128Bit'].map(name => [
      name,
      { ...yes(name), initial: 'false', value: 'true', read: shownAs(name) },
    ]),
  ),
}

const TEXT = 'any text is one'
const NOT_CHECKED = 'Fabio takes any word, and so a warning has to do'
const FABIO_NEVER_LOOKED = 'it has no effect, in Fabio neither'

/** Options that refuse nothing, wherever it is said, and why. */
const TAKES_ANYTHING: ReadonlyMap<string, string> = new Map([
  ['registry.static.routes', 'a bad line costs only itself'],
  ['registry.static.noroutehtml', TEXT],
  ['registry.snapshot.path', 'a file that cannot be written is told in the log, and costs no route'],
  ['registry.file.path', 'whether there is such a file is found out by reading it'],
  ['registry.file.noroutehtmlpath', 'likewise'],
  ['registry.consul.addr', 'what is no address is found out by connecting, as in Fabio, within registry.timeout'],
  ['registry.consul.token', TEXT],
  ['registry.consul.kvpath', TEXT],
  ['registry.consul.noroutehtmlpath', TEXT],
  ['registry.consul.tagprefix', TEXT],
  ['registry.consul.namespace', TEXT],
  ['registry.consul.tls.keyfile', 'files are read when Consul is connected to'],
  ['registry.consul.tls.certfile', 'likewise'],
  ['registry.consul.tls.cafile', 'likewise'],
  ['registry.consul.tls.capath', 'likewise'],
  ['registry.consul.register.name', TEXT],
  ['registry.consul.register.tags', TEXT],
  ['registry.consul.service.status', 'Consul may have other states one day'],
  ['registry.consul.checksRequired', NOT_CHECKED],
  ['registry.custom.scheme', NOT_CHECKED],
  ['registry.custom.host', 'it only has to be one with registry.backend = custom'],
  ['registry.custom.path', TEXT],
  ['registry.custom.queryparams', TEXT],
  ['registry.custom.noroutehtml', TEXT],
  ['ui.color', 'an unknown colour gives the usual one'],
  ['ui.title', TEXT],
  ['ui.path', 'it is made a path'],
  ['ui.routingtable.source.scheme', TEXT],
  ['ui.routingtable.source.host', TEXT],
  ['ui.routingtable.source.port', TEXT],
  ['proxy.upstream.ca', 'it is read when the router starts'],
  ['log.access.format', 'it is compiled when the router starts, if it is used'],
  ['log.level', NOT_CHECKED],
  ['log.routes.format', NOT_CHECKED],
  ['metrics.prefix', 'it is compiled when the router starts'],
  ['metrics.names', 'likewise'],
  ['metrics.graphite.addr', 'it is resolved when the router starts, if it is used'],
  ['metrics.statsd.addr', 'likewise'],
  ['metrics.dogstatsd.addr', 'likewise'],
  ['metrics.prometheus.subsystem', 'it is made a name'],
  ['metrics.prometheus.path', TEXT],
  ['metrics.circonus.apikey', TEXT],
  ['metrics.circonus.apiapp', TEXT],
  ['metrics.circonus.apiurl', 'it is found out by asking'],
  ['metrics.circonus.brokerid', TEXT],
  ['metrics.circonus.checkid', TEXT],
  ['metrics.circonus.submissionurl', 'it is found out by sending'],
  ['profile.path', 'it is made when it is needed'],
  ['bgp.anycastaddresses', 'it only has to be right with bgp.enabled'],
  ['bgp.routerid', 'likewise'],
  ['bgp.listenaddresses', 'likewise'],
  ['bgp.grpclistenaddress', 'likewise'],
  ['bgp.nexthop', 'likewise'],
  ['bgp.gobgpdcfgfile', 'likewise'],
  ['proxy.log.routes', NOT_CHECKED],
  ['aws.apigw.cert.cn', FABIO_NEVER_LOOKED],
  ['registry.consul.register.checkDeregisterCriticalServiceAfter', FABIO_NEVER_LOOKED],
  ['tracing.CollectorType', FABIO_NEVER_LOOKED],
  ['tracing.ConnectString', FABIO_NEVER_LOOKED],
  ['tracing.ServiceName', FABIO_NEVER_LOOKED],
  ['tracing.Topic', FABIO_NEVER_LOOKED],
  ['tracing.SamplerRate', FABIO_NEVER_LOOKED],
  ['tracing.SpanHost', FABIO_NEVER_LOOKED],
  ['tracing.SpanName', FABIO_NEVER_LOOKED],
])

test('the cases above are about all options, and each is refused something or named as taking anything', () => {
  assert.deepEqual(Object.keys(CASES).sort(), OPTIONS.map(({ name }) => name).sort())
  for (const [name, { bad }] of Object.entries(CASES)) assert.equal(bad === undefined, TAKES_ANYTHING.has(name), name)
})

for (const { option, path } of optionsIn(optionTables, [])) {
  const given = CASES[option.name]
  if (given === undefined) continue
  const { initial, text, value, bad, along = [], read = loaded => valueAt(loaded.config, path) } = given
  const { name } = option
  const variable = name.replaceAll('.', '_').toUpperCase()
  // The blank that begins a free text would be taken for part of the separator.
  const inFile = (written: string) => `# one\n${name} = ${written.replace(/^ /, '\\ ').replaceAll('\n', '\\n')}\n`

  test(`${name} is ${JSON.stringify(initial)} by default`, async () => {
    const loaded = await loadFrom({})
    assert.deepEqual(read(loaded), initial)
    assert.deepEqual(loaded.origins.get(name), { kind: 'default', place: 'default' })
  })

  test(`${name} is taken from the command line`, async () => {
    const loaded = await loadFrom({ argv: [`-${name}=${text}`, ...along] })
    assert.deepEqual(read(loaded), value)
    assert.deepEqual(loaded.origins.get(name), { kind: 'flag', place: 'command line' })
  })

  if (option.flagOnly) {
    test(`${name} is not taken from the environment or a file`, async () => {
      const loaded = await loadFrom({ env: { [`FABIO_${variable}`]: text }, file: `${name} = ${text}` })
      assert.deepEqual(read(loaded), initial)
      assert.deepEqual(loaded.warnings, [`${name} only works on the command line (fabio.properties:1)`])
    })
  } else {
    test(`${name} is taken from FABIO_${variable}`, async () => {
      const loaded = await loadFrom({ argv: along, env: { [`FABIO_${variable}`]: text } })
      assert.deepEqual(read(loaded), value)
      assert.deepEqual(loaded.origins.get(name), { kind: 'env', place: `environment variable FABIO_${variable}` })
    })

    test(`${name} is${option.since === 'ours' ? ' not' : ''} taken from ${variable}`, async () => {
      const loaded = await loadFrom({ argv: along, env: { [variable]: text } })
      assert.deepEqual(read(loaded), option.since === 'ours' ? initial : value)
      assert.deepEqual(loaded.infos, option.since === 'ours' ? [] : [`Environment variable ${variable} sets ${name}`])
    })

    test(`${name} is taken from a file`, async () => {
      const loaded = await loadFrom({ argv: along, file: inFile(text) })
      assert.deepEqual(read(loaded), value)
      assert.deepEqual(loaded.origins.get(name), { kind: 'file', place: 'fabio.properties:2' })
    })
  }

  if (bad === undefined) {
    test(`${name} takes any text: ${TAKES_ANYTHING.get(name)}`, async () => {
      const anything = '\u0001 <&> {{ = ;, "'
      await loadFrom({ argv: [`-${name}=${anything}`] })
      await loadFrom({ file: inFile(anything) })
      await loadFrom({ env: { [`FABIO_${variable}`]: anything } })
    })
    continue
  }
  const [badText, message] = bad
  const isTolerated = option.parse(badText).kind === 'bad'
  test(`${name} = ${JSON.stringify(badText)} on the command line ends with: ${message}`, async () => {
    const refusal = await refusalOf({ argv: [`-${name}=${badText}`, ...along] })
    assert.equal(refusal.message.slice(0, message.length), message)
    assert.equal(refusal.exitCode, isTolerated ? 2 : 1)
  })
  if (option.flagOnly) continue
  for (const { source, place, otherwise } of [
    { source: 'a file', place: 'fabio.properties:2', otherwise: { file: inFile(badText) } },
    {
      source: `FABIO_${variable}`,
      place: `environment variable FABIO_${variable}`,
      otherwise: { env: { [`FABIO_${variable}`]: badText } },
    },
  ]) {
    if (isTolerated) {
      test(`${name} = ${JSON.stringify(badText)} in ${source} has what Fabio makes of it, with a warning`, async () => {
        const { warnings } = await loadFrom({ argv: along, ...otherwise })
        const [first = ''] = warnings.filter(warning => warning.startsWith(`${name}: "${badText}" is not `))
        assert.match(first, /; using .* as Fabio does, not the default \(/)
        assert.ok(first.endsWith(` (${place})`), first)
      })
    } else {
      test(`${name} = ${JSON.stringify(badText)} in ${source} ends with: ${message}`, async () => {
        const refusal = await refusalOf({ argv: along, ...otherwise })
        assert.equal(refusal.message.slice(0, message.length), message)
        assert.ok(refusal.message.includes(place), refusal.message)
        assert.equal(refusal.exitCode, 1)
      })
    }
  }
}

for (const [name, text, fallback] of [
  ['registry.consul.checksRequired', 'some', 'one'],
  ['registry.custom.scheme', 'ftp', 'https'],
  ['log.level', 'LOUD', 'INFO'],
  ['log.routes.format', 'brief', 'delta'],
] as const) {
  test(`${name} = ${text} has the default, with a warning`, async () => {
    const { options, warnings } = await loadFrom({ file: `${name} = ${text}` })
    assert.equal(new Map(Object.entries(options)).get(name)?.value, fallback)
    assert.equal(warnings.length, 1)
    assert.match(
      warnings[0] ?? '',
      new RegExp(`"${text}" is none of .*; using ${fallback} \\(fabio\\.properties:1\\)$`),
    )
  })
}

interface Place {
  readonly option: Option<unknown>
  /** The properties of the configuration that lead to its value. */
  readonly path: readonly string[]
}

function optionsIn(table: OptionTable, path: readonly string[]): readonly Place[] {
  return Object.entries(table).flatMap(([property, entry]) => {
    const inner = [...path, property]
    return isOption(entry) ? [{ option: entry, path: inner }] : optionsIn(entry, inner)
  })
}

function valueAt(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((section, property) => Reflect.get(Object(section), property), config)
}

function shownAs(name: string): (loaded: Loaded) => unknown {
  return loaded => new Map(Object.entries(loaded.options)).get(name)?.value
}
