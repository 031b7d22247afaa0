import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { Http2Session } from '../../src/http2/session.ts'
import type { SessionUser } from '../../src/http2/session-user.ts'
import type { Http2Stream } from '../../src/http2/stream.ts'
import { Link } from '../../src/socket/link.ts'
import {
  errorCode,
  FLAG,
  FRAME,
  fieldBlock,
  frame,
  PREFACE,
  readFrames,
  requestBlock,
  uint,
} from '../harness/http2-frames.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { WatchedStream } from './watched-stream.ts'

const MAX_STREAMS = 10
const REQUESTS = 14
const GET = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a.test']

type Role = 'server' | 'client'

const idle = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** A session on a real connection, and all its streams. */
class Watched implements SessionUser {
  readonly session: Http2Session
  readonly streams: WatchedStream[] = []
  readonly closed = Promise.withResolvers<void>()
  private readonly role: Role
  private isClosed = false
  private readies = 0
  private overs = 0

  constructor(socket: net.Socket, role: Role) {
    this.role = role
    const link = Link.accepted(socket, idle)
    this.session = new Http2Session(link, this, {
      role,
      maxHeadBytes: 4000,
      maxFields: 30,
      maxStreams: MAX_STREAMS,
      maxResets: role === 'server' ? 20 : Number.POSITIVE_INFINITY,
      streamWindowBytes: 20_000,
      sessionWindowBytes: 80_000,
    })
    link.user = this.session
  }

  onStream(stream: Http2Stream, fields: string[], isWhole: boolean): void {
    this.isOpen()
    assert.equal(this.role, 'server')
    assert.ok(this.session.open.size <= MAX_STREAMS)
    assert.ok(fields.includes(':method'))
    this.watch(stream, isWhole)
  }

  onReady(): void {
    this.isOpen()
    assert.equal(++this.readies, 1)
    for (let i = 0; i < REQUESTS && this.role === 'client' && this.session.hasRoom; i++) this.ask(i % 3 === 0)
  }

  onStreamClosed(): void {
    this.isOpen()
    if (this.role === 'client' && this.streams.length < REQUESTS && this.session.hasRoom) this.ask(false)
  }

  onOver(): void {
    this.isOpen()
    assert.equal(++this.overs, 1)
    assert.ok(this.streams.every(({ stream }) => stream.isClosed))
    setImmediate(() => this.session.link.destroy())
  }

  onClosed(): void {
    this.isOpen()
    this.isClosed = true
    // What came in good order may still wait for who is slow to take it.
    setImmediate(() => setImmediate(() => this.closed.resolve()))
  }

  onRead(): void {}

  onSettled(): void {
    this.isOpen()
  }

  onGoaway(): void {
    this.isOpen()
  }

  private ask(isWhole: boolean): void {
    const placeholder = { onHead() {}, onData() {}, onTrailers() {}, onEnd() {}, onDrain() {}, onClosed() {} }
    this.watch(this.session.request({ fields: GET, isWhole }, placeholder), false)
  }

  private watch(stream: Http2Stream, isWhole: boolean): void {
    const watched = new WatchedStream(stream, this.role, isWhole)
    this.streams.push(watched)
    stream.user = watched
    watched.begin()
  }

  private isOpen(): void {
    assert.equal(this.isClosed, false, 'something came after the end')
  }
}

/** Plays `pieces` to a session of this role, and then hangs up. @returns what the session said */
async function play(role: Role, pieces: readonly string[]): Promise<string> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  try {
    let said = ''
    peer.on('error', () => {})
    peer.on('data', bytes => {
      said += bytes.toString('latin1')
    })
    const [socket] = (await once(server, 'connection')) as [net.Socket]
    const watched = new Watched(socket, role)
    for (const piece of pieces) {
      peer.write(piece, 'latin1')
      await new Promise(setImmediate)
    }
    peer.end()
    await watched.closed.promise
    assert.equal(watched.session.open.size, 0)
    assert.ok(
      watched.streams.every(({ isClosed }) => isClosed),
      'a stream that is never closed',
    )
    return said
  } finally {
    peer.destroy()
    server.close()
  }
}

const small = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(1, 3, 5, 7, 9, 11, 13) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2, 21, 2 ** 31 - 1) },
)
const text = fc.oneof(
  fc.constantFrom('', 'x', 'y'.repeat(3000), '12345678'),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const flags = fc.constantFrom(
  0,
  0,
  FLAG.endHeaders,
  FLAG.endHeaders | FLAG.endStream,
  FLAG.endStream,
  FLAG.padded,
  0x20,
  0xff,
)
const block = fc.constantFrom(
  ...[requestBlock(), requestBlock('content-length', '3'), requestBlock('te', 'trailers'), fieldBlock('x-sum', '1')],
  ...[fieldBlock(':status', '200'), fieldBlock(':status', '100'), fieldBlock(':status', '200', 'content-length', '3')],
  ...['\x82\x86\x84\x41\x01a', '\x88', '\xbe', '\x20', '', fieldBlock('A', 'b'), fieldBlock('a', 'b').repeat(40)],
)
const settings = fc
  .array(fc.tuple(fc.nat(8), fc.constantFrom(0, 1, 5, 100, 16_384, 65_535, 2 ** 31 - 1, 2 ** 32 - 1)), { maxLength: 4 })
  .map(pairs => frame(FRAME.settings, 0, 0, pairs.map(([id, value]) => uint(id, 2) + uint(value, 4)).join('')))
const headers = fc.tuple(flags, small, block).map(([flag, id, payload]) => frame(FRAME.headers, flag, id, payload))
const well = fc
  .tuple(small, block, fc.boolean())
  .map(([id, payload, ends]) => frame(FRAME.headers, FLAG.endHeaders | (ends ? FLAG.endStream : 0), id, payload))
const data = fc
  .tuple(fc.constantFrom(0, 0, 0, 1, 8), small, text)
  .map(([flag, id, payload]) => frame(FRAME.data, flag, id, payload))
const update = fc
  .tuple(small, fc.constantFrom(0, 1, 1000, 65_535, 2 ** 31 - 1))
  .map(([id, increment]) => frame(FRAME.windowUpdate, 0, id, uint(increment, 4)))
const reset = fc.tuple(small, fc.nat(14)).map(([id, code]) => frame(FRAME.resetStream, 0, id, uint(code, 4)))
const goaway = small.map(id => frame(FRAME.goaway, 0, 0, uint(id, 4) + uint(0, 4)))
const any = fc
  .tuple(fc.nat(11), fc.nat(255), small, text)
  .map(([type, flag, id, payload]) => frame(type, flag, id, payload))
const piece = fc.oneof(
  { weight: 6, arbitrary: well },
  { weight: 6, arbitrary: data },
  { weight: 2, arbitrary: update },
  ...[settings, headers, reset, any].map(arbitrary => ({ weight: 1, arbitrary })),
  { weight: 1, arbitrary: fc.oneof(goaway, fc.constant(frame(FRAME.ping, 0, 0, '12345678')), text) },
)

/** So many messages begin as they should, before anything else comes. */
function beginning(role: Role, count: number): string {
  const head = role === 'server' ? requestBlock() : fieldBlock(':status', '200')
  return Array.from({ length: count }, (_, i) => frame(FRAME.headers, FLAG.endHeaders, i * 2 + 1, head)).join('')
}

for (const role of ['server', 'client'] as const) {
  test(`whatever the peer of a ${role} says, every stream and the connection end once, and what is said is well formed`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(8),
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.nat(2000), { maxLength: 6 }),
        async (begun, frames, cuts) => {
          const whole =
            (role === 'server' ? PREFACE : '') + frame(FRAME.settings, 0, 0) + beginning(role, begun) + frames.join('')
          const pieces: string[] = []
          let at = 0
          for (const cut of cuts) {
            pieces.push(whole.slice(at, at + cut))
            at += cut
          }
          const said = await play(role, [...pieces, whole.slice(at)])
          const sent = readFrames(role === 'client' ? said.slice(PREFACE.length) : said)
          const last = new Map<number, number>()
          for (const { type, flags: flag, streamId, payload } of sent) {
            assert.ok(type <= FRAME.continuation && payload.length <= 16_384)
            if (type === FRAME.goaway) assert.ok(errorCode({ type, flags: flag, streamId, payload }) <= 13)
            // Nothing follows the end of a stream but a reset or a window (§5.1).
            if (type === FRAME.data || type === FRAME.headers) {
              assert.ok(((last.get(streamId) ?? 0) & FLAG.endStream) === 0, 'more behind the end')
              last.set(streamId, flag)
            }
            if (type === FRAME.resetStream) last.set(streamId, FLAG.endStream)
          }
        },
      ),
      fuzzRuns(150),
    )
  })
}
