// Every option through every source. The tables say what an option is; this file says, a second time and by hand, what its
// default is, one value that is taken, and one that is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { isOption, type Option, type OptionTable } from '../../src/config/option.ts'
import { OPTIONS, optionTables } from '../../src/config/option-table.ts'
import { loadFrom, refusalOf } from './load-from.ts'

interface Case {
  readonly initial: unknown
  readonly text: string
  readonly value: unknown
  /** A text that is refused on the command line, with the beginning of its message. Text options take anything. */
  readonly bad?: readonly [text: string, message: string]
  /** What else has to be said so that the value is taken. */
  readonly along?: readonly string[]
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
  'proxy.noroutestatus': { ...int('proxy.noroutestatus', 404), text: '503', value: 503 },
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
}

/** Where the configuration does not simply have the value: their own tests are named after their specs. */
const PARSED_FURTHER = ['proxy.addr', 'proxy.cs', 'proxy.auth', 'ui.addr', 'bgp.peers']

const RETIRED = new Set(
  Object.values(optionTables.retired).flatMap(entry =>
    isOption(entry) ? [entry.name] : Object.values(entry).map(({ name }) => name),
  ),
)

test('the cases below are about all options', () => {
  const names = OPTIONS.map(({ name }) => name).filter(name => !RETIRED.has(name) && !PARSED_FURTHER.includes(name))
  assert.deepEqual(Object.keys(CASES).sort(), names.sort())
})

for (const { option, read } of optionsIn(optionTables, config => config)) {
  const given = CASES[option.name]
  if (given === undefined) continue
  const { initial, text, value, bad, along = [] } = given
  const { name } = option
  const variable = name.replaceAll('.', '_').toUpperCase()

  test(`${name} is ${JSON.stringify(initial)} by default`, async () => {
    const { config, origins } = await loadFrom({})
    assert.deepEqual(read(config), initial)
    assert.deepEqual(origins.get(name), { kind: 'default', place: 'default' })
  })

  test(`${name} is taken from the command line`, async () => {
    const { config, origins } = await loadFrom({ argv: [`-${name}=${text}`, ...along] })
    assert.deepEqual(read(config), value)
    assert.deepEqual(origins.get(name), { kind: 'flag', place: 'command line' })
  })

  if (option.flagOnly) {
    test(`${name} is not taken from the environment or a file`, async () => {
      const { config, warnings } = await loadFrom({ env: { [`FABIO_${variable}`]: text }, file: `${name} = ${text}` })
      assert.deepEqual(read(config), initial)
      assert.deepEqual(warnings, [`${name} only works on the command line (fabio.properties:1)`])
    })
  } else {
    test(`${name} is taken from FABIO_${variable}`, async () => {
      const { config, origins } = await loadFrom({ argv: along, env: { [`FABIO_${variable}`]: text } })
      assert.deepEqual(read(config), value)
      assert.deepEqual(origins.get(name), { kind: 'env', place: `environment variable FABIO_${variable}` })
    })

    test(`${name} is${option.since === 'ours' ? ' not' : ''} taken from ${variable}`, async () => {
      const { config, infos } = await loadFrom({ argv: along, env: { [variable]: text } })
      assert.deepEqual(read(config), option.since === 'ours' ? initial : value)
      assert.deepEqual(infos, option.since === 'ours' ? [] : [`Environment variable ${variable} sets ${name}`])
    })

    test(`${name} is taken from a file`, async () => {
      // The blank that begins a free text would be taken for part of the separator.
      const { config, origins } = await loadFrom({
        argv: along,
        file: `# one\n${name} = ${text.replace(/^ /, '\\ ')}\n`,
      })
      assert.deepEqual(read(config), value)
      assert.deepEqual(origins.get(name), { kind: 'file', place: 'fabio.properties:2' })
    })
  }

  if (bad === undefined) {
    test(`${name} takes any text`, () => assert.notEqual(option.parse('\u0000 <&> {{').kind, 'refused'))
  } else {
    const [badText, message] = bad
    test(`${name} = ${JSON.stringify(badText)} on the command line ends with: ${message}`, async () => {
      const refusal = await refusalOf({ argv: [`-${name}=${badText}`, ...along] })
      assert.equal(refusal.message.slice(0, message.length), message)
      assert.equal(refusal.exitCode, option.parse(badText).kind === 'bad' ? 2 : 1)
    })
  }
}

interface Place {
  readonly option: Option<unknown>
  /** What the configuration has for it. */
  readonly read: (config: Config) => unknown
}

function optionsIn(table: OptionTable, parent: (config: Config) => unknown): readonly Place[] {
  return Object.entries(table).flatMap(([property, entry]) => {
    const read = (config: Config) => Reflect.get(Object(parent(config)), property)
    return isOption(entry) ? [{ option: entry, read }] : optionsIn(entry, read)
  })
}
