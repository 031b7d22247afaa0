import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeptBytes } from '../../src/wire/kept-bytes.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const bytes = fc.uint8Array({ maxLength: 50 }).map(array => Buffer.from(array))

test('what is kept and joined is what came, however often the memory it came in is used again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.nat(60)), { minLength: 1, maxLength: 20 }), pieces => {
      const kept = new KeptBytes()
      const read = Buffer.alloc(50)
      let expected = Buffer.alloc(0)
      let waiting: Buffer | undefined
      const earlier: { piece: Buffer; copy: Buffer }[] = []
      for (const [piece, taken] of pieces) {
        piece.copy(read)
        expected = Buffer.concat([expected, piece])
        const whole = waiting === undefined ? read.subarray(0, piece.length) : kept.join(waiting, read, 0, piece.length)
        assert.deepEqual(whole, expected)
        // The front is consumed, and may still be on its way out; the rest waits.
        const at = Math.min(taken, whole.length)
        if (waiting !== undefined)
          earlier.push({ piece: whole.subarray(0, at), copy: Buffer.from(whole.subarray(0, at)) })
        waiting = kept.keep(whole, at, whole.length)
        expected = expected.subarray(at)
        read.fill(0)
        assert.deepEqual(waiting, expected)
      }
      for (const { piece, copy } of earlier) assert.deepEqual(piece, copy)
    }),
    fuzzRuns(3000),
  )
})

test('bytes that come one by one are moved as often as the memory doubles, not each time', () => {
  const kept = new KeptBytes()
  let waiting = kept.keep(Buffer.from('x'), 0, 1)
  const places = new Set<ArrayBufferLike>()
  for (let i = 0; i < 100_000; i++) {
    waiting = kept.join(waiting, Buffer.from('x'), 0, 1)
    places.add(waiting.buffer)
  }
  assert.equal(waiting.length, 100_001)
  assert.ok(places.size < 20, `${places.size} places`)
})
