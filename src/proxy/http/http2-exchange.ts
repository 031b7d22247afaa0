import type { Http2Stream, StreamUser } from '../../http2/stream.ts'
import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import type { HeadRefusal } from '../../wire/http1-head.ts'
import { ERROR } from '../../wire/http2-frames.ts'
import { Exchange } from './exchange.ts'
import type { HeadPool } from './head-pool.ts'
import { Http2Answer, type Http2Reading } from './http2-answer.ts'
import type { BatchedBody, Http2Connection } from './http2-connection.ts'
import { requestHeadText, trailerLines } from './http2-head.ts'
import type { ClientFacts } from './request-head.ts'

/** What a request needs of its thread. */
export interface Http2ExchangeHost {
  readonly deadlines: Deadlines
  readonly heads: HeadPool
  /** Answers the exchange, now or later. */
  serve(exchange: Exchange): void
  /** The exchange is over, well or not; its head is given away afterwards. */
  over(exchange: Exchange): void
  /** What a client sent is nothing we take. */
  refused(refusal: HeadRefusal, client: ClientFacts): void
  /** A stream has become a tunnel. */
  switched(): void
}

/** Times in milliseconds, 0 is no limit. */
export interface Http2RequestLimits {
  readonly maxHeaders: number
  /** `rt`: from a request's head to its last byte. */
  readonly readTimeoutMs: number
  /** `wt`: from a request's head to the end of its answer. */
  readonly writeTimeoutMs: number
}

/** Where heads are written to be parsed, but for very large ones: nobody keeps it. */
const scratch = Buffer.allocUnsafeSlow(16_384)
/** How long a client may go on sending a body that nobody wants. */
const LINGER_MS = 1000
const HTTP2_VERSION = 20

/** One request of an HTTP/2 connection: the reading half, which brings the head in and the body as it comes. */
export class Http2Exchange implements Http2Reading, StreamUser, BatchedBody, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly stream: Http2Stream
  private readonly connection: Http2Connection
  private readonly host: Http2ExchangeHost
  private readonly limits: Http2RequestLimits
  private exchange: Exchange | undefined
  private trailers = ''
  private answer: Http2Answer | undefined
  private isBodyDone: boolean
  private isBatched = false
  private tunnel: StreamUser | undefined
  private readDueAt = Number.POSITIVE_INFINITY
  private writeDueAt = Number.POSITIVE_INFINITY

  constructor(
    stream: Http2Stream,
    connection: Http2Connection,
    host: Http2ExchangeHost,
    limits: Http2RequestLimits,
    isWhole: boolean,
  ) {
    this.stream = stream
    this.connection = connection
    this.host = host
    this.limits = limits
    this.isBodyDone = isWhole
  }

  start(fields: readonly string[]): void {
    const { stream, host, connection, limits } = this
    stream.user = this
    const text = requestHeadText(fields, !this.isBodyDone)
    if (typeof text !== 'string') return this.refuse(text)
    const head = host.heads.take()
    const bytes = text.length <= scratch.length ? scratch : Buffer.allocUnsafe(text.length)
    const refusal = head.parseRequest(bytes, 0, bytes.write(text, 0, 'latin1'), limits.maxHeaders)
    if (refusal !== undefined) {
      host.heads.give(head)
      return this.refuse(refusal)
    }
    head.version = HTTP2_VERSION
    const wantsTunnel = head.wantsUpgrade
    if (wantsTunnel) {
      // What comes behind it is the tunnel's, when there is one.
      this.isBodyDone = true
      stream.pause()
    }
    const answer = new Http2Answer(stream, connection.client, this, { isHeadOnly: head.method === 'HEAD', wantsTunnel })
    const exchange = new Exchange(answer, head)
    this.answer = answer
    this.exchange = exchange
    this.setLimits()
    host.serve(exchange)
    if (this.isBodyDone) this.endBody()
  }

  // ---- asked by the answer

  answered(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.exchange = undefined
    this.release(exchange)
  }

  /**
   * A client may go on with its body for as long as it likes: it is thrown away, and soon the client is told (RFC 9113 §8.1). Not at once,
   * for who sees a reset may not look at the answer before it.
   */
  sent(): void {
    const { stream } = this
    if (stream.isClosed) return
    stream.resume()
    if (!stream.isClosed) this.host.deadlines.set(this, LINGER_MS)
  }

  switched(tunnel: StreamUser): void {
    this.tunnel = tunnel
    this.host.deadlines.clear(this)
    this.connection.switched()
    this.host.switched()
  }

  pauseReading(): void {
    this.stream.pause()
  }

  resumeReading(): void {
    if (this.tunnel === undefined) this.stream.resume()
  }

  keepReading(): void {
    this.connection.keepBytes()
  }

  onDeadline(): void {
    const now = performance.now()
    if (this.exchange === undefined) return this.onLateEnd(now)
    if (now >= this.readDueAt && !this.isBodyDone) {
      this.readDueAt = Number.POSITIVE_INFINITY
      if (this.exchange.carrier === undefined) return this.stream.reset(ERROR.cancel)
      this.exchange.carrier.onBodyTimeout()
    }
    if (now >= this.writeDueAt) return this.stream.reset(ERROR.internalError)
    this.arm(now)
  }

  /** There is an answer. What of it still waits for the client would be destroyed by a reset; what the client still sends is not. */
  private onLateEnd(now: number): void {
    if (now >= this.writeDueAt && this.stream.pendingBytes > 0) return this.stream.reset(ERROR.internalError)
    if (this.stream.pendingBytes > 0) this.host.deadlines.set(this, LINGER_MS)
    else this.stream.reset(ERROR.noError)
  }

  // ---- the body

  onHead(): void {}

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.tunnel !== undefined) return this.tunnel.onData(bytes, from, to)
    this.exchange?.carrier?.request.onBody(bytes, from, to)
    if (this.isBatched) return
    this.isBatched = true
    this.connection.batch(this)
  }

  /** All of the body that came with it has been handed over. */
  onBatch(): void {
    this.isBatched = false
    this.exchange?.carrier?.request.onBodyBatch()
  }

  onTrailers(fields: string[]): void {
    this.trailers = trailerLines(fields)
  }

  onEnd(): void {
    this.isBodyDone = true
    if (this.tunnel !== undefined) this.tunnel.onEnd()
    else this.endBody()
  }

  onDrain(): void {
    if (this.tunnel !== undefined) return this.tunnel.onDrain()
    this.answer?.drained()
    this.exchange?.carrier?.onDownstreamDrain()
  }

  private endBody(): void {
    const request = this.exchange?.carrier?.request
    request?.onBodyEnd(this.trailers)
    request?.onBodyBatch()
  }

  // ---- the end

  /** The stream is closed: the client has its answer, or does not want it any more. */
  onClosed(code: number): void {
    const { exchange } = this
    this.exchange = undefined
    this.host.deadlines.remove(this)
    if (exchange !== undefined) {
      // A tunnel has a carrier no longer: its ends know by themselves.
      if (this.tunnel === undefined) exchange.carrier?.onDownstreamGone()
      this.release(exchange)
    }
    this.tunnel?.onClosed(code)
    this.connection.ended(this.tunnel !== undefined)
  }

  private release(exchange: Exchange): void {
    exchange.isOver = true
    this.host.over(exchange)
    this.host.heads.give(exchange.head)
  }

  /** Answers what never became an exchange. */
  private refuse(refusal: HeadRefusal): void {
    this.host.refused(refusal, this.connection.client)
    const fields = [':status', String(refusal.status), 'content-type', 'text/plain; charset=utf-8']
    this.stream.sendHead({ fields, isWhole: true })
    this.sent()
  }

  private setLimits(): void {
    const { readTimeoutMs, writeTimeoutMs } = this.limits
    if (readTimeoutMs === 0 && writeTimeoutMs === 0) return
    const now = performance.now()
    if (readTimeoutMs > 0) this.readDueAt = now + readTimeoutMs
    if (writeTimeoutMs > 0) this.writeDueAt = now + writeTimeoutMs
    this.arm(now)
  }

  private arm(now: number): void {
    const dueAt = Math.min(this.isBodyDone ? Number.POSITIVE_INFINITY : this.readDueAt, this.writeDueAt)
    if (dueAt === Number.POSITIVE_INFINITY) this.host.deadlines.clear(this)
    else this.host.deadlines.set(this, dueAt - now)
  }
}
