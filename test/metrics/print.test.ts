import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startMetrics } from '../../src/metrics/start-metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { fixtureLines } from './fixture.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog } from './recorded-log.ts'
import { playScenario } from './scenario.ts'

const isLabelled = (line: string): boolean => line.includes('|#')

/** Fabio prints every count; several that arrive together are one line here, with the total Fabio printed last. */
function lastOfEach(lines: readonly string[]): string[] {
  const last = new Map<string, string>()
  for (const line of lines) last.set(line.replace(/:-?\d+\|[cg]/, ''), line)
  return [...last.values()].toSorted()
}

for (const { target, lines } of [
  // Both printed into one file: what has no labels is there twice.
  { target: 'flat', lines: fixtureLines('stdout.txt').filter(line => !isLabelled(line)) },
  {
    target: 'label',
    lines: fixtureLines('stdout.txt').filter(
      line => !line.startsWith(':') && !/\.(service|code)[.:|]/.test(line.split('|')[0] ?? ''),
    ),
  },
]) {
  test(`${target} prints what Fabio prints`, async () => {
    const printed: string[] = []
    await using metrics = await startMetrics(metricsOptions({ targets: [target] }), {
      log: createRecordedLog().log,
      print: text => printed.push(text),
      refresh: async () => {},
    })
    const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
    playScenario(worker)
    metrics.hub.merge(0, worker.drain() ?? assert.fail())
    await new Promise(resolve => setImmediate(resolve))
    const got = printed.join('').split('\n').slice(0, -1)
    const isDuration = (line: string) => line.includes('|ms')
    const ofThisTarget = (line: string) => (target === 'flat' ? line.startsWith(':') : !line.startsWith(':'))
    assert.deepEqual(
      got.filter(isDuration).toSorted(),
      lines.filter(line => isDuration(line) && ofThisTarget(line)).toSorted(),
    )
    assert.deepEqual(
      lastOfEach(got.filter(line => !isDuration(line))),
      lastOfEach(lines.filter(line => !isDuration(line))),
    )
  })
}

test('stdout is flat', async () => {
  const printed: string[] = []
  await using metrics = await startMetrics(metricsOptions({ targets: ['stdout', 'flat'] }), {
    log: createRecordedLog().log,
    print: text => printed.push(text),
    refresh: async () => {},
  })
  metrics.hub.counter('notfound').add(1)
  metrics.hub.counter('notfound').add(1)
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(printed, ['web1.fabio.notfound:1|c\nweb1.fabio.notfound:2|c\n'])
})

test('hostile label values make one line', async () => {
  const printed: string[] = []
  await using metrics = await startMetrics(metricsOptions({ targets: ['flat', 'label'] }), {
    log: createRecordedLog().log,
    print: text => printed.push(text),
    refresh: async () => {},
  })
  metrics.hub.counter('http.redirect.count', [['code', 'a\nb|c,d\u001b[2J']]).add(1)
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(
    printed.join(''),
    'web1.fabio.http.redirect.count.code:1|c\nweb1.fabio.http.redirect.count:1|c|#code:a_b_c_d_[2J\n',
  )
})
