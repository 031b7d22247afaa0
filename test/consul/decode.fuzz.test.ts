import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConsulError } from '../../src/consul/consul-error.ts'
import * as decoders from '../../src/consul/decode.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const names = [
  'Node',
  'CheckID',
  'Status',
  'ServiceTags',
  'Service',
  'Results',
  'Errors',
  'OpIndex',
  'Config',
  'Key',
  'Value',
  'ModifyIndex',
  '__proto__',
  'constructor',
]
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 6 }),
  ),
})).value

test('any JSON is decoded or refused with a ConsulError', () => {
  fc.assert(
    fc.property(json, fc.constantFrom(...Object.values(decoders)), (value, decode) => {
      try {
        decode(value)
      } catch (cause) {
        assert.ok(cause instanceof ConsulError, String(cause))
        assert.equal(cause.kind, 'garbage')
      }
    }),
    fuzzRuns(3000),
  )
})
