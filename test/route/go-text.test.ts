import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseGoFloat } from '../../src/route/go-float.ts'
import { quoteGo } from '../../src/route/go-quote.ts'
import { compareBytes, fields, lowerCase, trimSpace } from '../../src/route/go-text.ts'
import { fuzzRuns } from './fuzz-runs.ts'

test('texts are ordered by their UTF-8 bytes', () => {
  const character = fc.constantFrom('a', 'b', 'é', '\uff41', '\u{1f600}', '\ud7ff', '\ue000')
  const texts = fc.array(character, { maxLength: 4 }).map(parts => parts.join(''))
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    fuzzRuns(2000),
  )
})

for (const [text, lower] of [
  ['already', 'already'],
  ['Shop.Test', 'shop.test'],
  ['ÉCOLE', 'école'],
  ['ΟΔΟΣ', 'οδοσ'], // a final sigma only where somebody reads it, not where it is compared
  ['İ', 'i'],
  ['\u{10400}', '\u{10428}'],
] as const) {
  test(`'${text}' in lower case is '${lower}'`, () => assert.equal(lowerCase(text), lower))
}

test('lower case keeps prefixes prefixes', () => {
  const texts = fc.string({ unit: fc.constantFrom('Σ', 'A', 'İ', '/', 'ß') })
  fc.assert(
    fc.property(texts, texts, (a, b) => assert.ok(lowerCase(a + b).startsWith(lowerCase(a)))),
    fuzzRuns(1000),
  )
})

test('blanks are those of Go', () => {
  assert.equal(trimSpace('\u0085\u00a0\t\v x y\u3000\r\n'), 'x y')
  assert.equal(trimSpace('\ufeffx'), '\ufeffx')
  assert.deepEqual(fields(' a\u00a0b\tc '), ['a', 'b', 'c'])
  assert.deepEqual(fields('  '), [])
})

for (const [text, quoted] of [
  ['plain é ☺', '"plain é ☺"'],
  ['"\\', '"\\"\\\\"'],
  ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['\x00\x7f\u0085\u200b', '"\\x00\\x7f\\u0085\\u200b"'],
  ['\u{e0001}', '"\\U000e0001"'],
] as const) {
  test(`${JSON.stringify(text)} is quoted as ${quoted}`, () => assert.equal(quoteGo(text), quoted))
}

for (const [text, value] of [
  ['1', 1],
  ['.5', 0.5],
  ['5.', 5],
  ['+1e-1', 0.1],
  ['1_000.5', 1000.5],
  ['0x1p-2', 0.25],
  ['0X_1.8p1', 3],
  ['-0x.8p0', -0.5],
  ['0x1fffffffffffffp0', 2 ** 53 - 1],
  ['0x20000000000001p0', 2 ** 53], // exactly between two numbers: the even one
  ['0x20000000000001.000000000000001p0', 2 ** 53 + 2],
  ['nan', Number.NaN],
  ['-infinity', -Infinity],
  ['Inf', Infinity],
  ['1e-400', 0],
] as const) {
  test(`the number ${text} is ${value}`, () => assert.equal(parseGoFloat(text), value))
}

for (const text of [
  '',
  '.',
  '1e',
  'e1',
  '0x1',
  '0xp1',
  '1__0',
  '_1',
  '1_',
  '1_.0',
  '1e400',
  '0x1p2000',
  '+nan',
  '1 ',
  '0b1',
  '1,5',
]) {
  test(`'${text}' is no number`, () => assert.equal(parseGoFloat(text), undefined))
}
