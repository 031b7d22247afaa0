import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startMetrics } from '../../src/metrics/start-metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { agreedName, fixtureLines } from './fixture.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog } from './recorded-log.ts'
import { playScenario } from './scenario.ts'
import { startUdpSink } from './udp-sink.ts'

const BACKENDS = [
  {
    target: 'statsd_raw',
    fixture: 'statsd.txt',
    address: (addr: string) => ({ statsdAddr: addr }),
    agreed: agreedName,
  },
  {
    target: 'dogstatsd',
    fixture: 'dogstatsd.txt',
    address: (addr: string) => ({ dogstatsdAddr: addr }),
    agreed: (line: string) => line.replace(/^web1\.fabio/, 'web1.fabio.'),
  },
]

for (const { target, fixture, address, agreed } of BACKENDS) {
  test(`${target} sends what Fabio sends, with a dot behind the prefix`, async () => {
    await using sink = await startUdpSink()
    const { log } = createRecordedLog()
    const expected = fixtureLines(fixture).map(agreed).toSorted()
    await using metrics = await startMetrics(metricsOptions({ targets: [target], ...address(sink.address) }), {
      log,
      print: assert.fail,
      refresh: async () => {},
    })
    const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
    playScenario(worker)
    metrics.hub.merge(0, worker.drain() ?? assert.fail())
    await metrics[Symbol.asyncDispose]()
    assert.deepEqual((await sink.lines(expected.length)).toSorted(), expected)
  })

  test(`${target} packs lines into datagrams that fit a frame`, async () => {
    await using sink = await startUdpSink()
    const { log } = createRecordedLog()
    const metrics = await startMetrics(metricsOptions({ targets: [target], ...address(sink.address) }), {
      log,
      print: assert.fail,
      refresh: async () => {},
    })
    const histogram = metrics.hub.histogram('requests', [['service', 'svc']])
    for (let n = 0; n < 500; n++) histogram.observe(n / 1000)
    await metrics[Symbol.asyncDispose]()
    const lines = await sink.lines(500)
    assert.equal(lines.length, 500)
    assert.ok(sink.datagrams.length < 30, `${sink.datagrams.length} datagrams`)
    assert.ok(sink.datagrams.every(datagram => datagram.endsWith('\n') && datagram.length <= 1432))
  })

  test(`${target} sends only what changed since the last flush`, async () => {
    await using sink = await startUdpSink()
    const { log } = createRecordedLog()
    await using metrics = await startMetrics(
      metricsOptions({ targets: [target], intervalMs: 10, ...address(sink.address) }),
      {
        log,
        print: assert.fail,
        refresh: async () => {},
      },
    )
    const counter = metrics.hub.counter('notfound')
    counter.add(2)
    await sink.lines(1)
    counter.add(3)
    assert.deepEqual(await sink.lines(2), ['web1.fabio.notfound:2.000000|c', 'web1.fabio.notfound:3.000000|c'])
  })

  test(`hostile label values cannot corrupt a line of ${target}`, async () => {
    await using sink = await startUdpSink()
    const { log } = createRecordedLog()
    const metrics = await startMetrics(metricsOptions({ targets: [target], ...address(sink.address) }), {
      log,
      print: assert.fail,
      refresh: async () => {},
    })
    for (const evil of ['a|c\nb:1|c', 'a:b|@0.1', '\r\n', 'a,b:c', '\u0000\u001b', ' \u2028 ', ';tag=1', '']) {
      metrics.hub.counter('http.redirect.count', [['code', evil]]).add(1)
      metrics.hub
        .counter('route.rx', [
          ['service', evil],
          ['host', evil],
          ['path', evil],
          ['target', `http://${evil}/`],
        ])
        .add(1)
    }
    await metrics[Symbol.asyncDispose]()
    const lines = await sink.lines(target === 'statsd_raw' ? 14 : 16)
    for (const line of lines) assert.match(line, /^[^\s:|]+:\d+\.000000\|c(\|#[^|\n\r]+)?$/)
    assert.equal(sink.datagrams.join('').split('\n').length - 1, lines.length)
  })
}

test('a line that no server would read whole is not sent, and said once', async () => {
  await using sink = await startUdpSink()
  const { log, lines } = createRecordedLog()
  const metrics = await startMetrics(metricsOptions({ targets: ['statsd_raw'], statsdAddr: sink.address }), {
    log,
    print: assert.fail,
    refresh: async () => {},
  })
  for (const letter of ['x', 'y']) metrics.hub.histogram('requests', [['service', letter.repeat(10_000)]]).observe(1)
  metrics.hub.counter('notfound').add(1)
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(await sink.lines(1), ['web1.fabio.notfound:1.000000|c'])
  assert.equal(lines.filter(line => line.includes('not sending lines longer than 8192 bytes')).length, 1)
})

test('more observations than are kept are sent as a sample', async () => {
  await using sink = await startUdpSink()
  const { log } = createRecordedLog()
  const metrics = await startMetrics(metricsOptions({ targets: ['statsd_raw'], statsdAddr: sink.address }), {
    log,
    print: assert.fail,
    refresh: async () => {},
  })
  const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
  worker.histogram('requests', [['service', 'a']]).observe(0.001)
  worker.histogram('requests', [['service', 'a']]).observe(0.002)
  const batch = worker.drain() ?? assert.fail()
  // As if the second had found the buffer full.
  metrics.hub.merge(0, { ...batch, samples: batch.samples.slice(0, 1), sampleIds: batch.sampleIds.slice(0, 1) })
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(await sink.lines(1), ['web1.fabio.requests.service.a:1.000000|ms|@0.500000'])
})

test('an agent that is down is reported once, and once when it is back', async () => {
  const { log, lines, said } = createRecordedLog()
  const gone = await startUdpSink()
  const { address, port } = gone
  await gone[Symbol.asyncDispose]()
  await using metrics = await startMetrics(
    metricsOptions({ targets: ['statsd_raw'], intervalMs: 5, statsdAddr: address }),
    {
      log,
      print: assert.fail,
      refresh: async () => {
        metrics.hub.counter('notfound').add(1)
      },
    },
  )
  await said('cannot send to statsd')
  await using _sink = await startUdpSink(port)
  await said('sending to statsd')
  assert.equal(lines.filter(line => line.startsWith('[WARN]')).length, 1)
})
