import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import type { Link, LinkUser } from '../../socket/link.ts'
import { HEADER } from '../../wire/header-names.ts'
import { BodyReader, MANY_CHUNKS } from '../../wire/http1-body.ts'
import { findBareLineFeed, findHeadEnd, type HeadRefusal } from '../../wire/http1-head.ts'
import { KeptBytes } from '../../wire/kept-bytes.ts'
import type { Switched } from './downstream.ts'
import { Exchange } from './exchange.ts'
import type { HeadPool } from './head-pool.ts'
import { Http1Answer, type Http1Requests } from './http1-answer.ts'
import { refusalText, skipBlankLines } from './http1-refusal.ts'
import type { ClientFacts } from './request-head.ts'

/** What a listener lets a client do. All times in milliseconds, 0 is no limit. */
export interface ClientLimits {
  readonly maxHeadBytes: number
  readonly maxHeaders: number
  /** From a request's first byte, or the connection's beginning, to the end of its head. */
  readonly headerTimeoutMs: number
  /** `rt`: from a request's first byte to its last. */
  readonly readTimeoutMs: number
  /** `wt`: from the end of a request's head to the end of its answer. */
  readonly writeTimeoutMs: number
  /** `it`: between two requests; 0 takes `rt`. */
  readonly idleTimeoutMs: number
}

/** What a connection needs of its thread. */
export interface Http1Host {
  readonly deadlines: Deadlines
  readonly heads: HeadPool
  /** Answers the exchange, now or later. */
  serve(exchange: Exchange): void
  /** The exchange is over, well or not; its head is given away afterwards. */
  over(exchange: Exchange): void
  /** What a client sent was not HTTP, or not HTTP we take. */
  refused(refusal: HeadRefusal, client: ClientFacts): void
  /** The process is stopping: no connection takes another request. */
  readonly isDraining: boolean
  /** A connection has become a tunnel. */
  switched(): void
  closed(connection: Http1Connection): void
}

/** A rest of a body that nobody wants is read up to here, so that the answer arrives and the connection can be kept. */
const MAX_DISCARDED_BYTES = 262_144
/** Of one read, answered at once: more can wait for the next turn of the loop. */
const MANY_REQUESTS = 32
/** How long a client has to take an answer after which we hang up on what it still sends (RFC 9112 §9.6). */
const LINGER_MS = 1000

/** Between requests or in a head; from a head's end to its answer's; waiting for the client to hang up; no longer ours. */
type Phase = 'head' | 'exchange' | 'lingering' | 'elsewhere'

/** One client's connection: requests in, one after the other, and their answers out in that order (RFC 9112). */
export class Http1Connection implements LinkUser, Expiring, Http1Requests {
  readonly link: Link
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly host: Http1Host
  private readonly limits: ClientLimits
  private readonly answer: Http1Answer
  private readonly body = new BodyReader()
  private phase: Phase = 'head'
  private exchange: Exchange | undefined
  /** The beginning of a head, or what came behind the message that is being worked on. */
  private waiting: Buffer | undefined
  /** Where a head grows that comes in more than two pieces. */
  private kept: KeptBytes | undefined
  private isFirst = true
  /** The client has said that it will send nothing after this request. */
  private isLast = false
  private isInLoop = false
  private headStartedAt = 0
  private readDueAt = Number.POSITIVE_INFINITY
  private writeDueAt = Number.POSITIVE_INFINITY
  private discarded = 0

  constructor(link: Link, client: ClientFacts, host: Http1Host, limits: ClientLimits) {
    this.link = link
    this.host = host
    this.limits = limits
    this.answer = new Http1Answer(link, client, this)
    if (limits.headerTimeoutMs > 0) host.deadlines.set(this, limits.headerTimeoutMs)
  }

  /** The connection has changed its protocol. */
  get isTunnel(): boolean {
    return this.phase === 'elsewhere'
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.phase === 'head') this.readRequests(bytes, 0, length)
    else if (this.phase === 'exchange') this.readBody(bytes, length)
    else if (this.phase === 'lingering') this.discard(length)
  }

  onEnd(): void {
    if (this.phase === 'elsewhere') return
    if (this.phase !== 'exchange') return this.link.finish()
    // As in the original, a client that has sent its last byte is taken to be gone: nothing tells the two apart from here, and the
    // upstream should not work for nobody.
    this.leave()
    this.link.destroy()
  }

  onDrain(): void {
    if (this.exchange !== undefined) this.exchange.carrier?.onDownstreamDrain()
    else if (this.phase === 'head') this.goOn()
  }

  onClose(): void {
    this.host.deadlines.remove(this)
    this.leave()
    this.phase = 'elsewhere'
    this.host.closed(this)
  }

  onDeadline(): void {
    const now = performance.now()
    if (this.phase !== 'exchange') return this.onRestDeadline(now)
    if (now >= this.readDueAt && !this.body.isDone) {
      this.readDueAt = Number.POSITIVE_INFINITY
      this.answer.keepsAlive = false
      if (this.exchange?.carrier === undefined) return this.link.destroy()
      this.exchange.carrier.onBodyTimeout()
    }
    if (now >= this.writeDueAt) return this.link.destroy()
    this.armExchange(now)
  }

  private onRestDeadline(now: number): void {
    // The last answer is still on its way: who takes it slowly is neither idle nor gone.
    if (this.link.pendingBytes > 0 && now < this.writeDueAt) return this.host.deadlines.set(this, LINGER_MS)
    if (this.phase !== 'head' || this.waiting === undefined) return this.link.destroy()
    this.refuse({ status: 408, reason: 'head not complete in time' })
  }

  handOver(): Omit<Switched, 'link'> {
    const rest = this.waiting
    this.waiting = undefined
    this.phase = 'elsewhere'
    this.host.deadlines.remove(this)
    this.host.switched()
    return { rest, done: () => this.onClose() }
  }

  /** Takes no further request: ends at once when idle, else after the answer that is under way, or to a head that has begun. */
  finish(): void {
    this.answer.keepsAlive = false
    if (this.phase === 'head' && this.waiting === undefined) this.linger()
  }

  destroy(): void {
    this.link.destroy()
  }

  mayGoOn(): boolean {
    if (this.host.isDraining) return false
    return this.body.isDone || this.canDiscard()
  }

  pauseReading(): void {
    this.link.pause()
  }

  resumeReading(): void {
    if (this.waiting === undefined) this.link.resume()
  }

  answered(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.exchange = undefined
    this.release(exchange)
    this.next()
  }

  /** Takes requests from `bytes[from, end)` until one must be waited for. */
  private readRequests(bytes: Buffer, from: number, end: number): void {
    let chunk = bytes
    let at = from
    let searchFrom = from
    let to = end
    if (this.waiting !== undefined) {
      // The terminator may begin in the last bytes of what was there before.
      searchFrom = Math.max(0, this.waiting.length - 3)
      this.kept ??= new KeptBytes()
      chunk = this.kept.join(this.waiting, bytes, from, end)
      at = 0
      to = chunk.length
      this.waiting = undefined
    }
    this.isInLoop = true
    let requests = 0
    // Who asks on and on and reads no answer is not asked what else there is.
    while (this.phase === 'head' && at < to && !this.link.isFull) {
      at = skipBlankLines(chunk, at, to)
      const headEnd = at < to ? findHeadEnd(chunk, Math.max(searchFrom, at), to) : -1
      if (headEnd === -1) {
        this.keepHead(chunk, at, to, Math.max(searchFrom, at))
        at = to
      } else {
        at = this.beginRequest(chunk, at, headEnd, to)
        searchFrom = at
        requests++
      }
    }
    this.isInLoop = false
    if (requests > MANY_REQUESTS) this.link.standBack()
    if (this.waiting === undefined) this.kept = undefined
    if (this.phase !== 'lingering' && at < to) this.keepWaiting(chunk, at, to)
    else if (this.phase === 'head') this.armHead()
  }

  private keepHead(chunk: Buffer, at: number, to: number, searchedTo: number): void {
    if (to - at > this.limits.maxHeadBytes) return this.refuse({ status: 431, reason: 'head too large' })
    if (findBareLineFeed(chunk, searchedTo, at, to))
      return this.refuse({ status: 400, reason: 'line does not end in CR LF' })
    if (at === to) return
    this.waiting = this.kept?.keep(chunk, at, to) ?? Buffer.from(chunk.subarray(at, to))
    if (this.headStartedAt === 0) this.headStartedAt = performance.now()
  }

  /** @returns where the bytes begin that this request has not taken */
  private beginRequest(chunk: Buffer, start: number, headEnd: number, end: number): number {
    const { limits, host, body } = this
    if (headEnd - start > limits.maxHeadBytes) return this.refuseAll({ status: 431, reason: 'head too large' }, end)
    const head = host.heads.take()
    const refusal = head.parseRequest(chunk, start, headEnd, limits.maxHeaders)
    if (refusal !== undefined) {
      host.heads.give(head)
      return this.refuseAll(refusal, end)
    }
    this.isFirst = false
    this.isLast = head.wantsClose && !head.hasBody
    this.phase = 'exchange'
    if (head.isChunked) body.begin('chunked')
    else body.begin('length', Math.max(head.contentLength, 0))
    this.answer.begin(head)
    this.setLimits()
    const exchange = new Exchange(this.answer, head)
    this.exchange = exchange
    host.serve(exchange)
    return this.takeBody(chunk, headEnd, end)
  }

  private readBody(bytes: Buffer, end: number): void {
    const { chunks } = this.body
    const at = this.body.isDone ? 0 : this.takeBody(bytes, 0, end)
    if (this.body.chunks - chunks > MANY_CHUNKS) this.link.standBack()
    if (at === end) return
    // The answer may have come before the body's end, and the next request right behind it.
    if (this.phase === 'head') this.readRequests(bytes, at, end)
    else if (this.phase === 'exchange') this.keepWaiting(bytes, at, end)
  }

  /** Hands the body's bytes to whoever carries the exchange. @returns where the body's bytes end */
  private takeBody(bytes: Buffer, from: number, end: number): number {
    const { body } = this
    const request = this.exchange?.carrier?.request
    let at = from
    if (!body.isDone) {
      at = body.read(bytes, from, end, request ?? DISCARD)
      if (at === -1) return this.refuseBody(end)
      if (request === undefined) this.discarded += at - from
    }
    if (request !== undefined) {
      if (body.isDone) request.onBodyEnd(body.trailers)
      request.onBodyBatch()
    } else if (this.exchange === undefined) {
      this.next()
    }
    return at
  }

  /** Bytes behind the message that is being worked on wait, and no more are read: who pipelines is slowed down, not queued. */
  private keepWaiting(bytes: Buffer, from: number, end: number): void {
    // The line end that some clients send behind a body is no request: who sent it is still read from, or its leaving is missed.
    const start = this.waiting === undefined ? skipBlankLines(bytes, from, end) : from
    if (start === end) return
    const more = Buffer.from(bytes.subarray(start, end))
    this.waiting = this.waiting === undefined ? more : Buffer.concat([this.waiting, more])
    this.link.pause()
  }

  private discard(length: number): void {
    this.discarded += length
    // Hanging up on it now would destroy the answer on its way: it is only read no further.
    if (this.discarded > MAX_DISCARDED_BYTES) this.link.pause()
  }

  private canDiscard(): boolean {
    const { body, exchange } = this
    // A client that waits for 100 Continue may send its body after all or not: then nobody knows what the next bytes are.
    if (exchange?.head.find(HEADER.expect) !== -1) return false
    // How long a chunked body is nobody knows, only how long its chunk is; most are nearly here. One that goes on for too long ends
    // the connection after all.
    return body.remaining <= MAX_DISCARDED_BYTES
  }

  /** After an answer: on to the next request when the body is in too, else on with the body, else the end. */
  private next(): void {
    if (this.phase !== 'exchange') return
    if (!this.body.isDone) {
      if (!this.answer.keepsAlive || this.discarded > MAX_DISCARDED_BYTES) return this.linger()
      return this.link.resume()
    }
    this.discarded = 0
    if (!this.answer.keepsAlive) return this.part()
    this.phase = 'head'
    this.headStartedAt = 0
    this.link.share()
    if (!this.isInLoop) this.goOn()
  }

  /** Takes up what waited behind the last request, or waits for the next. */
  private goOn(): void {
    const { waiting } = this
    this.waiting = undefined
    this.link.resume()
    if (waiting === undefined) this.armHead()
    else this.readRequests(waiting, 0, waiting.length)
  }

  /** Hangs up after an answer: at once when the client will send nothing more and the answer is with the kernel. */
  private part(): void {
    const { link, answer } = this
    const isSafe =
      this.isLast && answer.client.tls === undefined && this.waiting === undefined && link.pendingBytes === 0
    if (!isSafe) return this.linger()
    this.phase = 'lingering'
    link.destroy()
  }

  /** Says goodbye and gives the client time to take the answer: closing on unread bytes would destroy it on its way. */
  private linger(): void {
    this.phase = 'lingering'
    this.discarded = 0
    this.waiting = undefined
    this.host.deadlines.set(this, LINGER_MS)
    this.link.finish()
    this.link.resume()
  }

  private leave(): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.exchange = undefined
    exchange.carrier?.onDownstreamGone()
    this.release(exchange)
  }

  private release(exchange: Exchange): void {
    exchange.isOver = true
    this.host.over(exchange)
    this.host.heads.give(exchange.head)
  }

  /** Answers what never became an exchange. Nothing behind it can be trusted to begin a message. */
  private refuse(refusal: HeadRefusal): void {
    this.host.refused(refusal, this.answer.client)
    this.link.write(refusalText(refusal.status, refusal.reason))
    this.linger()
  }

  private refuseAll(refusal: HeadRefusal, end: number): number {
    this.refuse(refusal)
    return end
  }

  private refuseBody(end: number): number {
    const { exchange } = this
    const refusal: HeadRefusal = { status: 400, reason: this.body.problem }
    if (exchange === undefined || exchange.status !== 0) {
      this.host.refused(refusal, this.answer.client)
      this.link.destroy()
      return end
    }
    this.leave()
    return this.refuseAll(refusal, end)
  }

  private armHead(): void {
    const { limits, host } = this
    if (host.isDraining && this.waiting === undefined) return this.linger()
    if (this.waiting !== undefined) {
      const limit = shorter(limits.headerTimeoutMs, limits.readTimeoutMs)
      if (limit > 0) return host.deadlines.set(this, limit - (performance.now() - this.headStartedAt))
    } else if (this.isFirst) {
      return
    } else {
      const limit = limits.idleTimeoutMs || limits.readTimeoutMs
      if (limit > 0) return host.deadlines.set(this, limit)
    }
    if (this.dueAt !== Number.POSITIVE_INFINITY) host.deadlines.clear(this)
  }

  private setLimits(): void {
    const { readTimeoutMs, writeTimeoutMs } = this.limits
    if (readTimeoutMs === 0 && writeTimeoutMs === 0) {
      if (this.dueAt !== Number.POSITIVE_INFINITY) this.host.deadlines.clear(this)
      return
    }
    const now = performance.now()
    this.readDueAt = readTimeoutMs > 0 ? (this.headStartedAt || now) + readTimeoutMs : Number.POSITIVE_INFINITY
    this.writeDueAt = writeTimeoutMs > 0 ? now + writeTimeoutMs : Number.POSITIVE_INFINITY
    this.armExchange(now)
  }

  private armExchange(now: number): void {
    const dueAt = Math.min(this.body.isDone ? Number.POSITIVE_INFINITY : this.readDueAt, this.writeDueAt)
    if (dueAt === Number.POSITIVE_INFINITY) this.host.deadlines.clear(this)
    else this.host.deadlines.set(this, dueAt - now)
  }
}

const DISCARD = { onBody(): void {} }

function shorter(a: number, b: number): number {
  if (a === 0) return b
  return b === 0 ? a : Math.min(a, b)
}
