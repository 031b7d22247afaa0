import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PercentileSketch } from '../../src/metrics/percentile-sketch.ts'

test('an empty sketch says -1', () => assert.equal(new PercentileSketch(50).percentile(0.5), -1))

test('few different values are kept exactly', () => {
  const sketch = new PercentileSketch(50)
  for (const value of [5, 1, 3, 3, 2]) sketch.add(value)
  assert.deepEqual(
    [0, 0.2, 0.5, 0.8, 1].map(fraction => sketch.percentile(fraction)),
    [1, 1, 3, 3, 5],
  )
})

test('the two closest are merged into their weighted mean', () => {
  const sketch = new PercentileSketch(2)
  for (const value of [10, 1, 2, 2]) sketch.add(value)
  assert.deepEqual(
    [0.5, 1].map(fraction => sketch.percentile(fraction)),
    [5 / 3, 10],
  )
})

test('many values stay close to the truth', () => {
  const sketch = new PercentileSketch(50)
  // Every value of 0…9999 once, in an order that is not sorted.
  for (let n = 0; n < 10_000; n++) sketch.add((n * 7919) % 10_000)
  for (const fraction of [0.5, 0.9, 0.95, 0.99]) {
    const error = Math.abs(sketch.percentile(fraction) - fraction * 10_000)
    assert.ok(error < 500, `${fraction}: ${error}`)
  }
})
