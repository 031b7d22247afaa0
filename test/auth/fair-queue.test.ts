import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairQueue } from '../../src/auth/fair-queue.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

function drain(queue: FairQueue<string>): string[] {
  const entries: string[] = []
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) entries.push(entry)
  return entries
}

function fill(queue: FairQueue<string>, entries: readonly string[]): (string | undefined)[] {
  return entries.map(entry => queue.push(entry.slice(0, 1), entry))
}

test('lines take turns, and each keeps its order', () => {
  const queue = new FairQueue<string>(100)
  fill(queue, ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'])
  assert.deepEqual(drain(queue), ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'])
  assert.equal(queue.size, 0)
})

test('a line that comes later waits for one turn of the others', () => {
  const queue = new FairQueue<string>(100)
  fill(queue, ['a1', 'a2', 'a3', 'b1', 'b2'])
  assert.equal(queue.shift(), 'a1')
  queue.push('c', 'c1')
  assert.deepEqual(drain(queue), ['b1', 'a2', 'c1', 'b2', 'a3'])
})

test('without room the longest line loses its last, and an entry of a line that is as long is not taken', () => {
  const queue = new FairQueue<string>(4)
  assert.deepEqual(fill(queue, ['a1', 'a2', 'a3', 'a4', 'a5']), [undefined, undefined, undefined, undefined, 'a5'])
  assert.deepEqual(fill(queue, ['b1', 'b2', 'b3', 'c1']), ['a4', 'a3', 'b3', 'a2'])
  assert.deepEqual(drain(queue), ['a1', 'b1', 'c1', 'b2'])
})

test('what is removed is not given out', () => {
  const queue = new FairQueue<string>(2)
  fill(queue, ['a1', 'b1'])
  queue.remove('a', 'a1')
  queue.remove('a', 'a1')
  queue.remove('c', 'c1')
  assert.equal(queue.size, 1)
  assert.equal(queue.push('a', 'a2'), undefined)
  assert.deepEqual(drain(queue), ['b1', 'a2'])
})

test('nothing is lost or doubled, there is never more than room, and nobody waits longer than all lines once', () => {
  const step = fc.oneof(fc.nat(5), fc.constant(undefined))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, capacity) => {
      const queue = new FairQueue<{ line: number; id: number }>(capacity)
      const inside = new Set<{ line: number; id: number }>()
      const servedSince = new Map<number, number[]>()
      for (const [id, line] of steps.entries()) {
        if (line === undefined) {
          const entry = queue.shift()
          if (entry === undefined) {
            assert.equal(inside.size, 0)
            continue
          }
          assert.ok(inside.delete(entry))
          for (const [other, served] of servedSince) if (other !== entry.line) served.push(entry.line)
          servedSince.delete(entry.line)
          if ([...inside].some(({ line: left }) => left === entry.line)) servedSince.set(entry.line, [])
        } else {
          const entry = { line, id }
          inside.add(entry)
          if (!servedSince.has(line)) servedSince.set(line, [])
          const dropped = queue.push(String(line), entry)
          if (dropped !== undefined) {
            assert.ok(inside.delete(dropped))
            if (![...inside].some(({ line: left }) => left === dropped.line)) servedSince.delete(dropped.line)
          }
        }
        assert.equal(queue.size, inside.size)
        assert.ok(queue.size <= capacity)
        for (const served of servedSince.values()) assert.equal(new Set(served).size, served.length)
      }
    }),
    fuzzRuns(2_000),
  )
})
