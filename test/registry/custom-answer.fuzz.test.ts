import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CustomAnswerError, decodeCommands } from '../../src/registry/custom-answer.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

test('any text is decoded or refused', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      try {
        decodeCommands(text)
      } catch (cause) {
        assert.ok(cause instanceof CustomAnswerError)
      }
    }),
    fuzzRuns(500),
  )
})

test('a list of anything has as many elements as it has, whatever stands behind it', () => {
  const field = fc.constantFrom('cmd', 'Service', 'src', 'dst', 'weight', 'tags', 'opts', '__proto__')
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('route add', 'route del', 'route weight'))
  const element = fc.oneof(fc.jsonValue(), fc.dictionary(field, value))
  fc.assert(
    fc.property(fc.array(element), fc.string(), (elements, behind) => {
      assert.equal(decodeCommands(`${JSON.stringify(elements)}${behind}`).length, elements.length)
    }),
    fuzzRuns(500),
  )
})
