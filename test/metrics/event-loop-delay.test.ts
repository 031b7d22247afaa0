import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventLoopDelay } from '../../src/metrics/event-loop-delay.ts'
import { MetricHub } from '../../src/metrics/metric-hub.ts'

test('a blocked event loop shows in the greatest delay, and only until it is collected', async () => {
  const hub = new MetricHub({ buckets: [], sinks: [] })
  using delay = new EventLoopDelay(hub, '3')
  const greatest = () => {
    for (const series of hub.series()) if (series.kind === 'gauge' && series.labels[0]?.[1] === '1') return series.value
    return assert.fail()
  }
  await sleep(50)
  const end = performance.now() + 300
  while (performance.now() < end);
  await sleep(50)
  delay.collect()
  const blocked = greatest()
  assert.ok(blocked > 0.2, `${blocked}`)
  delay.collect()
  assert.ok(greatest() < blocked)
})
