import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MetricsOptions, startMetrics } from '../../src/metrics/start-metrics.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog } from './recorded-log.ts'
import { startTcpSink } from './tcp-sink.ts'
import { startUdpSink } from './udp-sink.ts'

const surroundings = { log: createRecordedLog().log, print: () => {}, refresh: async () => {} }

// The texts of Fabio 1.7.3, but for the empty address, which it takes and never sends to.
const REFUSED: { changed: Partial<MetricsOptions>; message: string }[] = [
  { changed: { targets: ['bogus'] }, message: 'invalid metrics backend bogus' },
  {
    changed: { targets: ['statsd_raw'], statsdAddr: 'foo' },
    message: 'error resolving statsd address foo: address foo: missing port in address',
  },
  {
    changed: { targets: ['statsd_raw'], statsdAddr: 'no.such.invalid:8125' },
    message: 'error resolving statsd address no.such.invalid:8125: lookup no.such.invalid: ',
  },
  {
    changed: { targets: ['dogstatsd'], dogstatsdAddr: '127.0.0.1:99999' },
    message: 'error resolving dogstatsd address 127.0.0.1:99999: address 99999: invalid port',
  },
  {
    changed: { targets: ['graphite'], graphiteAddr: '127.0.0.1:x' },
    message: 'error resolving graphite address 127.0.0.1:x: address 127.0.0.1:x: unknown port',
  },
  {
    changed: { targets: ['graphite'], graphiteAddr: '::1:2003' },
    message: 'error resolving graphite address ::1:2003: address ::1:2003: too many colons in address',
  },
  {
    changed: { targets: ['statsd_raw'] },
    message: 'metrics.statsd.addr is empty: metrics.target=statsd_raw needs a host:port to send to',
  },
  { changed: { targets: ['dogstatsd'] }, message: 'metrics.dogstatsd.addr is empty' },
  { changed: { targets: ['graphite'] }, message: 'metrics.graphite.addr is empty' },
  { changed: { targets: ['circonus'] }, message: 'metrics: Circonus API token key or SubmissionURL' },
  { changed: { prefix: '{{.Foo}}' }, message: 'metrics: invalid Prefix template: ' },
  { changed: { names: '{{.Foo}}' }, message: 'metrics: invalid Names template: ' },
  {
    changed: { targets: ['statsd_raw'], statsdAddr: '127.0.0.1:8125', intervalMs: 0 },
    message: 'metrics.interval must be greater than 0',
  },
]

for (const { changed, message } of REFUSED) {
  test(`${JSON.stringify(changed)} is refused: ${message}`, async () => {
    await assert.rejects(startMetrics(metricsOptions(changed), surroundings), error => {
      assert.ok(error instanceof Error && error.name === 'MetricsError')
      assert.ok(error.message.startsWith(message), error.message)
      return true
    })
  })
}

test('no target is no cost for the workers', async () => {
  const { log, lines } = createRecordedLog()
  await using metrics = await startMetrics(metricsOptions({}), { ...surroundings, log })
  assert.equal(metrics.workerOptions, undefined)
  assert.deepEqual(lines, ['[INFO] Metrics disabled'])
})

for (const { targets, expected } of [
  { targets: ['prometheus'], expected: { buckets: [1, 2], samples: false } },
  { targets: ['label'], expected: { buckets: [], samples: true } },
  { targets: ['label', 'prometheus'], expected: { buckets: [1, 2], samples: true } },
]) {
  test(`workers count for ${targets.join(' and ')}`, async () => {
    const options = metricsOptions({ targets, prometheus: { subsystem: '', buckets: [1, 2] } })
    await using metrics = await startMetrics(options, surroundings)
    assert.deepEqual(metrics.workerOptions, expected)
  })
}

test('several targets get the same', async () => {
  await using statsd = await startUdpSink()
  await using dogstatsd = await startUdpSink()
  await using graphite = await startTcpSink()
  const { log, lines } = createRecordedLog()
  const printed: string[] = []
  const options = metricsOptions({
    targets: ['statsd', 'dogstatsd', 'graphite', 'prometheus', 'label'],
    statsdAddr: statsd.address,
    dogstatsdAddr: dogstatsd.address,
    graphiteAddr: graphite.address,
  })
  const metrics = await startMetrics(options, { log, print: text => printed.push(text), refresh: async () => {} })
  metrics.hub.counter('notfound').add(7)
  const { body } = await metrics.renderPrometheus('')
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(await statsd.lines(1), ['web1.fabio.notfound:7.000000|c'])
  assert.deepEqual(await dogstatsd.lines(1), ['web1.fabio.notfound:7.000000|c'])
  assert.match((await graphite.lines(1))[0] ?? '', /^web1\.fabio\.notfound 7\.000000 \d+$/)
  assert.deepEqual(printed, ['web1.fabio.notfound:7|c\n'])
  assert.match(body.toString(), /^web1_fabio_notfound 7$/m)
  assert.deepEqual(
    lines,
    ['statsd_raw', 'dogstatsd', 'graphite', 'prometheus', 'label'].map(
      target => `[INFO] Registering metrics provider "${target}"`,
    ),
  )
})

test('the last flush asks the workers first', async () => {
  await using sink = await startUdpSink()
  const metrics = await startMetrics(metricsOptions({ targets: ['statsd_raw'], statsdAddr: sink.address }), {
    ...surroundings,
    refresh: async () => metrics.hub.counter('notfound').add(1),
  })
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(await sink.lines(1), ['web1.fabio.notfound:1.000000|c'])
})

test('workers that cannot be asked cost a line in the log, not the flush', async () => {
  await using sink = await startUdpSink()
  const { log, lines } = createRecordedLog()
  const metrics = await startMetrics(metricsOptions({ targets: ['statsd_raw'], statsdAddr: sink.address }), {
    ...surroundings,
    log,
    refresh: () => Promise.reject(new Error('no workers')),
  })
  metrics.hub.counter('notfound').add(1)
  await metrics[Symbol.asyncDispose]()
  assert.equal((await sink.lines(1)).length, 1)
  assert.ok(lines.includes('[ERROR] metrics: workers were not asked: Error: no workers'))
})

test('a name instead of an address is found', async () => {
  await using sink = await startUdpSink()
  const statsdAddr = sink.address.replace('127.0.0.1', 'localhost')
  const metrics = await startMetrics(metricsOptions({ targets: ['statsd_raw'], statsdAddr }), surroundings)
  metrics.hub.counter('notfound').add(1)
  await metrics[Symbol.asyncDispose]()
  assert.equal((await sink.lines(1)).length, 1)
})
