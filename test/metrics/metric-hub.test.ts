import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetricHub } from '../../src/metrics/metric-hub.ts'
import type { Labels } from '../../src/metrics/metrics.ts'
import type { Series, Sink } from '../../src/metrics/series.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'

const TARGET: Labels = [
  ['service', 'svc'],
  ['target', 'http://10.0.0.1:80/'],
]
const OPTIONS = { buckets: [0.1, 1], samples: true }

function createHub(): {
  hub: MetricHub
  told: string[]
  worker: (n: number) => { metrics: WorkerMetrics; send: () => void }
} {
  const told: string[] = []
  const sink: Sink = {
    created: series => told.push(`created ${series.name}`),
    counted: (series, increment) => told.push(`${series.name} +${increment} =${series.total}`),
    gauged: series => told.push(`${series.name} ${series.value}`),
    observed: (series, seconds) => told.push(`${series.name} ${seconds}s`),
    lost: (series, observations) => told.push(`${series.name} lost ${observations}`),
    ended: series => told.push(`ended ${series.name}`),
  }
  const hub = new MetricHub({ buckets: OPTIONS.buckets, sinks: [sink] })
  const worker = (n: number) => {
    const metrics = new WorkerMetrics(OPTIONS)
    const send = () => {
      const batch = metrics.drain()
      if (batch !== undefined) hub.merge(n, batch)
    }
    return { metrics, send }
  }
  return { hub, told, worker }
}

function find(hub: MetricHub, name: string): Series {
  for (const series of hub.series()) if (series.name === name) return series
  return assert.fail(`no series ${name}`)
}

function total(hub: MetricHub, name: string): number {
  const series = find(hub, name)
  return series.kind === 'counter' ? series.total : series.kind === 'gauge' ? series.value : series.count
}

test('counts of all workers and of the control plane add up', () => {
  const { hub, worker } = createHub()
  for (const n of [0, 1]) {
    const { metrics, send } = worker(n)
    metrics.counter('notfound').add(2)
    metrics.histogram('route', TARGET).observe(0.5)
    send()
  }
  hub.counter('notfound').add(1)
  hub.histogram('route', TARGET).observe(0.05)
  assert.equal(total(hub, 'notfound'), 5)
  const route = find(hub, 'route')
  assert.ok(route.kind === 'histogram')
  assert.deepEqual(
    { count: route.count, sum: route.sum, buckets: [...route.buckets] },
    { count: 3, sum: 1.05, buckets: [1, 2, 0] },
  )
})

test('a gauge is the sum of what the threads say', () => {
  const { hub, worker } = createHub()
  const [one, two] = [worker(0), worker(1)]
  one.metrics.gauge('ws.conn').set(3)
  two.metrics.gauge('ws.conn').set(4)
  one.send()
  two.send()
  assert.equal(total(hub, 'ws.conn'), 7)
  two.metrics.gauge('ws.conn').add(-4)
  two.send()
  assert.equal(total(hub, 'ws.conn'), 3)
})

test('a replaced worker does not make a counter go backwards, and takes its share of gauges along', () => {
  const { hub, worker } = createHub()
  const first = worker(0)
  first.metrics.counter('notfound').add(10)
  first.metrics.histogram('route', TARGET).observe(0.5)
  first.metrics.gauge('ws.conn').set(5)
  first.send()
  hub.dropWorker(0)
  assert.equal(total(hub, 'ws.conn'), 0)
  const second = worker(0)
  second.metrics.counter('notfound').add(1)
  second.send()
  assert.equal(total(hub, 'notfound'), 11)
  assert.equal(total(hub, 'route'), 1)
})

test('a series ends with the last worker that counts with it', () => {
  const { hub, told, worker } = createHub()
  const [one, two] = [worker(0), worker(1)]
  for (const { metrics, send } of [one, two]) {
    metrics.counter('route.rx', TARGET).add(1)
    send()
  }
  one.metrics.forget(TARGET)
  one.send()
  assert.equal(total(hub, 'route.rx'), 2)
  two.metrics.counter('route.rx', TARGET).add(5)
  two.metrics.forget(TARGET)
  two.send()
  assert.deepEqual([...hub.series()], [])
  assert.deepEqual(told.slice(-2), ['route.rx +5 =7', 'ended route.rx'])
})

test('what a dead worker left behind ends when the control plane forgets the target', () => {
  const { hub, worker } = createHub()
  const one = worker(0)
  one.metrics.counter('route.rx', TARGET).add(1)
  one.send()
  hub.dropWorker(0)
  assert.equal(total(hub, 'route.rx'), 1)
  hub.forget(TARGET)
  assert.deepEqual([...hub.series()], [])
})

test('a worker that dies after the control plane forgot the target takes the series along', () => {
  const { hub, worker } = createHub()
  const one = worker(0)
  one.metrics.counter('route.rx', TARGET).add(1)
  one.send()
  hub.forget(TARGET)
  assert.equal(total(hub, 'route.rx'), 1)
  hub.dropWorker(0)
  assert.deepEqual([...hub.series()], [])
})

test('a target that is removed and comes back before the workers are drained goes on counting', () => {
  const { hub, worker } = createHub()
  const one = worker(0)
  one.metrics.counter('route.rx', TARGET).add(1)
  one.send()
  one.metrics.forget(TARGET)
  one.metrics.counter('route.rx', TARGET).add(1)
  one.send()
  assert.equal(total(hub, 'route.rx'), 2)
})

test('an instrument of the control plane counts into the void after its series ended', () => {
  const { hub, told } = createHub()
  const counter = hub.counter('route.rx', TARGET)
  hub.forget(TARGET)
  counter.add(1)
  assert.deepEqual(told, ['created route.rx', 'ended route.rx'])
})

test('observations whose values were lost on the way are told as such', () => {
  const { hub, told, worker } = createHub()
  const { metrics } = worker(0)
  for (const seconds of [0.1, 0.2, 0.3]) metrics.histogram('route', TARGET).observe(seconds)
  const batch = metrics.drain() ?? assert.fail()
  hub.merge(0, { ...batch, samples: batch.samples.slice(0, 1), sampleIds: batch.sampleIds.slice(0, 1) })
  assert.deepEqual(told, ['created route', 'route 0.1s', 'route lost 2'])
})

test('metrics of ours are told to nobody', () => {
  const { hub, told } = createHub()
  hub.gauge('fabio.targets').set(5)
  assert.equal(total(hub, 'fabio.targets'), 5)
  assert.deepEqual(told, [])
})

test('a label value that names a property of objects is a label value', () => {
  const { hub } = createHub()
  hub.counter('route.rx', [['service', '__proto__']]).add(1)
  hub.counter('route.rx', [['service', 'constructor']]).add(1)
  assert.equal([...hub.series()].length, 2)
})
