import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Answer } from '../../src/consul/answer.ts'
import type { ReadOptions } from '../../src/consul/client.ts'
import { ConsulError } from '../../src/consul/consul-error.ts'
import { type WatchOptions, watch } from '../../src/consul/watch.ts'

const answer = (index: bigint, value = 'x') =>
  new Answer({ status: 200, headers: { 'x-consul-index': `${index}` }, body: Buffer.from(value) }, String)
const failure = new ConsulError('no', { kind: 'unreachable' })

/** Runs a watch over these answers, and ends it after the last one. */
async function run(
  script: readonly (Answer<string> | ConsulError)[],
  more: Partial<Pick<WatchOptions<string>, 'pollIntervalMs' | 'confirm'>> = {},
) {
  const abort = new AbortController()
  const reads: ReadOptions[] = []
  const events: string[] = []
  const yielded: string[] = []
  const startedAt: number[] = []
  const read = async (options: ReadOptions) => {
    reads.push(options)
    startedAt.push(performance.now())
    const next = script[reads.length - 1]
    if (next === undefined) abort.abort()
    if (next === undefined || next instanceof ConsulError) throw next ?? failure
    return next
  }
  const observer = {
    answered: (index: bigint) => events.push(`answered ${index}`),
    lost: (error: ConsulError) => events.push(`lost ${error.message}`),
    regained: () => events.push('regained'),
  }
  for await (const { index, decode } of watch({
    read,
    pollIntervalMs: 0,
    ...more,
    signal: abort.signal,
    waitMs: 1000,
    observer,
  })) {
    assert.equal(typeof decode, 'function')
    yielded.push(`${index}`)
  }
  return { indexes: reads.map(({ index }) => index), reads, events, yielded, startedAt }
}

test('yields the first state and every new one, and asks with the index of the last', async () => {
  const { indexes, yielded } = await run([answer(5n), answer(6n), answer(8n)])
  assert.deepEqual(yielded, ['5', '6', '8'])
  assert.deepEqual(indexes, [undefined, 5n, 6n, 8n])
})

test('an unchanged index yields nothing', async () => {
  const { yielded, events } = await run([answer(5n), answer(5n), answer(6n)])
  assert.deepEqual(yielded, ['5', '6'])
  assert.deepEqual(events, ['answered 5', 'answered 5', 'answered 6'])
})

test('an index that goes backwards starts over', async () => {
  const { indexes, yielded } = await run([answer(9n), answer(3n), answer(4n)])
  assert.deepEqual(yielded, ['9', '3', '4'])
  assert.deepEqual(indexes, [undefined, 9n, undefined, 4n])
})

test('an index of 0 is no index to wait with, and makes no busy loop', async () => {
  const { indexes, startedAt } = await run([answer(0n), answer(0n)])
  assert.deepEqual(indexes, [undefined, undefined, undefined])
  assert.ok((startedAt[1] ?? 0) - (startedAt[0] ?? 0) >= 990)
})

test('a failure is told once and the return once, and the first answer after it is news whatever its index', async () => {
  const { events, yielded, indexes } = await run([answer(5n), failure, failure, answer(5n), answer(6n)])
  assert.deepEqual(events, ['answered 5', 'lost no', 'regained', 'answered 5', 'answered 6'])
  assert.deepEqual(yielded, ['5', '5', '6'])
  assert.deepEqual(indexes, [undefined, 5n, undefined, undefined, 5n, 6n])
})

test('an answer that cannot be decoded counts as a failure', async () => {
  const garbage = new Answer({ status: 200, headers: { 'x-consul-index': '6' }, body: Buffer.from('') }, () => {
    throw new ConsulError('garbage', { kind: 'garbage' })
  })
  const { events, yielded, indexes } = await run([answer(5n), garbage, answer(7n)])
  assert.deepEqual(events, ['answered 5', 'lost garbage', 'regained', 'answered 7'])
  assert.deepEqual(yielded, ['5', '7'])
  assert.deepEqual(indexes, [undefined, 5n, undefined, 7n])
})

test('an answer that is not confirmed counts as a failure', async () => {
  const confirm = (value: string) => (value === 'bad' ? Promise.reject(failure) : Promise.resolve())
  const { events, yielded } = await run([answer(5n), answer(6n, 'bad'), answer(6n)], { confirm })
  assert.deepEqual(events, ['answered 5', 'lost no', 'regained', 'answered 6'])
  assert.deepEqual(yielded, ['5', '6'])
})

test('Consul is told how long to wait, and given a little longer', async () => {
  const { reads } = await run([answer(5n)])
  const { waitMs = 0, timeoutMs = 0 } = reads[1] ?? {}
  assert.ok(waitMs >= 800 && waitMs <= 1000, `${waitMs}`)
  assert.ok(timeoutMs > waitMs * 1.06 && timeoutMs < waitMs + 12_000, `${timeoutMs}`)
  assert.equal(reads[0]?.waitMs, undefined)
})

test('an agent that answers at once is not asked without end', async () => {
  const { startedAt } = await run([answer(5n), answer(5n), answer(5n), answer(5n)])
  assert.ok((startedAt[4] ?? 0) - (startedAt[0] ?? 0) >= 390)
})

test('polling asks without an index, at once and then in the interval', async () => {
  const { indexes, yielded, startedAt } = await run([answer(5n), answer(5n), answer(6n)], { pollIntervalMs: 200 })
  assert.deepEqual(indexes, [undefined, undefined, undefined, undefined])
  assert.deepEqual(yielded, ['5', '6'])
  assert.ok((startedAt[1] ?? 0) - (startedAt[0] ?? 0) >= 190)
})

test('an exception that is no ConsulError ends the watch', async () => {
  const read = () => Promise.reject(new TypeError('a bug'))
  const watching = watch({ read, pollIntervalMs: 0, signal: new AbortController().signal })
  await assert.rejects(watching.next(), TypeError)
})
