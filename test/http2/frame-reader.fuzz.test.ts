import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FrameReader, type FrameSink, type IncomingFrame } from '../../src/http2/frame-reader.ts'
import { FLAG, FRAME, frame, PREFACE, uint } from '../harness/http2-frames.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

/** What a reader said; pieces of one DATA frame as one. */
class Recorded implements FrameSink {
  readonly said: string[] = []
  private data = ''

  onFrame({ type, flags, streamId }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    this.said.push(`frame ${type} ${flags} ${streamId} ${bytes.toString('hex', from, to)}`)
  }

  onDataHeader({ flags, streamId }: IncomingFrame, length: number): void {
    this.data = ''
    this.said.push(`data ${flags} ${streamId} ${length}`)
  }

  onData(bytes: Buffer, from: number, to: number): void {
    assert.ok(from < to)
    this.data += bytes.toString('hex', from, to)
  }

  onDataEnd(): void {
    this.said.push(`content ${this.data}`)
  }

  onBroken(code: number): void {
    this.said.push(`broken ${code}`)
  }
}

function read(text: string, cuts: readonly number[]): string[] {
  const recorded = new Recorded()
  const reader = new FrameReader(recorded, { hasPreface: true })
  const bytes = Buffer.from(text, 'latin1')
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.min(at + cut, bytes.length)
    // In a buffer that is written over afterwards, as a read buffer is.
    const lent = Buffer.concat([Buffer.alloc(3, 0xff), bytes.subarray(at, end), Buffer.alloc(3, 0xff)])
    reader.read(lent, 3, 3 + end - at)
    lent.fill(0xee)
    at = end
  }
  return recorded.said
}

const payload = fc.oneof(
  fc.constantFrom('', '\0', '\x05abcdefghij', '\xff', 'x'.repeat(300)),
  fc.string({ unit: 'binary' }),
)
const anyFrame = fc
  .tuple(fc.nat(10), fc.constantFrom(0, 0, FLAG.endStream, FLAG.padded, 0xff), fc.nat(9), payload)
  .map(([type, flags, streamId, text]) => frame(type, flags, streamId, text))
const bytes = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof({ weight: 20, arbitrary: anyFrame }, { weight: 1, arbitrary: payload }), { maxLength: 12 }),
  )
  .map(([isGood, frames]) => (isGood ? PREFACE : PREFACE.replace('SM', 'SN')) + frames.join(''))

test('however frames are cut into reads, they are the same', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(40), { maxLength: 60 }), (text, cuts) => {
      assert.deepEqual(read(text, cuts), read(text, []))
      assert.deepEqual(
        read(
          text,
          Array.from({ length: text.length }, () => 1),
        ),
        read(text, []),
      )
    }),
    fuzzRuns(300),
  )
})

for (const [what, text, said] of [
  ['a frame', frame(FRAME.ping, 0, 0, '12345678'), ['frame 6 0 0 3132333435363738']],
  ['DATA', frame(FRAME.data, 1, 3, 'ab'), ['data 1 3 2', 'content 6162']],
  ['padding, which is counted', frame(FRAME.data, FLAG.padded, 3, '\x02ab\0\0'), ['data 8 3 5', 'content 6162']],
  ['nothing but padding', frame(FRAME.data, FLAG.padded, 3, '\x01\0'), ['data 8 3 2', 'content ']],
  ['empty DATA', frame(FRAME.data, 0, 3), ['data 0 3 0', 'content ']],
  ['the bit that means nothing', frame(FRAME.ping, 0, 2 ** 31 + 5), ['frame 6 0 5 ']],
  ['more padding than DATA', frame(FRAME.data, FLAG.padded, 3, '\x05ab'), ['data 8 3 3', 'broken 1']],
  ['padding of no length', frame(FRAME.data, FLAG.padded, 3), ['broken 6']],
  ['a frame that is too large', `${uint(16_385, 3)}\0\0\0\0\0\x01`, ['broken 6']],
] as const) {
  test(`${what} is ${said.join(', ')}`, () => {
    assert.deepEqual(read(PREFACE + text, []), said)
    assert.deepEqual(
      read(`${PREFACE}${text}${frame(FRAME.ping, 0, 0, '')}`, []).length,
      said.at(-1)!.startsWith('broken') ? said.length : said.length + 1,
    )
  })
}

test('what does not begin as HTTP/2 does is told at the first byte that is wrong', () => {
  assert.deepEqual(read('GET ', []), ['broken 1'])
  assert.deepEqual(read('PRI * HTTP/2.0\r\n\r\nSN', [1, 1, 18]), ['broken 1'])
  assert.deepEqual(read(PREFACE.slice(0, 20), []), [])
})
