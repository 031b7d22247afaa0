import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFrom, refusalOf } from './load-from.ts'

const BGP = [
  'bgp.enabled = true',
  'bgp.anycastaddresses = 192.0.2.0/32,2001:db8::/64',
  'bgp.routerid = 192.0.2.1',
  'bgp.peers = address=192.0.2.9;asn=65001',
]

for (const { lines, message } of [
  {
    lines: ['proxy.noroutestatus = 99'],
    message: 'proxy.noroutestatus must be between 100 and 999: 99 (fabio.properties:1)',
  },
  {
    lines: ['proxy.noroutestatus = 1000'],
    message: 'proxy.noroutestatus must be between 100 and 999: 1000 (fabio.properties:1)',
  },
  {
    lines: ['proxy.noroutestatus = x'],
    message: 'proxy.noroutestatus must be between 100 and 999: 0 (fabio.properties:1)',
  },
  {
    lines: ['registry.consul.allowStale = true'],
    message:
      'registry.consul.allowStale and registry.consul.requireConsistent cannot both be true; requireConsistent is true unless it is set (fabio.properties:1)',
  },
  {
    lines: ['log.access.target = syslog'],
    message: 'Invalid access log target syslog; expected stdout or nothing (log.access.target, fabio.properties:1)',
  },
  {
    lines: ['metrics.target = statsd_raw'],
    message: 'metrics.target statsd_raw needs metrics.statsd.addr = host:port (fabio.properties:1)',
  },
  {
    lines: ['metrics.target = dogstatsd'],
    message: 'metrics.target dogstatsd needs metrics.dogstatsd.addr = host:port (fabio.properties:1)',
  },
  {
    lines: ['metrics.target = graphite'],
    message: 'metrics.target graphite needs metrics.graphite.addr = host:port (fabio.properties:1)',
  },
  {
    lines: ['metrics.target = circonus'],
    message:
      'metrics.target circonus needs metrics.circonus.apikey or metrics.circonus.submissionurl (fabio.properties:1)',
  },
  {
    lines: ['metrics.interval = 30', 'metrics.target = statsd_raw', 'metrics.statsd.addr = h:1'],
    message: 'metrics.interval must be positive: 0s (fabio.properties:1)',
  },
  {
    lines: ['metrics.prometheus.buckets = 1,1', 'metrics.target = prometheus'],
    message: 'metrics.prometheus.buckets must be in increasing order: 1,1 (fabio.properties:1)',
  },
  {
    lines: ['metrics.prometheus.buckets = 1,NaN', 'metrics.target = prometheus'],
    message: 'metrics.prometheus.buckets must be in increasing order: 1,NaN (fabio.properties:1)',
  },
  {
    lines: ['bgp.enabled = true'],
    message:
      'BGP configuration invalid: you must specify at least one anycast address to advertise (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP.slice(0, 3)],
    message:
      'BGP configuration invalid: you must specify at least one peer to advertise routes to (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP, 'bgp.routerid ='],
    message:
      'BGP configuration invalid: you must specify the routerID of this host, i.e. a non anycast address (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP, 'bgp.routerid = x'],
    message: 'BGP configuration invalid: router ID x is not a valid ID (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP, 'bgp.nexthop = x'],
    message: 'BGP configuration invalid: invalid NextHop: x (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP, 'bgp.peers = address=host'],
    message: 'BGP configuration invalid: peer address host is not a valid IP (bgp.enabled, fabio.properties:1)',
  },
  {
    lines: [...BGP, 'bgp.anycastaddresses = 192.0.2.1'],
    message:
      'BGP configuration invalid: could not parse cidr for anycast address 192.0.2.1: invalid CIDR address: 192.0.2.1 (bgp.enabled, fabio.properties:1)',
  },
]) {
  test(`refused: ${message}`, async () =>
    assert.deepEqual(await refusalOf({ file: lines.join('\n') }), { message, exitCode: 1 }))
}

for (const lines of [
  ['proxy.noroutestatus = 100'],
  ['registry.consul.allowStale = true', 'registry.consul.requireConsistent = false'],
  ['metrics.interval = 0', 'metrics.target = prometheus'],
  ['metrics.prometheus.buckets = 2,1'],
  ['metrics.prometheus.buckets = 1,2,inf', 'metrics.target = prometheus'],
]) {
  test(`accepted: ${lines.join(', ')}`, async () =>
    assert.deepEqual((await loadFrom({ file: lines.join('\n') })).warnings, []))
}

test('BGP is accepted when it is complete, or has a file of its own', async () => {
  assert.equal((await loadFrom({ file: BGP.join('\n') })).config.bgp.enabled, true)
  assert.equal(
    (await loadFrom({ argv: ['-bgp.enabled', '-bgp.gobgpdcfgfile', '/etc/gobgpd.conf'] })).config.bgp.enabled,
    true,
  )
})

test('an access log target that is none matters only to HTTP listeners', async () => {
  const { warnings } = await loadFrom({ argv: ['-log.access.target', 'syslog', '-proxy.addr', ':1;proto=tcp'] })
  assert.deepEqual(warnings, [
    'Invalid access log target syslog; expected stdout or nothing (log.access.target, command line)',
  ])
})

for (const { argv, warning } of [
  {
    argv: ['-metrics.statsd.addr', 'h:1'],
    warning:
      'metrics.statsd.addr is set but nothing is sent there: it takes the line metrics.target = statsd_raw (command line)',
  },
  {
    argv: ['-metrics.dogstatsd.addr', 'h:1', '-metrics.target', 'prometheus'],
    warning:
      'metrics.dogstatsd.addr is set but nothing is sent there: it takes the line metrics.target = prometheus,dogstatsd (command line)',
  },
]) {
  test(`warned: ${warning}`, async () => assert.deepEqual((await loadFrom({ argv })).warnings, [warning]))
}
