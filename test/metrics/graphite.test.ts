import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Labels } from '../../src/metrics/metrics.ts'
import { startMetrics } from '../../src/metrics/start-metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { agreedName, fixtureLines } from './fixture.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog } from './recorded-log.ts'
import { playScenario } from './scenario.ts'
import { startTcpSink } from './tcp-sink.ts'

const TARGET: Labels = [
  ['service', 'svc'],
  ['host', 'a.com'],
  ['path', '/'],
  ['target', 'http://10.0.0.1:80/'],
]

/** Targets without traffic are not sent, and Fabio only has the last observation of what is not a target. */
function agreedLines(): string[] {
  return fixtureLines('graphite.txt')
    .filter(line => !/[rt]x 0\.000000$| -1\.000000$/.test(line))
    .map(agreedName)
    .map(line => line.replace(/^(web1\.fabio\.requests\.service\.svc\.p50) .*/, '$1 2.933214'))
    .toSorted()
}

test('graphite gets what Fabio sends, but for the agreed differences', async () => {
  await using sink = await startTcpSink()
  const { log } = createRecordedLog()
  const metrics = await startMetrics(metricsOptions({ targets: ['graphite'], graphiteAddr: sink.address }), {
    log,
    print: assert.fail,
    refresh: async () => {},
  })
  const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
  playScenario(worker)
  metrics.hub.merge(0, worker.drain() ?? assert.fail())
  await metrics[Symbol.asyncDispose]()
  const expected = agreedLines()
  const lines = await sink.lines(expected.length)
  const now = Date.now() / 1000
  for (const line of lines) assert.ok(Math.abs(Number(line.split(' ')[2]) - now) < 60, line)
  assert.deepEqual(lines.map(line => line.replace(/ \d+$/, '')).toSorted(), expected)
})

test('every series is sent every interval, counters from nothing again; an ended one goes after its last numbers', async () => {
  await using sink = await startTcpSink()
  const { log } = createRecordedLog()
  const steps = [
    () => metrics.hub.counter('route.rx', TARGET).add(5),
    () => {},
    () => {
      metrics.hub.counter('route.rx', TARGET).add(2)
      metrics.hub.forget(TARGET)
    },
  ]
  await using metrics = await startMetrics(
    metricsOptions({ targets: ['graphite'], intervalMs: 5, graphiteAddr: sink.address }),
    {
      log,
      print: assert.fail,
      refresh: async () => steps.shift()?.(),
    },
  )
  metrics.hub.gauge('ws.conn').set(3)
  const lines = (await sink.lines(8)).map(line => line.replace(/^web1\.fabio\.|\.\d+ \d+$/g, ''))
  assert.deepEqual(
    lines.filter(line => line.includes('.rx')),
    ['svc.a_com./.10_0_0_1_80.rx 5', 'svc.a_com./.10_0_0_1_80.rx 0', 'svc.a_com./.10_0_0_1_80.rx 2'],
  )
  assert.deepEqual(new Set(lines.filter(line => !line.includes('.rx'))), new Set(['ws.conn 3']))
})

test('what could not be sent goes with the next round, and the outage is said once', async () => {
  const first = await startTcpSink()
  const { port } = first
  await first[Symbol.asyncDispose]()
  const { log, lines, said } = createRecordedLog()
  await using metrics = await startMetrics(
    metricsOptions({ targets: ['graphite'], intervalMs: 5, graphiteAddr: `127.0.0.1:${port}` }),
    {
      log,
      print: assert.fail,
      refresh: async () => {},
    },
  )
  metrics.hub.counter('notfound').add(4)
  await said('cannot send to graphite')
  await using sink = await startTcpSink(port)
  const [line = ''] = await sink.lines(1)
  assert.match(line, /^web1\.fabio\.notfound 4\.000000 \d+$/)
  await sink.lines(3)
  assert.deepEqual(
    lines.filter(line => line.includes('graphite at')).map(line => line.replace(/:\d+/, '').replace(/: connect.*/, '')),
    ['[WARN] metrics: cannot send to graphite at 127.0.0.1', '[INFO] metrics: sending to graphite at 127.0.0.1 again'],
  )
})

test('hostile values make one line of three words', async () => {
  await using sink = await startTcpSink()
  const { log } = createRecordedLog()
  const metrics = await startMetrics(metricsOptions({ targets: ['graphite'], graphiteAddr: sink.address }), {
    log,
    print: assert.fail,
    refresh: async () => {},
  })
  const values = ['a 1 2\nb', ' \t', ';tag=x', '\u2028', '', 'x'.repeat(100_000)]
  for (const evil of values) metrics.hub.counter('http.redirect.count', [['code', evil]]).add(1)
  await metrics[Symbol.asyncDispose]()
  const lines = await sink.lines(values.length)
  for (const line of lines) assert.match(line, /^[^\s;]+ 1\.000000 \d+$/)
})
