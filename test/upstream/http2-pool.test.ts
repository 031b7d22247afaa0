import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Http2Stream, StreamUser } from '../../src/http2/stream.ts'
import { Deadlines } from '../../src/socket/deadlines.ts'
import type { Http2Pool, SessionSeeker } from '../../src/upstream/http2-pool.ts'
import type { Http2Upstream } from '../../src/upstream/http2-upstream.ts'
import { Upstreams } from '../../src/upstream/upstreams.ts'
import { ERROR } from '../../src/wire/http2-frames.ts'
import {
  errorCode,
  FLAG,
  FRAME,
  type Frame,
  fieldBlock,
  frame,
  PREFACE,
  readFrames,
  uint,
} from '../harness/http2-frames.ts'
import { type RawUpstream, startRawUpstream, type UpstreamConnection } from '../harness/raw-upstream.ts'
import { startStalledListener } from '../harness/stalled-listener.ts'
import { until } from '../harness/until.ts'

const SETTINGS = frame(FRAME.settings, 0, 0)
const MAX_STREAMS = 3
const INITIAL_WINDOW = 4
const OK = fieldBlock(':status', '200')

interface Pooled extends Disposable {
  readonly upstreams: Upstreams
  readonly pool: Http2Pool
}

function startPool(port: number, { maxConnections = 0, dialTimeoutMs = 1000, graceMs = 0 } = {}): Pooled {
  const deadlines = new Deadlines()
  const upstreams = new Upstreams(
    deadlines,
    { dialTimeoutMs, keepAliveTimeoutMs: 0, grpcShutdownTimeoutMs: 0 },
    {
      maxHeadBytes: 10_000,
      maxHeaders: 100,
      responseHeaderTimeoutMs: 0,
      maxIdle: 10,
      idleTimeoutMs: 0,
      maxConnections,
    },
  )
  return {
    upstreams,
    pool: upstreams.http2.acquire({ host: '127.0.0.1', port, tls: undefined, graceMs }),
    [Symbol.dispose]() {
      upstreams[Symbol.dispose]()
      deadlines[Symbol.dispose]()
    },
  }
}

/** One request, and all that is said of it. */
class Asked implements SessionSeeker, StreamUser {
  readonly said: string[] = []
  stream: Http2Stream | undefined
  private readonly path: string
  private readonly isWhole: boolean

  constructor(pool: Http2Pool, path = '/', isWhole = true) {
    this.path = path
    this.isWhole = isWhole
    const session = pool.take()
    if (session === undefined) pool.connect(this)
    else this.onSession(session)
  }

  onSession(session: Http2Upstream): void {
    const fields = [':method', 'GET', ':scheme', 'http', ':path', this.path, ':authority', 'a.test']
    this.stream = session.request({ fields, isWhole: this.isWhole }, this)
  }

  onNoSession(fault: string, error: Error | undefined): void {
    this.said.push(`none: ${fault}${error === undefined ? '' : `, ${error.message}`}`)
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

  onClosed(code: number): void {
    this.said.push(`closed ${code}${this.stream?.isLost === true ? ', lost' : ''}`)
  }

  /** Resolves when that has been said. */
  async has(...said: readonly string[]): Promise<void> {
    await until(`${said} of ${this.path}`, () => said.every(what => this.said.includes(what)))
  }
}

function framesOf({ received }: UpstreamConnection): Frame[] {
  return received.startsWith(PREFACE) ? readFrames(received.slice(PREFACE.length)) : []
}

/** An upstream that begins with these SETTINGS and then says what the test says. */
function startHttp2(settings: string = SETTINGS): Promise<RawUpstream> {
  return startRawUpstream(
    () => {},
    ({ socket }) => socket.write(settings, 'latin1'),
  )
}

/** Resolves to the connection when so many requests have come on it. */
async function requestsOn(upstream: RawUpstream, count: number, connection = 0): Promise<UpstreamConnection> {
  const heads = (): number => {
    const there = upstream.connections[connection]
    return there === undefined ? 0 : framesOf(there).filter(({ type }) => type === FRAME.headers).length
  }
  await until(`${count} requests on connection ${connection}`, () => heads() === count)
  return upstream.connections[connection]!
}

function say({ socket }: UpstreamConnection, ...frames: readonly string[]): void {
  socket.write(frames.join(''), 'latin1')
}

const head = (streamId: number, block = OK, flags: number = FLAG.endHeaders): string =>
  frame(FRAME.headers, flags, streamId, block)
const wholeHead = (streamId: number, block = OK): string => head(streamId, block, FLAG.endHeaders | FLAG.endStream)
const setting = (id: number, value: number): string => frame(FRAME.settings, 0, 0, uint(id, 2) + uint(value, 4))
const goaway = (last: number, code = 0): string => frame(FRAME.goaway, 0, 0, uint(last, 4) + uint(code, 4))

describe('requests over HTTP/2', () => {
  test('share one connection, in the order in which they are answered', async () => {
    await using upstream = await startHttp2()
    using pooled = startPool(upstream.port)
    const first = new Asked(pooled.pool, '/1')
    const second = new Asked(pooled.pool, '/2')
    const connection = await requestsOn(upstream, 2)
    say(connection, head(3), frame(FRAME.data, FLAG.endStream, 3, 'two'), wholeHead(1))
    await first.has('head :status 200, whole', 'closed 0')
    await second.has('head :status 200', 'data two', 'end', 'closed 0')
    assert.deepEqual(pooled.upstreams.count(), { open: 1, idle: 1 })
    assert.equal(upstream.connections.length, 1)
  })

  test('are no more on a connection than its other end takes; others go on another', async () => {
    await using upstream = await startHttp2(setting(MAX_STREAMS, 2))
    using pooled = startPool(upstream.port)
    for (let i = 0; i < 3; i++) new Asked(pooled.pool)
    await requestsOn(upstream, 2)
    await requestsOn(upstream, 1, 1)
  })

  test('wait for one another where there may be no other connection, and who leaves is not waited for', async () => {
    await using upstream = await startHttp2(setting(MAX_STREAMS, 1))
    using pooled = startPool(upstream.port, { maxConnections: 1 })
    new Asked(pooled.pool, '/1')
    const gone = new Asked(pooled.pool, '/2')
    const third = new Asked(pooled.pool, '/3')
    const connection = await requestsOn(upstream, 1)
    pooled.pool.leave(gone)
    say(connection, wholeHead(1))
    await requestsOn(upstream, 2)
    say(connection, wholeHead(3))
    await third.has('closed 0')
    assert.deepEqual(gone.said, [])
    assert.equal(upstream.connections.length, 1)
  })

  test('that wait go nowhere when no target has the address any more', async () => {
    await using upstream = await startHttp2(setting(MAX_STREAMS, 1))
    using pooled = startPool(upstream.port, { maxConnections: 1 })
    const first = new Asked(pooled.pool, '/1')
    const second = new Asked(pooled.pool, '/2')
    const connection = await requestsOn(upstream, 1)
    pooled.upstreams.http2.release(pooled.pool)
    await second.has('none: connect, no target has this address any more')
    say(connection, wholeHead(1))
    await first.has('closed 0')
    await until('its end', () => connection.hasEnded)
    assert.equal(upstream.connections.length, 1)
  })

  test('that wait go on a new connection when the one they wait for is lost', async () => {
    await using upstream = await startHttp2(setting(MAX_STREAMS, 1))
    using pooled = startPool(upstream.port, { maxConnections: 1 })
    const first = new Asked(pooled.pool, '/1')
    const second = new Asked(pooled.pool, '/2')
    const connection = await requestsOn(upstream, 1)
    connection.socket.destroy()
    await first.has(`closed ${ERROR.cancel}, lost`)
    say(await requestsOn(upstream, 1, 1), wholeHead(1))
    await second.has('closed 0')
  })

  test('keep to the windows of the other end, also when it makes them smaller', async () => {
    await using upstream = await startHttp2(setting(INITIAL_WINDOW, 4))
    using pooled = startPool(upstream.port)
    const asked = new Asked(pooled.pool, '/', false)
    const connection = await requestsOn(upstream, 1)
    const sent = (): string =>
      framesOf(connection)
        .filter(({ type }) => type === FRAME.data)
        .map(({ payload }) => payload)
        .join('')
    assert.equal(asked.stream!.write(Buffer.from('0123456789'), 0, 10), false)
    asked.stream!.end()
    await until('a window', () => sent() === '0123')
    say(connection, setting(INITIAL_WINDOW, 2), frame(FRAME.windowUpdate, 0, 1, uint(3, 4)))
    await until('one more byte', () => sent() === '01234')
    say(connection, frame(FRAME.windowUpdate, 0, 1, uint(100, 4)))
    await until('the rest', () => sent() === '0123456789')
    say(connection, wholeHead(1))
    await asked.has('closed 0')
  })
})

describe('an upstream that', () => {
  test('takes no requests at all is none', async () => {
    await using upstream = await startHttp2(setting(MAX_STREAMS, 0))
    using pooled = startPool(upstream.port)
    await new Asked(pooled.pool).has('none: connect, the upstream takes no requests')
    assert.deepEqual(pooled.upstreams.count(), { open: 0, idle: 0 })
  })

  for (const [what, text] of [
    ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['something else before its SETTINGS', frame(FRAME.ping, 0, 0, '12345678')],
  ] as const) {
    test(`says ${what} is none`, async () => {
      await using upstream = await startHttp2(text)
      using pooled = startPool(upstream.port)
      const asked = new Asked(pooled.pool)
      await until('a refusal', () => asked.said[0]?.startsWith('none: connect, ') === true)
      await until('its end', () => pooled.upstreams.count().open === 0)
    })
  }

  test('says nothing is given up in time, and one that cannot be connected to as well', async () => {
    await using silent = await startRawUpstream(() => {})
    using pooled = startPool(silent.port, { dialTimeoutMs: 100 })
    await new Asked(pooled.pool).has('none: connect-timeout')
    await using stalled = await startStalledListener()
    using other = startPool(stalled.port, { dialTimeoutMs: 100 })
    const asked = new Asked(other.pool)
    await until('a timeout', () => asked.said[0]?.startsWith('none: connect-timeout') === true)
  })

  test('goes away gets no further requests, ends what it has seen, and what it has not may go elsewhere', async () => {
    await using upstream = await startHttp2()
    using pooled = startPool(upstream.port)
    const seen = new Asked(pooled.pool, '/seen')
    const unseen = new Asked(pooled.pool, '/unseen')
    const connection = await requestsOn(upstream, 2)
    say(connection, goaway(1))
    await unseen.has(`closed ${ERROR.refusedStream}`)
    new Asked(pooled.pool, '/next')
    await requestsOn(upstream, 1, 1)
    say(connection, wholeHead(1))
    await seen.has('closed 0')
    await until('its end', () => connection.hasEnded)
  })

  test('leaves the table ends what is under way, and has its grace for it', async () => {
    await using upstream = await startHttp2()
    using pooled = startPool(upstream.port, { graceMs: 100 })
    const asked = new Asked(pooled.pool)
    const connection = await requestsOn(upstream, 1)
    say(connection, head(1))
    await asked.has('head :status 200')
    pooled.upstreams.http2.release(pooled.pool)
    assert.deepEqual(asked.said, ['head :status 200'])
    await asked.has(`closed ${ERROR.cancel}, lost`)
    await until('its end', () => connection.isClosed || connection.hasEnded)
  })

  for (const [what, frames, code] of [
    ['has a body before its head', frame(FRAME.data, 0, 1, 'x'), ERROR.protocolError],
    ['has a head without status', head(1, fieldBlock('a', 'b')), ERROR.protocolError],
    ['has a status of letters', head(1, fieldBlock(':status', 'abc')), ERROR.protocolError],
    ['has a change of protocol', head(1, fieldBlock(':status', '101')), ERROR.protocolError],
    ['ends with an interim answer', wholeHead(1, fieldBlock(':status', '103')), ERROR.protocolError],
    ['has a line end in a value', head(1, fieldBlock(':status', '200', 'a', 'b\r\nc: d')), ERROR.protocolError],
    ['has an upper-case name', head(1, fieldBlock(':status', '200', 'A', 'b')), ERROR.protocolError],
    [
      'has fields of HTTP/1.1',
      head(1, fieldBlock(':status', '200', 'transfer-encoding', 'chunked')),
      ERROR.protocolError,
    ],
    ['has pseudo-header fields of a request', head(1, fieldBlock(':status', '200', ':path', '/')), ERROR.protocolError],
    [
      'has two lengths',
      head(1, fieldBlock(':status', '200', 'content-length', '1', 'content-length', '1')),
      ERROR.protocolError,
    ],
    [
      'is longer than it says',
      head(1, fieldBlock(':status', '200', 'content-length', '1')) + frame(FRAME.data, 0, 1, 'xy'),
      ERROR.protocolError,
    ],
    [
      'is shorter than it says',
      head(1, fieldBlock(':status', '200', 'content-length', '2')) + frame(FRAME.data, FLAG.endStream, 1, 'x'),
      ERROR.protocolError,
    ],
    ['has trailers that do not end it', head(1) + head(1, fieldBlock('a', 'b')), ERROR.protocolError],
    ['has a status in its trailers', head(1) + wholeHead(1), ERROR.protocolError],
    [
      'has too many fields',
      head(1, fieldBlock(':status', '200', ...Array.from({ length: 202 }, () => 'a'))),
      ERROR.enhanceYourCalm,
    ],
    [
      'has too large fields',
      head(1, fieldBlock(':status', '200', ...Array.from({ length: 160 }, () => 'a'.repeat(100)))),
      ERROR.enhanceYourCalm,
    ],
    ['has interim answers without end', head(1, fieldBlock(':status', '102')).repeat(1001), ERROR.enhanceYourCalm],
  ] as const) {
    test(`answers what ${what} loses that request, and no other`, async () => {
      await using upstream = await startHttp2()
      using pooled = startPool(upstream.port)
      const asked = new Asked(pooled.pool, '/1')
      const other = new Asked(pooled.pool, '/2')
      const connection = await requestsOn(upstream, 2)
      say(connection, frames, wholeHead(3))
      await asked.has(`closed ${code}`)
      await other.has('closed 0')
      const resets = (): Frame[] => framesOf(connection).filter(({ type }) => type === FRAME.resetStream)
      await until('a reset', () => resets().length > 0)
      assert.deepEqual(
        resets().map(reset => [reset.streamId, errorCode(reset)]),
        [[1, code]],
      )
    })
  }

  for (const [what, frames, code] of [
    ['answers what nobody asked', head(5), ERROR.protocolError],
    ['answers on a stream of its own', head(2), ERROR.protocolError],
    ['pushes', frame(FRAME.pushPromise, FLAG.endHeaders, 1, uint(2, 4) + OK), ERROR.protocolError],
    ['writes fields that no table has', head(1, '\xff\xff\x7f'), ERROR.compressionError],
    ['opens windows too far', frame(FRAME.windowUpdate, 0, 0, uint(2 ** 31 - 1, 4)), ERROR.flowControlError],
    ['sends frames that are too large', frame(FRAME.data, 0, 1, 'x'.repeat(16_385)), ERROR.frameSizeError],
    [
      'says something inside a list of fields',
      head(1, OK, 0) + frame(FRAME.ping, 0, 0, '12345678'),
      ERROR.protocolError,
    ],
    [
      'has a list of fields without end',
      head(1, OK, 0) + frame(FRAME.continuation, 0, 1).repeat(100),
      ERROR.enhanceYourCalm,
    ],
    ['wastes our time', head(1) + frame(FRAME.data, 0, 1).repeat(2000), ERROR.enhanceYourCalm],
  ] as const) {
    test(`${what} loses its connection`, async () => {
      await using upstream = await startHttp2()
      using pooled = startPool(upstream.port)
      const asked = new Asked(pooled.pool)
      const connection = await requestsOn(upstream, 1)
      say(connection, frames)
      await until('a GOAWAY', () => framesOf(connection).some(({ type }) => type === FRAME.goaway))
      const said = framesOf(connection).find(({ type }) => type === FRAME.goaway)!
      assert.equal(errorCode(said), code)
      await until('its end', () => asked.said.at(-1)?.startsWith('closed ') === true && pooled.pool.open === 0)
    })
  }

  test('sends more than it may loses that request', async () => {
    await using upstream = await startHttp2()
    using pooled = startPool(upstream.port)
    const asked = new Asked(pooled.pool)
    asked.onHead = () => asked.stream!.pause()
    const connection = await requestsOn(upstream, 1)
    say(connection, head(1), frame(FRAME.data, 0, 1, 'x'.repeat(16_384)).repeat(17))
    await asked.has(`closed ${ERROR.flowControlError}`)
  })
})
