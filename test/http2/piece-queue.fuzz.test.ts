import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PieceQueue } from '../../src/http2/piece-queue.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 200)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

interface Step {
  readonly push: number
  readonly take: number
}

const sizes = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 30_000, max: 200_000 }))
const steps = fc.array(fc.record({ push: sizes, take: sizes }), { minLength: 1, maxLength: 12 })

/** Bytes that tell where in the whole they stand. */
function pattern(from: number, count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count)
  for (let i = 0; i < count; i++) bytes[i] = ((from + i) * 31 + ((from + i) >>> 8)) & 0xff
  return bytes
}

/** Puts in and takes out, two queues in turn, so that each may get what buffers the other gave back. */
function run(queues: readonly PieceQueue[], all: readonly Step[]): void {
  const pushed = queues.map(() => 0)
  const taken = queues.map(() => 0)
  all.forEach(({ push, take }, i) => {
    const at = i % queues.length
    const queue = queues[at]!
    const lent = Buffer.concat([Buffer.from('before'), pattern(pushed[at]!, push), Buffer.from('behind')])
    queue.push(lent, 6, 6 + push)
    lent.fill(0)
    pushed[at]! += push
    let left = Math.min(take, queue.bytes)
    while (left > 0) {
      const { bytes, from, to } = queue.first()!
      const count = Math.min(left, to - from)
      assert.ok(bytes.subarray(from, from + count).equals(pattern(taken[at]!, count)))
      queue.take(count)
      taken[at]! += count
      left -= count
    }
    assert.equal(queue.bytes, pushed[at]! - taken[at]!)
  })
}

test('what waits comes out as it went in, whatever the pieces', () => {
  fc.assert(
    fc.property(steps, all => {
      const queues = [new PieceQueue(), new PieceQueue()]
      run(queues, all)
      for (const queue of queues) queue.clear()
      assert.deepEqual(
        queues.map(queue => [queue.bytes, queue.first()]),
        [
          [0, undefined],
          [0, undefined],
        ],
      )
    }),
    { numRuns: runs, ...seed },
  )
})

test('many small pieces take few buffers', () => {
  const queue = new PieceQueue()
  for (let i = 0; i < 100_000; i++) queue.push(Buffer.from('x'), 0, 1)
  let buffers = 0
  for (let piece = queue.first(); piece !== undefined; piece = queue.first()) {
    buffers++
    queue.take(piece.to - piece.from)
  }
  assert.ok(buffers <= 26, `${buffers} buffers`)
})
