import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadTarget, parseRequestTarget } from '../../src/admin/request-target.ts'

const PARAMETERS = { seed: Number(process.env.FUZZ_SEED ?? 11), numRuns: Number(process.env.FUZZ_RUNS ?? 500) }
/** What node hands out as the target of a request: any byte but blanks and line ends. */
const byte = fc.oneof(
  fc.integer({ min: 0x21, max: 0xff }).map(code => String.fromCharCode(code)),
  fc.constantFrom('/', '..', '.', '%2f', '%', '?', '#', '\\', 'http://'),
)
const target = fc.array(byte, { maxLength: 30 }).map(parts => parts.join(''))

test('a target is parsed or refused with BadTarget, never anything else', () => {
  fc.assert(
    fc.property(target, fc.nat(4), (text, count) => {
      try {
        parseRequestTarget(text).after(count)
      } catch (cause) {
        assert.ok(cause instanceof BadTarget)
      }
    }),
    PARAMETERS,
  )
})

test('a cleaned target is clean, fit for a header and begins with one slash', () => {
  fc.assert(
    fc.property(target, text => {
      let cleaned: string | undefined
      try {
        cleaned = parseRequestTarget(`/${text}`).cleaned
      } catch {
        return
      }
      if (cleaned === undefined) return
      assert.match(cleaned, /^\/(?![/\\])[\x21-\x7e]*$/)
      assert.equal(parseRequestTarget(cleaned).cleaned, undefined)
    }),
    PARAMETERS,
  )
})
