import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MessageMeter } from '../../../src/proxy/grpc/message-meter.ts'

function message(length: number): Buffer {
  const bytes = Buffer.alloc(5 + length, 1)
  bytes.writeUInt32BE(length, 1)
  return bytes
}

const runs = Number(process.env.FUZZ_RUNS ?? 300)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

test('messages of any size pass in pieces of any size, up to the first that is too large', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 })
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sizes, cuts) => {
      const maxBytes = 35
      const meter = new MessageMeter(maxBytes)
      const all = Buffer.concat(sizes.map(message))
      let isPassing = true
      for (let at = 0, i = 0; at < all.length && isPassing; i++) {
        const end = Math.min(at + cuts[i % cuts.length]!, all.length)
        isPassing = meter.pass(all.subarray(at, end))
        at = end
      }
      const tooLarge = sizes.find(size => size > maxBytes)
      assert.equal(isPassing, tooLarge === undefined)
      assert.equal(meter.tooLarge, tooLarge ?? 0)
    }),
    { numRuns: runs, ...seed },
  )
})

test('a length of four bytes is read whole', () => {
  const meter = new MessageMeter(2 ** 32 - 2)
  assert.equal(meter.pass(Buffer.from([0, 255, 255, 255, 255])), false)
  assert.equal(meter.tooLarge, 2 ** 32 - 1)
})
