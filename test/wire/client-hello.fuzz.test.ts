import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readClientHello } from '../../src/wire/client-hello.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { helloMessage, inRecords } from './client-hello.ts'

const content = fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes))
const extension = fc.tuple(fc.integer({ min: 1, max: 65_535 }), content)
const name = fc.stringMatching(/^[a-z0-9.-]{1,60}$/)
const parts = fc.record({
  serverName: name,
  sessionId: fc.integer({ min: 0, max: 32 }),
  before: fc.array(extension, { maxLength: 6 }),
  after: fc.array(extension, { maxLength: 6 }),
})

test('a name is found in whatever records and pieces it comes, and not before all is there', () => {
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 400 }), content, (hello, recordBytes, following) => {
      const whole = inRecords(helloMessage(hello), recordBytes)
      for (const end of [whole.length - 1, whole.length >> 1, 9, 5, 1, 0]) {
        assert.equal(readClientHello(whole, end).kind, 'incomplete')
      }
      const bytes = Buffer.concat([whole, following])
      assert.deepEqual(readClientHello(bytes, bytes.length), { kind: 'hello', serverName: hello.serverName })
    }),
    fuzzRuns(2_000),
  )
})

test('bytes changed anywhere, and bytes of any kind, are read without an error, and never beyond their end', () => {
  const changes = fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(parts, changes, fc.uint8Array({ maxLength: 200 }), (hello, changed, anything) => {
      const bytes = inRecords(helloMessage(hello), 100)
      for (const [at, value] of changed) bytes[at % bytes.length] = value
      readClientHello(bytes, bytes.length)
      const start = Buffer.concat([Buffer.from([22, 3, 1, 0, anything.length]), anything])
      readClientHello(start, start.length)
    }),
    fuzzRuns(3_000),
  )
})
