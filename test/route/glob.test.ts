import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileGlob } from '../../src/route/glob.ts'
import { GlobSyntaxError } from '../../src/route/glob-syntax.ts'

const PATTERNS: readonly { pattern: string; fits: string[]; fitsNot: string[] }[] = [
  { pattern: '/a/*/b', fits: ['/a//b', '/a/x/y/b'], fitsNot: ['/a', '/a/b', '/a/x/b/'] },
  { pattern: '*.x', fits: ['.x', 'a.b.x'], fitsNot: ['x', 'a.x.'] },
  { pattern: '*', fits: ['', 'anything/at.all'], fitsNot: [] },
  { pattern: '**', fits: ['', 'a/b'], fitsNot: [] },
  { pattern: '', fits: [''], fitsNot: ['a'] },
  { pattern: '?', fits: ['a', '/', 'é', '\u{1f600}'], fitsNot: ['', 'ab'] },
  { pattern: '/[!a-c]', fits: ['/d', '/!'], fitsNot: ['/a', '/', '/dd'] },
  { pattern: '/[-a]', fits: ['/-', '/a'], fitsNot: ['/b'] },
  { pattern: '[--a]', fits: ['-', '0', 'a'], fitsNot: ['b', ''] },
  { pattern: '[xa-c]', fits: ['x', 'a', '-', 'c'], fitsNot: ['b'] },
  { pattern: '[!!]', fits: ['a'], fitsNot: ['!'] },
  { pattern: '[\\]]', fits: [']'], fitsNot: ['\\'] },
  { pattern: '[\\-a]', fits: ['\\', ']', 'a'], fitsNot: ['-'] }, // a range from backslash to a
  { pattern: '[^a]', fits: ['^', 'a'], fitsNot: ['b'] },
  { pattern: '/{a,{b,c}}', fits: ['/a', '/b', '/c'], fitsNot: ['/{a,b}', '/'] },
  { pattern: '/{a,b*}/x', fits: ['/a/x', '/b/x', '/bcd/x'], fitsNot: ['/ac/x'] },
  { pattern: '/{a', fits: ['/a'], fitsNot: ['/{a'] },
  { pattern: '/{a,b', fits: ['/a', '/b'], fitsNot: ['/a,b'] },
  { pattern: '{}', fits: [''], fitsNot: ['{}'] },
  { pattern: 'a{}b', fits: ['ab'], fitsNot: ['a{}b'] },
  { pattern: 'a{,b}', fits: ['a', 'ab'], fitsNot: ['b'] },
  { pattern: '{*a,b}{c,d*}', fits: ['xac', 'bd', 'bdx', 'ad'], fitsNot: ['a', 'cb'] },
  { pattern: '/\\*', fits: ['/*'], fitsNot: ['/a'] },
  { pattern: '/a\\', fits: ['/a'], fitsNot: ['/a\\'] },
  { pattern: '[::1]:99', fits: ['::99', '1:99'], fitsNot: ['[::1]:99'] },
  { pattern: 'a]b}c,d', fits: ['a]b}c,d'], fitsNot: ['a'] },
  { pattern: '{a,b}}', fits: ['a}', 'b}'], fitsNot: ['a'] },
  { pattern: 'b*b', fits: ['bb', 'bab'], fitsNot: ['b'] },
  { pattern: 'a*bc*c', fits: ['abcc', 'axbcbc', 'abcbcc'], fitsNot: ['abc', 'acbc'] },
  { pattern: '*ab*ab', fits: ['abab', 'aababab'], fitsNot: ['ab', 'aba'] },
  { pattern: '*?é', fits: ['xé', '\u{1f600}é'], fitsNot: ['é'] },
  { pattern: '*[!a]?', fits: ['bx', 'a\u{1f600}x'], fitsNot: ['ax', 'x'] },
  { pattern: 'A', fits: ['A'], fitsNot: ['a'] },
]

for (const { pattern, fits, fitsNot } of PATTERNS) {
  test(`'${pattern}' fits ${JSON.stringify(fits)} and not ${JSON.stringify(fitsNot)}`, () => {
    const glob = compileGlob(pattern)
    for (const text of fits) assert.equal(glob.matches(text), true, text)
    for (const text of fitsNot) assert.equal(glob.matches(text), false, text)
  })
}

const MISTAKES: readonly { pattern: string; message: string }[] = [
  { pattern: '/[a', message: 'unexpected end of input' },
  { pattern: '/[a-]', message: 'unexpected end of input' },
  { pattern: '/[', message: 'unexpected end of input' },
  { pattern: '/[!', message: 'unexpected end of input' },
  { pattern: '/[a\\', message: 'unexpected end of input' },
  { pattern: '/[b-a', message: 'unexpected end of input' },
  { pattern: '/[]', message: 'could not parse range' },
  { pattern: '/[!]', message: 'could not parse range' },
  { pattern: '/[]a]', message: 'could not parse range' },
  { pattern: '/[a-cx]', message: 'expected close range character' },
  { pattern: '/[b-a]', message: "hi character 'a' should be greater than lo 'b'" },
  { pattern: '{'.repeat(101), message: 'braces nested too deep' },
  { pattern: `{${'abc,'.repeat(2000)}}`, message: 'too long for a pattern with alternatives' },
]

for (const { pattern, message } of MISTAKES) {
  test(`'${pattern.slice(0, 20)}' does not compile: ${message}`, () => {
    assert.throws(() => compileGlob(pattern), new GlobSyntaxError(message))
  })
}

test('the literal end of a pattern is what every text that fits ends with', () => {
  const ends: readonly [string, string][] = [
    ['*.test', '.test'],
    ['{a,b}.test', '.test'],
    ['{a,b.test', ''],
    ['a\\*.test', 'a*.test'],
    ['plain', 'plain'],
    ['*', ''],
    ['[ab]', ''],
  ]
  for (const [pattern, end] of ends) assert.equal(compileGlob(pattern).literalEnd, end, pattern)
})

test('patterns made to be slow are not', () => {
  const text = 'a'.repeat(16_000)
  for (const pattern of [
    `${'*a'.repeat(60)}*b`,
    `{${'*a,'.repeat(60)}}b`,
    `${'{a,a}'.repeat(60)}*b`,
    `*${'?'.repeat(200)}b`,
  ]) {
    assert.equal(compileGlob(pattern).matches(text), false)
  }
})
