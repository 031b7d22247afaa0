import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { type MetricBatch, transferablesOf } from '../../src/metrics/metric-batch.ts'
import type { Labels } from '../../src/metrics/metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'

const TARGET: Labels = [
  ['service', 'svc'],
  ['host', 'a.com'],
  ['path', '/'],
  ['target', 'http://10.0.0.1:80/'],
]

function create(samples = false): WorkerMetrics {
  return new WorkerMetrics({ buckets: [0.1, 1], samples })
}

test('nothing counted is nothing to drain', () => {
  const metrics = create()
  assert.equal(metrics.drain(), undefined)
  metrics.counter('requests', TARGET)
  assert.equal(metrics.drain(), undefined)
})

test('a series without labels is announced when it is made, one with labels when it counts', () => {
  const metrics = create()
  metrics.counter('notfound')
  const rx = metrics.counter('route.rx', TARGET)
  assert.deepEqual(metrics.drain()?.series, [{ id: 1, kind: 'counter', name: 'notfound', labels: [] }])
  rx.add(5)
  const batch = metrics.drain()
  assert.deepEqual(batch?.series, [{ id: 2, kind: 'counter', name: 'route.rx', labels: TARGET }])
  assert.deepEqual([...(batch?.counters ?? [])], [2, 5])
  rx.add(7)
  assert.deepEqual(metrics.drain()?.series, [])
})

test('asking again gives the same instrument, also for equal labels', () => {
  const metrics = create()
  assert.equal(metrics.counter('notfound'), metrics.counter('notfound'))
  assert.equal(
    metrics.histogram('route', TARGET),
    metrics.histogram(
      'route',
      TARGET.map(([name, value]) => [name, value]),
    ),
  )
  assert.notEqual(metrics.counter('x', [['a', '1']]), metrics.counter('x', [['a', '2']]))
})

test('no label value can pass for another pair of labels', () => {
  const metrics = create()
  const one = metrics.counter('x', [['a', '1;b=1:2']])
  const other = metrics.counter('x', [
    ['a', '1'],
    ['b', '2'],
  ])
  assert.notEqual(one, other)
})

test('a histogram drains sum, count and the increment of every bucket', () => {
  const metrics = create()
  const histogram = metrics.histogram('route', TARGET)
  for (const seconds of [0.1, 0.05, 0.5, 1, 2]) histogram.observe(seconds)
  assert.deepEqual([...(metrics.drain()?.histograms ?? [])], [1, 3.65, 5, 2, 2, 1])
  histogram.observe(0)
  assert.deepEqual([...(metrics.drain()?.histograms ?? [])], [1, 0, 1, 1, 0, 0])
})

for (const { what, count } of [
  { what: 'a negative increment', count: (m: WorkerMetrics) => m.counter('c').add(-1) },
  { what: 'an increment that is not a number', count: (m: WorkerMetrics) => m.counter('c').add(Number.NaN) },
  { what: 'a negative duration', count: (m: WorkerMetrics) => m.histogram('h').observe(-1) },
  { what: 'an endless duration', count: (m: WorkerMetrics) => m.histogram('h').observe(Infinity) },
]) {
  test(`${what} is not counted`, () => {
    const metrics = create()
    count(metrics)
    const batch = metrics.drain()
    assert.equal((batch?.counters.length ?? 0) + (batch?.histograms.length ?? 0), 0)
  })
}

test('a gauge drains its latest value', () => {
  const metrics = create()
  const gauge = metrics.gauge('ws.conn')
  gauge.set(3)
  gauge.add(2)
  gauge.add(-1)
  assert.deepEqual([...(metrics.drain()?.gauges ?? [])], [1, 4])
  gauge.add(-4)
  assert.deepEqual([...(metrics.drain()?.gauges ?? [])], [1, 0])
})

test('single observations come in the order in which they were made', () => {
  const metrics = create(true)
  metrics.histogram('a', TARGET).observe(0.25)
  metrics.histogram('b', TARGET).observe(0.5)
  metrics.histogram('a', TARGET).observe(0.75)
  const batch = metrics.drain()
  assert.deepEqual([...(batch?.sampleIds ?? [])], [1, 2, 1])
  assert.deepEqual([...(batch?.samples ?? [])], [0.25, 0.5, 0.75])
})

test('single observations are bounded, counts are not', () => {
  const metrics = create(true)
  const histogram = metrics.histogram('a', TARGET)
  for (let n = 0; n < 300_000; n++) histogram.observe(0.5)
  const batch = metrics.drain()
  assert.equal(batch?.samples.length, 262_144)
  assert.equal(batch?.histograms[2], 300_000)
})

test('without a back end that wants them there are no single observations', () => {
  const metrics = create()
  metrics.histogram('a').observe(0.5)
  assert.equal(metrics.drain()?.samples.length, 0)
})

test('a forgotten target ends after what was counted for it', () => {
  const metrics = create()
  const route = metrics.histogram('route', TARGET)
  const other = metrics.counter('notfound')
  route.observe(0.5)
  metrics.forget(TARGET)
  const batch = metrics.drain()
  assert.deepEqual(batch?.ended, [1])
  assert.equal(batch?.histograms[2], 1)
  assert.equal(batch?.series.length, 2)
  other.add(1)
  assert.deepEqual(metrics.drain()?.ended, [])
})

test('what still counts for a forgotten target counts into the void', () => {
  const metrics = create(true)
  const route = metrics.histogram('route', TARGET)
  const rx = metrics.counter('route.rx', TARGET)
  route.observe(0.5)
  metrics.forget(TARGET)
  route.observe(0.5)
  metrics.drain()
  route.observe(0.5)
  rx.add(1)
  assert.equal(metrics.drain(), undefined)
})

test('a target that comes back begins a new series', () => {
  const metrics = create()
  metrics.counter('route.rx', TARGET).add(1)
  metrics.drain()
  metrics.forget(TARGET)
  metrics.counter('route.rx', TARGET).add(4)
  const batch = metrics.drain()
  assert.deepEqual(batch?.series, [{ id: 2, kind: 'counter', name: 'route.rx', labels: TARGET }])
  assert.deepEqual([...(batch?.counters ?? [])], [2, 4])
  assert.deepEqual(batch?.ended, [1])
})

test('forgetting a target that never counted says nothing', () => {
  const metrics = create()
  metrics.histogram('route', TARGET)
  metrics.forget(TARGET)
  metrics.forget([['service', 'unknown']])
  assert.equal(metrics.drain(), undefined)
})

test('a batch crosses threads, its numbers moved', () => {
  const metrics = create(true)
  metrics.histogram('route', TARGET).observe(0.5)
  const { port1, port2 } = new MessageChannel()
  const batch: MetricBatch = metrics.drain() ?? assert.fail()
  port1.postMessage(batch, transferablesOf(batch))
  const received = receiveMessageOnPort(port2)?.message ?? assert.fail()
  port1.close()
  assert.deepEqual(received.series, [{ id: 1, kind: 'histogram', name: 'route', labels: TARGET }])
  assert.deepEqual([...received.samples], [0.5])
  assert.equal(batch.histograms.length, 0)
})
