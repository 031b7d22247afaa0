import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Http2Session } from '../../src/http2/session.ts'
import type { SessionUser } from '../../src/http2/session-user.ts'
import type { Http2Stream, StreamUser } from '../../src/http2/stream.ts'
import { Link } from '../../src/socket/link.ts'
import { ERROR } from '../../src/wire/http2-frames.ts'
import { FLAG, FRAME, type Frame, fieldBlock, frame, PREFACE, readFrames, uint } from '../harness/http2-frames.ts'
import { type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { until } from '../harness/until.ts'

const POST = [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'a.test']
const STREAM_WINDOW = 1000
const OK = frame(FRAME.headers, FLAG.endHeaders, 1, fieldBlock(':status', '200'))

/** A client's session with a peer that says what the test says, and the one stream it asks on. */
class Asking implements SessionUser, StreamUser, AsyncDisposable {
  readonly said: string[] = []
  stream!: Http2Stream
  private readonly upstream: RawUpstream
  private readonly session: Http2Session
  private readonly ready = Promise.withResolvers<void>()

  constructor(upstream: RawUpstream) {
    const idle = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }
    this.upstream = upstream
    const link = Link.connecting({ host: '127.0.0.1', port: upstream.port }, idle, () => {})
    this.session = new Http2Session(link, this, {
      role: 'client',
      maxHeadBytes: 10_000,
      maxFields: 100,
      maxStreams: 0,
      maxResets: Number.POSITIVE_INFINITY,
      streamWindowBytes: STREAM_WINDOW,
      sessionWindowBytes: 100_000,
    })
    link.user = this.session
  }

  /** Asks, and has sent the request's head. */
  static async begin(settings = ''): Promise<Asking> {
    const upstream = await startRawUpstream(
      () => {},
      ({ socket }) => socket.write(frame(FRAME.settings, 0, 0, settings), 'latin1'),
    )
    const asking = new Asking(upstream)
    await asking.ready.promise
    asking.ask()
    return asking
  }

  ask(): void {
    this.stream = this.session.request({ fields: POST, isWhole: false }, this)
  }

  hangUp(): void {
    this.upstream.connections[0]!.socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.link.destroy()
    await this.upstream[Symbol.asyncDispose]()
  }

  /** What the peer says. */
  hear(...frames: readonly string[]): void {
    this.upstream.connections[0]!.socket.write(frames.join(''), 'latin1')
  }

  /** What the peer has got on the stream. */
  sent(type?: number): Frame[] {
    const frames = readFrames(this.upstream.received().slice(PREFACE.length))
    return frames.filter(one => one.streamId === 1 && (type === undefined || one.type === type))
  }

  async has(what: string): Promise<void> {
    await until(`${what}, but ${this.said.join('; ')}`, () => this.said.includes(what))
  }

  onReady(): void {
    this.ready.resolve()
  }

  onHead(fields: string[], isWhole: boolean): void {
    this.said.push(`head ${fields.join(' ')}${isWhole ? ', whole' : ''}`)
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.said.push(`data ${bytes.toString('latin1', from, to)}`)
  }

  onTrailers(fields: string[]): void {
    this.said.push(`trailers ${fields.join(' ')}`)
  }

  onEnd(): void {
    this.said.push('end')
  }

  onDrain(): void {
    this.said.push('drain')
  }

  onClosed(error: number | Error | undefined): void {
    if (typeof error === 'number') this.said.push(`closed ${error}`)
  }

  onStream(): void {}
  onRead(): void {}

  onSettled(): void {}
  onGoaway(): void {}
  onStreamClosed(): void {}
  onOver(): void {}
}

describe('what is sent', () => {
  test('in one turn of the loop is as few frames as it can be, and the last one ends the stream', async () => {
    await using asking = await Asking.begin()
    const { stream } = asking
    stream.write(Buffer.from('-abc-'), 1, 4)
    stream.write(Buffer.from('def'), 0, 3)
    stream.end()
    await until('the end', () => asking.sent(FRAME.data).length > 0)
    assert.deepEqual(
      asking.sent().map(({ type, flags, payload }) => [type, flags, type === FRAME.data ? payload : '']),
      [
        [FRAME.headers, FLAG.endHeaders, ''],
        [FRAME.data, FLAG.endStream, 'abcdef'],
      ],
    )
  })

  test('as trailers ends the stream, behind what still waits for a window', async () => {
    const initialWindow = uint(4, 2) + uint(2, 4)
    await using asking = await Asking.begin(initialWindow)
    const { stream } = asking
    assert.equal(stream.write(Buffer.from('abcd'), 0, 4), false)
    stream.sendTrailers(['x-sum', '1'])
    assert.equal(stream.pendingBytes, 2)
    await until('a part', () => asking.sent(FRAME.data).length === 1)
    assert.equal(asking.sent(FRAME.headers).length, 1)
    asking.hear(frame(FRAME.windowUpdate, 0, 1, uint(100, 4)))
    await until('trailers', () => asking.sent(FRAME.headers).length === 2)
    assert.deepEqual(
      asking.sent(FRAME.data).map(({ payload }) => payload),
      ['ab', 'cd'],
    )
    assert.equal(asking.sent(FRAME.headers)[1]!.flags, FLAG.endHeaders | FLAG.endStream)
  })

  test('as fields of more than a frame goes on in others, with nothing between them', async () => {
    await using asking = await Asking.begin()
    asking.stream.sendTrailers(['x-long', 'y'.repeat(40_000)])
    await until('the last frame', () => asking.sent().at(-1)?.flags === FLAG.endHeaders && asking.sent().length > 2)
    assert.deepEqual(
      asking.sent().map(({ type, flags }) => [type, flags]),
      [
        [FRAME.headers, FLAG.endHeaders],
        [FRAME.headers, FLAG.endStream],
        [FRAME.continuation, 0],
        [FRAME.continuation, FLAG.endHeaders],
      ],
    )
  })

  test('is dropped by a reset, of either side', async () => {
    const noWindow = uint(4, 2) + uint(0, 4)
    await using ours = await Asking.begin(noWindow)
    ours.stream.write(Buffer.from('abcd'), 0, 4)
    ours.stream.reset(ERROR.cancel)
    assert.deepEqual(ours.said, [`closed ${ERROR.cancel}`])
    assert.equal(ours.stream.write(Buffer.from('x'), 0, 1), true)
    await until('the reset', () => ours.sent(FRAME.resetStream).length === 1)

    await using theirs = await Asking.begin(noWindow)
    theirs.stream.write(Buffer.from('abcd'), 0, 4)
    theirs.hear(frame(FRAME.resetStream, 0, 1, uint(ERROR.internalError, 4)))
    await theirs.has(`closed ${ERROR.internalError}`)
    assert.equal(theirs.stream.pendingBytes, 0)
  })
})

describe('what comes', () => {
  const ended = frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock('x-sum', '1'))

  test('waits while nobody takes it, and comes in its order then, the end included', async () => {
    await using asking = await Asking.begin()
    const { stream, said } = asking
    stream.end()
    asking.hear(OK)
    await asking.has('head :status 200')
    stream.pause()
    asking.hear(frame(FRAME.data, 0, 1, 'ab'), frame(FRAME.data, 0, 1, 'cd'), ended)
    await until('the end', () => stream.isClosed)
    assert.deepEqual(said, ['head :status 200'])
    stream.resume()
    const data = said.filter(what => what.startsWith('data ')).map(what => what.slice(5))
    assert.equal(data.join(''), 'abcd')
    assert.deepEqual(said.slice(-3), ['trailers x-sum 1', 'end', 'closed 0'])
  })

  test('stops again where its taker says so in between', async () => {
    await using asking = await Asking.begin()
    const { stream, said } = asking
    asking.hear(OK)
    await asking.has('head :status 200')
    stream.pause()
    asking.hear(frame(FRAME.data, 0, 1, 'a'.repeat(600)))
    asking.onData = () => {
      said.push('data')
      stream.pause()
    }
    asking.hear(ended)
    await until('its trailers', () => stream.isPeerDone)
    stream.resume()
    assert.deepEqual(said, ['head :status 200', 'data'])
    stream.resume()
    assert.deepEqual(said.slice(2), ['trailers x-sum 1', 'end'])
  })

  test('is allowed again when it is taken, not when it arrives', async () => {
    await using asking = await Asking.begin()
    const { stream } = asking
    asking.hear(OK)
    await asking.has('head :status 200')
    stream.pause()
    asking.hear(frame(FRAME.data, 0, 1, 'x'.repeat(STREAM_WINDOW)))
    await until('all of it', () => stream.receiveWindow === 0)
    assert.equal(asking.sent(FRAME.windowUpdate).length, 0)
    stream.resume()
    await until('more that is allowed', () => asking.sent(FRAME.windowUpdate).length === 1)
    assert.equal(asking.sent(FRAME.windowUpdate)[0]!.payload, uint(STREAM_WINDOW, 4))
  })

  test('is not told any more after a reset of ours, nor does it harm anybody', async () => {
    await using asking = await Asking.begin()
    asking.stream.reset(ERROR.cancel)
    asking.hear(OK, frame(FRAME.data, FLAG.endStream, 1, 'late'))
    asking.ask()
    asking.hear(frame(FRAME.headers, FLAG.endHeaders, 3, fieldBlock(':status', '204')))
    await asking.has('head :status 204')
    assert.deepEqual(asking.said, [`closed ${ERROR.cancel}`, 'head :status 204'])
  })

  test('ends for the stream when the connection is lost', async () => {
    await using asking = await Asking.begin()
    asking.hear(OK)
    await asking.has('head :status 200')
    asking.hangUp()
    await asking.has(`closed ${ERROR.cancel}`)
    assert.equal(asking.stream.isLost, true)
  })
})
