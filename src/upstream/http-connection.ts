import type { Deadlines, Expiring } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'
import { HEADER } from '../wire/header-names.ts'
import { type BodyKind, BodyReader, type BodySink, MANY_CHUNKS } from '../wire/http1-body.ts'
import { findBareLineFeed, findHeadEnd, type Http1Head, mayBeAnswer } from '../wire/http1-head.ts'
import { KeptBytes } from '../wire/kept-bytes.ts'
import type { HttpPool } from './http-pool.ts'

/** Why an upstream gave no (whole) answer. */
export type UpstreamFault =
  /** No connection came about; nothing was sent. */
  | 'connect'
  | 'connect-timeout'
  /** The upstream does not speak TLS, or its certificate is not good for it. */
  | 'tls'
  /** The connection ended or failed before the first byte of the answer. */
  | 'no-answer'
  /** … within the head. */
  | 'cut-head'
  /** The answer is not HTTP, or not acceptable HTTP. */
  | 'malformed'
  /** … within the body: what was passed on is not the whole. */
  | 'cut-body'
  | 'head-timeout'

/** Who waits for an answer. The connection calls these in the order of the answer; after `onAnswered` or `onFault`, never again. */
export interface ResponseReceiver extends BodySink {
  /** 1xx, other than 101. May come several times. */
  onInformational(head: Http1Head): void
  /** The head of the answer; `bodyKind` says how its body ends. `head` is valid only during the call. */
  onHead(head: Http1Head, bodyKind: BodyKind): void
  /** All that arrived together has been handed over: write it out in one piece. */
  onBatch(): void
  /** The answer is whole. The connection is no longer this receiver's. */
  onAnswered(trailers: string): void
  /** There will be no (more) answer. The connection is no longer this receiver's. */
  onFault(fault: UpstreamFault, error: Error | undefined): void
  /** What was sent has left; more of the request's body may follow. */
  onUpstreamDrain(): void
  /** The upstream speaks another protocol from here on (101). The link is now the receiver's; `rest` came behind the head. */
  onSwitch(head: Http1Head, link: Link, rest: Buffer): void
}

export interface ResponseLimits {
  readonly maxHeadBytes: number
  readonly maxHeaders: number
  /** `proxy.responseheadertimeout`; 0 waits for ever. */
  readonly responseHeaderTimeoutMs: number
}

/** What the reader of an answer must know of its request. */
export interface RequestFacts {
  readonly isHead: boolean
  /** The protocols it offers to change to, as sent; '' for none. */
  readonly upgrade: string
  /** Instead of the limit of the pool. */
  readonly responseTimeoutMs: number | undefined
}

/** Interim answers (1xx) to one request. Some upstreams send one every few seconds while they work, none sends this many. */
const MAX_INTERIM_ANSWERS = 1000

/** One keep-alive connection to an upstream: one request at a time, its answer read strictly (RFC 9112). */
export class HttpConnection implements LinkUser, Expiring {
  link!: Link
  /** Requests this connection has already answered. A first one cannot be lost to a keep-alive race. */
  answered = 0
  /** When it came to rest, in milliseconds of `performance.now()`. */
  idleSince = 0
  /** How long the upstream said it keeps an idle connection, with a margin; Infinity when it said nothing. */
  idleLimitMs = Number.POSITIVE_INFINITY
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1

  private readonly pool: HttpPool
  private readonly deadlines: Deadlines
  private readonly limits: ResponseLimits
  private receiver: ResponseReceiver | undefined
  private readonly body = new BodyReader()
  private partialHead: Buffer | undefined
  /** Where a head grows that comes in more than two pieces. */
  private kept: KeptBytes | undefined
  private inBody = false
  private interims = 0
  private isHead = false
  private upgrade = ''
  private isRequestDone = true
  private mustClose = false
  private hasEnded = false
  private responseTimeoutMs = 0

  constructor(pool: HttpPool, deadlines: Deadlines, limits: ResponseLimits) {
    this.pool = pool
    this.deadlines = deadlines
    this.limits = limits
  }

  /** The connection works for `receiver` until the answer is whole. `requestDone()` must follow when the request is out. */
  begin(receiver: ResponseReceiver, options: RequestFacts): void {
    this.receiver = receiver
    this.isHead = options.isHead
    this.upgrade = options.upgrade
    this.responseTimeoutMs = options.responseTimeoutMs ?? this.limits.responseHeaderTimeoutMs
    this.isRequestDone = false
    this.inBody = false
    this.interims = 0
    this.mustClose = false
  }

  /** The whole request has been written. From now on the upstream's time to answer counts. */
  requestDone(): void {
    this.isRequestDone = true
    const { responseTimeoutMs } = this
    if (responseTimeoutMs > 0 && this.receiver !== undefined && !this.inBody)
      this.deadlines.set(this, responseTimeoutMs)
  }

  /** Nobody waits for the answer any more: the work ends here. */
  abandon(): void {
    this.receiver = undefined
    this.close()
  }

  onDeadline(): void {
    this.fail('head-timeout', undefined)
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.receiver === undefined) {
      // Nothing was asked. An answer kept for the next request would be somebody else's (response queue poisoning).
      return this.close()
    }
    let at = 0
    let chunk = bytes
    let end = length
    if (!this.inBody) {
      if (this.partialHead !== undefined) {
        this.kept ??= new KeptBytes()
        chunk = this.kept.join(this.partialHead, bytes, 0, length)
        end = chunk.length
      }
      at = this.readHead(chunk, end)
      if (at === -1) return
    }
    const { chunks } = this.body
    at = this.body.read(chunk, at, end, this.receiver)
    if (this.body.chunks - chunks > MANY_CHUNKS) this.link.standBack()
    if (at === -1) return this.fail('cut-body', new Error(this.body.problem))
    if (this.body.isDone) return this.finishAnswer(at < end)
    this.receiver.onBatch()
  }

  onEnd(): void {
    this.hasEnded = true
    if (this.receiver !== undefined && this.inBody && this.body.kind === 'until-close') {
      this.mustClose = true
      return this.finishAnswer(false)
    }
    if (this.receiver !== undefined) return this.fail(this.lossFault(), undefined)
    this.close()
  }

  onDrain(): void {
    this.receiver?.onUpstreamDrain()
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.deadlines.remove(this)
    this.pool.gone(this)
    if (this.receiver !== undefined) this.fail(this.lossFault(), error)
  }

  /** Ends the connection; its pool learns of it from `onClose`. */
  close(): void {
    this.pool.forget(this)
    this.deadlines.remove(this)
    this.link.destroy()
  }

  /** @returns where the body begins, or -1 when there is nothing more to do with this chunk */
  private readHead(chunk: Buffer, end: number): number {
    let start = 0
    for (;;) {
      const from = Math.max(start, (this.partialHead?.length ?? 0) - 3)
      const headEnd = findHeadEnd(chunk, from, end)
      if (headEnd === -1) {
        if (end - start > this.limits.maxHeadBytes) return this.refuse('answer head too large')
        if (!mayBeAnswer(chunk, start, end)) return this.refuse('malformed status line')
        if (findBareLineFeed(chunk, from, start, end)) return this.refuse('line does not end in CR LF')
        // A copy: the chunk's memory belongs to the next read.
        if (end === start) this.partialHead = undefined
        else this.partialHead = this.kept?.keep(chunk, start, end) ?? Buffer.from(chunk.subarray(start, end))
        this.receiver?.onBatch()
        return -1
      }
      this.partialHead = undefined
      if (headEnd - start > this.limits.maxHeadBytes) return this.refuse('answer head too large')
      const head = this.pool.head
      const refusal = head.parseResponse(chunk, start, headEnd, this.limits.maxHeaders)
      if (refusal !== undefined) return this.refuse(refusal.reason)
      start = headEnd
      if (head.status >= 200) return this.beginAnswer(head, start)
      if (head.status === 101) return this.switchProtocols(head, chunk, start, end)
      // One that announces the end of the connection denies that an answer follows.
      if (head.version === 10 || head.wantsClose) return this.refuse('interim answer that ends the connection')
      if (++this.interims > MAX_INTERIM_ANSWERS) return this.refuse('too many interim answers')
      this.receiver?.onInformational(head)
      if (this.receiver === undefined) return -1
    }
  }

  private beginAnswer(head: Http1Head, start: number): number {
    this.kept = undefined
    this.deadlines.clear(this)
    this.inBody = true
    const { status } = head
    if (this.isHead || status === 204 || status === 304) this.body.begin('none')
    else if (head.isChunked) this.body.begin('chunked')
    else if (head.contentLength >= 0) this.body.begin('length', head.contentLength)
    else this.body.begin('until-close')
    if (this.body.kind === 'until-close' || head.wantsClose || (head.version === 10 && !head.wantsKeepAlive)) {
      this.mustClose = true
    }
    this.idleLimitMs = this.pool.idleLimit(head)
    this.receiver?.onHead(head, this.body.kind)
    return this.receiver === undefined ? -1 : start
  }

  private switchProtocols(head: Http1Head, chunk: Buffer, start: number, end: number): -1 {
    this.kept = undefined
    if (!isOffered(head.get(HEADER.upgrade), this.upgrade))
      return this.refuse('switches to a protocol that was not offered')
    const { receiver } = this
    this.receiver = undefined
    this.deadlines.remove(this)
    this.pool.gone(this)
    receiver?.onSwitch(head, this.link, Buffer.from(chunk.subarray(start, end)))
    return -1
  }

  private finishAnswer(hasLeftover: boolean): void {
    const receiver = this.receiver!
    const { trailers } = this.body
    this.receiver = undefined
    this.inBody = false
    this.answered++
    this.deadlines.clear(this)
    // Only a connection on which both messages were complete can carry another: anything else could answer the wrong request.
    if (this.mustClose || hasLeftover || !this.isRequestDone || this.hasEnded) this.close()
    else this.pool.rest(this)
    receiver.onAnswered(trailers)
  }

  private lossFault(): UpstreamFault {
    if (this.inBody) return 'cut-body'
    return this.partialHead === undefined ? 'no-answer' : 'cut-head'
  }

  private refuse(problem: string): -1 {
    this.fail('malformed', new Error(problem))
    return -1
  }

  private fail(fault: UpstreamFault, error: Error | undefined): void {
    const { receiver } = this
    this.receiver = undefined
    this.close()
    receiver?.onFault(fault, error)
  }
}

/** RFC 9110 §7.8: an upstream may only switch to what the request offered. */
function isOffered(protocol: string | undefined, offered: string): boolean {
  if (protocol === undefined || offered === '') return false
  const folded = protocol.toLowerCase()
  return offered
    .toLowerCase()
    .split(',')
    .some(one => one.trim() === folded)
}
