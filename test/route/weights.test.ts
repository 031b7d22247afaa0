import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRing, computeWeights } from '../../src/route/weights.ts'

const A = 0
const B = 1
const C = 2

// Weights, slots and rings as Fabio 1.7.3 computes them.
const RINGS: readonly { fixed: number[]; weights: number[]; slots: number[]; start?: number[] }[] = [
  { fixed: [0, 0], weights: [0.5, 0.5], slots: [1, 1], start: [A, B] },
  { fixed: [0, 0.25], weights: [0.75, 0.25], slots: [7500, 2500], start: [B, A, A, A, B, A, A, A] },
  { fixed: [0.1, 0.9], weights: [0.1, 0.9], slots: [1000, 9000], start: [A, B, B, B, B, B, B, B, B, B, A, B, B, B] },
  { fixed: [1, 1, 1], weights: [1 / 3, 1 / 3, 1 / 3], slots: [3333, 3333, 3333], start: [A, B, C, A, B, C] },
  { fixed: [0.3, 0, 0], weights: [0.3, 0.35, 0.35], slots: [3000, 3500, 3500], start: [A, B, C, A, B, C] },
  {
    fixed: [0.7, 0.2, 0.1],
    weights: [0.7, 0.2, 0.1],
    slots: [7000, 2000, 1000],
    start: [C, B, A, A, A, A, B, A, A, A],
  },
  { fixed: [0.00001, 0], weights: [0.00001, 0.99999], slots: [1, 9999], start: [A, B, B, B, B] },
  { fixed: [1, 0], weights: [1, 0], slots: [10_000, 0], start: [A, A, A] },
  { fixed: [2, 3], weights: [0.4, 0.6], slots: [4000, 6000] },
  { fixed: [0.25, 0.25, 0], weights: [0.25, 0.25, 0.5], slots: [2500, 2500, 5000], start: [A, B, C, C, A, B, C, C] },
  { fixed: [0.5], weights: [1], slots: [10_000], start: [A] },
  { fixed: [Number.NaN, 0], weights: [0.5, 0.5], slots: [1, 1] },
  { fixed: [-1, 0], weights: [0.5, 0.5], slots: [1, 1] },
]

for (const { fixed, weights, slots, start } of RINGS) {
  test(`fixed weights ${fixed} give slots ${slots}`, () => {
    const ring = buildRing(fixed)
    const computed = computeWeights(fixed)
    for (const [index, weight] of weights.entries()) assert.ok(Math.abs((computed[index] ?? Infinity) - weight) < 1e-12)
    const counted = fixed.map((_, target) => ring.filter(index => index === target).length)
    assert.deepEqual(counted, slots)
    if (start !== undefined) assert.deepEqual([...ring.slice(0, start.length)], start)
  })
}

test('weights too large or too small to be summed keep their proportions', () => {
  assert.deepEqual(computeWeights([1.7e308, 1.7e308]), [0.5, 0.5])
  assert.deepEqual(computeWeights([Number.MIN_VALUE, Number.MIN_VALUE]), [0.5, 0.5])
  assert.deepEqual(computeWeights([Number.MIN_VALUE, 0]), [Number.MIN_VALUE, 1])
  assert.equal(buildRing([1.7e308, 1.7e308]).length, 10_000)
  assert.deepEqual(buildRing([Number.MIN_VALUE, 0]).length, 10_001)
})

test('more targets than slots get one slot each', () => {
  const fixed = Array.from({ length: 60_000 }, () => 1)
  const ring = buildRing(fixed)
  assert.equal(ring.length, 60_000)
  assert.deepEqual(new Set(ring).size, 60_000)
})

test('a ring names more targets than 16 bits can hold', () => {
  const ring = buildRing(Array.from({ length: 70_000 }, () => 0))
  assert.equal(ring[69_999], 69_999)
})

// What the walk over taken slots does, one by one: FreeSlots must find the same.
test('slots are taken in the order of a plain walk', () => {
  for (const slots of [
    [3, 5],
    [1, 1, 7],
    [10, 3, 2, 9],
    [2, 2, 2, 2, 3],
  ]) {
    const total = slots.reduce((sum, count) => sum + count, 0)
    const fixed = slots.map(count => count / total)
    const ring = buildRing(fixed)
    const counts = computeWeights(fixed).map(weight => Math.trunc(10_000 * weight))
    const plain: (number | undefined)[] = Array.from({ length: counts.reduce((sum, count) => sum + count, 0) })
    for (const target of [...counts.keys()].sort((a, b) => (counts[a] ?? 0) - (counts[b] ?? 0))) {
      const count = counts[target] ?? 0
      let next = 0
      for (let i = 0; i < count; i++) {
        while (plain[next] !== undefined) next = (next + 1) % plain.length
        plain[next] = target
        next = (next + Math.floor(plain.length / count)) % plain.length
      }
    }
    assert.deepEqual([...ring], plain)
  }
})
