import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import { resetStream } from '../../socket/reset-stream.ts'
import type { HeadRefusal } from '../../wire/http1-head.ts'
import { Exchange } from './exchange.ts'
import type { HeadPool } from './head-pool.ts'
import { Http2Answer, type Http2Reading } from './http2-answer.ts'
import type { Http2Connection } from './http2-connection.ts'
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

/** Where heads are written to be parsed: nobody keeps it. nghttp2 takes no head that is larger. */
const scratch = Buffer.allocUnsafeSlow(262_144)
/** How long a client may go on sending a body that nobody wants. */
const LINGER_MS = 1000
const HTTP2_VERSION = 20

/** One request of an HTTP/2 connection: the reading half, which brings the head in and the body as it comes. */
export class Http2Exchange implements Http2Reading, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly stream: ServerHttp2Stream
  private readonly connection: Http2Connection
  private readonly host: Http2ExchangeHost
  private readonly limits: Http2RequestLimits
  private exchange: Exchange | undefined
  private trailers = ''
  private isBodyDone: boolean
  private isTunnel = false
  private readDueAt = Number.POSITIVE_INFINITY
  private writeDueAt = Number.POSITIVE_INFINITY

  constructor(
    stream: ServerHttp2Stream,
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
    stream.on('error', () => {})
    stream.on('close', () => this.closed())
    const text = requestHeadText(fields, !this.isBodyDone)
    if (typeof text !== 'string') return this.refuse(text)
    const head = host.heads.take()
    const refusal =
      text.length > scratch.length
        ? { status: 431 as const, reason: 'head too large' }
        : head.parseRequest(scratch, 0, scratch.write(text, 0, 'latin1'), limits.maxHeaders)
    if (refusal !== undefined) {
      host.heads.give(head)
      return this.refuse(refusal)
    }
    head.version = HTTP2_VERSION
    const wantsTunnel = head.wantsUpgrade
    if (wantsTunnel) this.isBodyDone = true
    const answer = new Http2Answer(stream, connection.client, this, { isHeadOnly: head.method === 'HEAD', wantsTunnel })
    const exchange = new Exchange(answer, head)
    this.exchange = exchange
    this.setLimits()
    host.serve(exchange)
    if (this.isBodyDone) this.endBody()
    else this.readBody()
  }

  // ---- asked by the answer

  answered(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.exchange = undefined
    this.release(exchange)
    if (this.isBodyDone || this.stream.destroyed) return
    // A client may go on with its body for as long as it likes: it is thrown away, and soon it is told (RFC 9113 §8.1). Not at once,
    // for a reset destroys what of the answer still waits to be sent.
    this.stream.resume()
    this.host.deadlines.set(this, LINGER_MS)
  }

  drained(): void {
    this.exchange?.carrier?.onDownstreamDrain()
  }

  switched(): void {
    this.isTunnel = true
    this.host.deadlines.clear(this)
    this.connection.switched()
    this.host.switched()
  }

  pauseReading(): void {
    this.stream.pause()
  }

  resumeReading(): void {
    if (!this.isTunnel) this.stream.resume()
  }

  onDeadline(): void {
    const now = performance.now()
    if (this.exchange === undefined) return this.stream.close(constants.NGHTTP2_NO_ERROR)
    if (now >= this.readDueAt && !this.isBodyDone) {
      this.readDueAt = Number.POSITIVE_INFINITY
      if (this.exchange.carrier === undefined) return resetStream(this.stream, constants.NGHTTP2_CANCEL)
      this.exchange.carrier.onBodyTimeout()
    }
    if (now >= this.writeDueAt) return resetStream(this.stream, constants.NGHTTP2_INTERNAL_ERROR)
    this.arm(now)
  }

  // ---- the body

  private readBody(): void {
    const { stream } = this
    stream.on('data', (bytes: Buffer) => {
      const request = this.exchange?.carrier?.request
      request?.onBody(bytes, 0, bytes.length)
      request?.onBodyBatch()
    })
    stream.on('trailers', (_fields: object, _flags: number, fields: string[]) => {
      this.trailers = trailerLines(fields)
    })
    stream.on('end', () => {
      // An end that a reset brought about is none of the body's.
      if (this.stream.closed && this.stream.rstCode !== constants.NGHTTP2_NO_ERROR) return
      this.isBodyDone = true
      this.endBody()
    })
  }

  private endBody(): void {
    const request = this.exchange?.carrier?.request
    request?.onBodyEnd(this.trailers)
    request?.onBodyBatch()
  }

  // ---- the end

  /** The stream is closed: the client has its answer, or does not want it any more. */
  private closed(): void {
    const { exchange } = this
    this.exchange = undefined
    this.host.deadlines.remove(this)
    if (exchange !== undefined) {
      // A tunnel has a carrier no longer: its ends know by themselves.
      if (!this.isTunnel) exchange.carrier?.onDownstreamGone()
      this.release(exchange)
    }
    this.connection.ended(this.isTunnel)
  }

  private release(exchange: Exchange): void {
    exchange.isOver = true
    this.host.over(exchange)
    this.host.heads.give(exchange.head)
  }

  /** Answers what never became an exchange. */
  private refuse(refusal: HeadRefusal): void {
    this.host.refused(refusal, this.connection.client)
    const fields = { ':status': refusal.status, 'content-type': 'text/plain; charset=utf-8' }
    this.stream.respond(fields, { endStream: true })
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
