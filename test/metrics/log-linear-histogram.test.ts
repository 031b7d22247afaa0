import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogLinearHistogram } from '../../src/metrics/log-linear-histogram.ts'

// What Fabio's library makes of these nanoseconds.
for (const { values, expected } of [
  { values: [210121], expected: 'AAEVBQAB' },
  { values: [56534, 9174941], expected: 'AAI4BAABWwYAAQ==' },
  { values: [555382, 2933214, 203806708], expected: 'AAM3BQABHQYAARQIAAE=' },
  { values: [], expected: 'AAA=' },
  { values: [0], expected: 'AAEAAAAB' },
]) {
  test(`${values.join(', ') || 'nothing'} serialises to ${expected}`, () => {
    const histogram = new LogLinearHistogram()
    for (const value of values) histogram.add(value)
    assert.equal(histogram.serialize(), expected)
  })
}

test('counts take as many bytes as they need', () => {
  const histogram = new LogLinearHistogram()
  histogram.add(1, 255)
  histogram.add(10, 256)
  histogram.add(100, 2 ** 40)
  const bytes = Buffer.from(histogram.serialize(), 'base64')
  assert.deepEqual([...bytes], [0, 3, 10, 0, 0, 255, 10, 1, 1, 0, 1, 10, 2, 5, 0, 0, 0, 0, 0, 1])
})

test('values on the border of a bin are in it', () => {
  for (const value of [0.29, 0.57, 1.1, 2.3, 29, 99, 1e9]) {
    const histogram = new LogLinearHistogram()
    histogram.add(value)
    const [, , mantissa = 0, exponent = 0] = Buffer.from(histogram.serialize(), 'base64')
    const start = (mantissa / 10) * 10 ** ((exponent << 24) >> 24)
    assert.ok(Math.abs(start - value) < value * 1e-9, `${value} is in the bin of ${start}`)
  }
})

test('merging adds counts', () => {
  const [one, other, both] = [new LogLinearHistogram(), new LogLinearHistogram(), new LogLinearHistogram()]
  one.add(1)
  other.add(1)
  other.add(2000)
  for (const value of [1, 1, 2000]) both.add(value)
  one.merge(other)
  assert.equal(one.serialize(), both.serialize())
})
