import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsulError, type ConsulFailure } from '../../src/consul/consul-error.ts'
import { watchPulse } from '../../src/consul/pulse.ts'

/** Asks once for each of these outcomes. @returns after which of them it said that Consul is back */
async function run(outcomes: readonly (ConsulFailure | 'ok')[]): Promise<number[]> {
  const abort = new AbortController()
  const revivedAfter: number[] = []
  let asked = 0
  await watchPulse({
    ask: async () => {
      const outcome = outcomes[asked++]
      if (asked > outcomes.length) abort.abort()
      if (outcome !== undefined && outcome !== 'ok') throw new ConsulError('no', { kind: outcome })
    },
    onRevived: async () => void revivedAfter.push(asked),
    signal: abort.signal,
    intervalMs: 1,
  })
  return revivedAfter
}

test('a Consul that always answers is never back', async () => {
  assert.deepEqual(await run(['ok', 'ok', 'ok']), [])
})

test('one that could not be reached is back with its first answer, each time', async () => {
  assert.deepEqual(await run(['ok', 'timeout', 'timeout', 'ok', 'ok', 'unreachable', 'ok']), [4, 7])
})

test('one that says no was reached', async () => {
  assert.deepEqual(await run(['status', 'ok', 'garbage', 'ok']), [])
})
