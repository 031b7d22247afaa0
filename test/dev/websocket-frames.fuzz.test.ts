import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Frame, FrameReader, formatFrame, type Opcode, WebSocketError } from '../../src/dev/websocket-frames.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map(array => Buffer.from(array))
const opcode = fc.constantFrom<Opcode>(0, 1, 2, 8, 9, 10)
const sent = fc.record({
  opcode,
  payload: fc.oneof(bytes(100), bytes(70_000)),
  key: fc.uint8Array({ minLength: 4, maxLength: 4 }),
})

test('frames come out as they went in, however the bytes are cut', () => {
  const frames = fc.array(sent, { minLength: 1, maxLength: 5 }).map(all => all.map(frame => fitting(frame)))
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (all, cuts) => {
      const wire = Buffer.concat(all.map(({ opcode: code, payload, key }) => mask(formatFrame(code, payload), key)))
      const got = readInPieces(wire, cuts)
      assert.deepEqual(
        got.map(frame => [frame.opcode, frame.payload.toString('hex'), frame.isFinal]),
        all.map(frame => [frame.opcode, frame.payload.toString('hex'), true]),
      )
    }),
    fuzzRuns(1000),
  )
})

test('any bytes give frames, or an error with a close code, and nothing else', () => {
  fc.assert(
    fc.property(bytes(300), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (wire, cuts) => {
      try {
        for (const frame of readInPieces(wire, cuts)) assert.ok(frame.payload.length <= 1000)
      } catch (cause) {
        assert.ok(cause instanceof WebSocketError)
        assert.ok(cause.code === 1002 || cause.code === 1009)
      }
    }),
    fuzzRuns(1000),
  )
})

function readInPieces(wire: Buffer, cuts: readonly number[]): readonly Frame[] {
  const reader = new FrameReader({ maxPayloadBytes: 70_000 })
  const frames: Frame[] = []
  for (let start = 0, at = 0; start < wire.length; at++) {
    const end = start + (cuts[at % cuts.length] ?? 1)
    frames.push(...reader.push(wire.subarray(start, end)))
    start = end
  }
  return frames
}

/** A control frame is short. */
function fitting(frame: { opcode: Opcode; payload: Buffer; key: Uint8Array }): typeof frame {
  return frame.opcode >= 8 ? { ...frame, payload: frame.payload.subarray(0, 125) } : frame
}

/** What a client does to a frame before it sends it. */
function mask(frame: Buffer, key: Uint8Array): Buffer {
  const length = frame[1] ?? 0
  const headBytes = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0)
  const head = Buffer.from(frame.subarray(0, headBytes))
  head[1] = length | 0x80
  return Buffer.concat([head, key, frame.subarray(headBytes).map((byte, at) => byte ^ (key[at % 4] ?? 0))])
}
