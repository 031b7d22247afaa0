import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileGlob } from '../../src/route/glob.ts'
import { GlobSyntaxError } from '../../src/route/glob-syntax.ts'
import { fuzzRuns } from './fuzz-runs.ts'
import { naiveGlobMatches } from './naive-glob.ts'

const pieces = fc.constantFrom(
  'a',
  'b',
  '/',
  '*',
  '**',
  '?',
  '[ab]',
  '[!a]',
  '[a-b]',
  '{a,b}',
  '{',
  '}',
  ',',
  '\\',
  '[',
  ']',
  '-',
  '!',
  'é',
)
const patterns = fc.array(pieces, { maxLength: 7 }).map(parts => parts.join(''))
const texts = fc
  .array(fc.constantFrom('a', 'b', '/', 'é', '*', ',', '{', '\u{1f600}'), { maxLength: 7 })
  .map(parts => parts.join(''))

test('a pattern fits what a naive matcher says it fits', () => {
  fc.assert(
    fc.property(patterns, fc.array(texts, { maxLength: 8 }), (pattern, asked) => {
      const glob = compile(pattern)
      if (glob === undefined) return
      for (const text of asked) {
        assert.equal(glob.matches(text), naiveGlobMatches(pattern, text), JSON.stringify({ pattern, text }))
        if (glob.matches(text)) assert.ok(text.endsWith(glob.literalEnd))
      }
    }),
    fuzzRuns(2000),
  )
})

test('any text compiles or is a syntax error, and matching any text ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (pattern, text) => {
      assert.equal(typeof (compile(pattern)?.matches(text) ?? false), 'boolean')
    }),
    fuzzRuns(1000),
  )
})

function compile(pattern: string): ReturnType<typeof compileGlob> | undefined {
  try {
    return compileGlob(pattern)
  } catch (error) {
    assert.ok(error instanceof GlobSyntaxError)
    return undefined
  }
}
