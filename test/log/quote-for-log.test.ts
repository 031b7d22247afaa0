import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { quoteForLog } from '../../src/log/quote-for-log.ts'

for (const { value, expected } of [
  { value: 'www.example.com/ä"\\', expected: 'www.example.com/ä"\\' },
  { value: 'a\nb\r\tc', expected: 'a\\nb\\r\\tc' },
  { value: '\u0000\u007f\u009b', expected: '\\x00\\x7f\\x9b' },
  { value: '\u2028\u2029', expected: '\\u2028\\u2029' },
]) {
  test(`${JSON.stringify(value)} is quoted as ${expected}`, () => assert.equal(quoteForLog(value), expected))
}

test('whatever the value, it is one printable line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => !/[\p{Cc}\u2028\u2029]/u.test(quoteForLog(value))),
    { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 500) },
  )
})
