import type { Http2Stream, StreamUser } from '../../http2/stream.ts'
import type { Expiring } from '../../socket/deadlines.ts'
import type { UpstreamFault } from '../../upstream/http-connection.ts'
import type { Http2Pool, SessionSeeker } from '../../upstream/http2-pool.ts'
import type { Http2Upstream } from '../../upstream/http2-upstream.ts'
import { HEADER } from '../../wire/header-names.ts'
import { ERROR } from '../../wire/http2-frames.ts'
import type { ServedTarget } from '../served-target.ts'
import type { HttpContext } from './context.ts'
import type { RequestBodySink } from './downstream.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { flushLater } from './flush-later.ts'
import { addLines, answerBodyKind, answerHead, requestFields, trailerLines } from './http2-head.ts'
import { KeptBody } from './kept-body.ts'
import { fail } from './local-reply.ts'
import { mayRepeat } from './may-repeat.ts'
import { outgoingHead } from './outgoing-head.ts'
import { RecodedBody } from './recode.ts'
import { describeFault, failureOf } from './upstream-failure.ts'
import { upstreamTarget } from './upstream-target.ts'

/** Targets tried for one request: a connect that fails costs nothing but time. */
const MAX_TARGETS = 3

/** Carries one request to an upstream over HTTP/2 (`h2=true`), and its answer back, both as streams. */
export class Http2Forward implements Carrier, SessionSeeker, StreamUser, RequestBodySink, Expiring {
  readonly request = this
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly exchange: Exchange
  private readonly context: HttpContext
  private target: ServedTarget
  private pool: Http2Pool
  private readonly tried: ServedTarget[] = []
  private session: Http2Upstream | undefined
  private stream: Http2Stream | undefined
  private readonly kept = new KeptBody()
  private requestTrailers: string | undefined
  private trailers = ''
  private isPaused = false
  private mayRepeat: boolean
  private hasRepeated = false
  private isOver = false
  private recoded: RecodedBody | undefined

  constructor(exchange: Exchange, target: ServedTarget, pool: Http2Pool, context: HttpContext) {
    this.exchange = exchange
    this.context = context
    this.target = target
    this.pool = pool
    this.mayRepeat = mayRepeat(exchange.head)
  }

  start(): void {
    const session = this.pool.take()
    if (session !== undefined) return this.onSession(session)
    this.pool.connect(this)
  }

  // ---- the session

  onSession(session: Http2Upstream): void {
    if (this.isOver) return
    const { exchange, target, context } = this
    exchange.sentHost = target.hostBytes ?? exchange.host
    exchange.sentTarget = upstreamTarget(exchange, target)
    const text = context.requestHeads.write(outgoingHead(exchange, target), exchange.downstream.client)
    const fields = requestFields(text, this.pool.address.tls === undefined ? 'http' : 'https')
    this.session = session
    const stream = session.request(
      { fields, isWhole: !exchange.head.hasBody, neverIndexed: exchange.downstream.neverIndexed },
      this,
    )
    this.stream = stream
    this.kept.sendTo(stream)
    if (this.requestTrailers !== undefined) this.endRequest(stream)
    else this.takeBody()
  }

  onNoSession(fault: 'connect' | 'connect-timeout', error: Error | undefined): void {
    if (this.isOver) return
    // Nothing was sent, so another target can have the request whatever its method is.
    if (!this.move()) this.give(fault, error)
  }

  /** Starts anew with another target of the route that has not been tried. @returns false when there is none */
  private move(): boolean {
    this.tried.push(this.target)
    if (this.tried.length >= MAX_TARGETS) return false
    const next = this.exchange.route?.targets.find(target => target.options.http2 && !this.tried.includes(target))
    const pool = next?.http2()
    if (next === undefined || pool === undefined) return false
    this.context.log.debug(`upstream ${this.target.authority} is gone, trying ${next.authority}`)
    this.target = next
    this.pool = pool
    this.exchange.target = next
    this.start()
    return true
  }

  /**
   * The connection was lost without a word of the answer, and the request may be done twice. As over HTTP/1.1: one that had served
   * others may have been at its end, so once more; a fresh one that breaks means that the target has died, and another gets it, once.
   */
  private repeat(isFresh: boolean): boolean {
    if (isFresh || this.hasRepeated) {
      this.mayRepeat = false
      return this.move()
    }
    this.hasRepeated = true
    this.start()
    return true
  }

  // ---- the request

  onBody(bytes: Buffer, from: number, to: number): void {
    const { stream, kept } = this
    kept.add(bytes, from, to, { isSent: stream !== undefined })
    if (stream === undefined ? kept.isFull : !stream.write(bytes, from, to)) this.pause()
  }

  onBodyEnd(trailers: string): void {
    this.requestTrailers = this.context.requestHeads.trailers(trailers)
    if (this.stream !== undefined) this.endRequest(this.stream)
  }

  onBodyBatch(): void {}

  /** There is a stream for it: who waits to be asked for a body (RFC 9110 §10.1.1) is asked. */
  private takeBody(): void {
    const { head, downstream } = this.exchange
    if (head.find(HEADER.expect) !== -1 && head.hasBody) downstream.sendContinue()
    this.resume()
  }

  private endRequest(stream: Http2Stream): void {
    const { responseHeaderTimeoutMs } = this.pool.limits
    const trailers: string[] = []
    addLines(trailers, this.requestTrailers ?? '')
    if (trailers.length > 0) stream.sendTrailers(trailers)
    else stream.end()
    this.resume()
    if (responseHeaderTimeoutMs > 0 && this.exchange.status === 0)
      this.context.deadlines.set(this, responseHeaderTimeoutMs)
  }

  private pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.exchange.downstream.pauseBody()
  }

  private resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.exchange.downstream.resumeBody()
  }

  // ---- the answer

  onHead(fields: string[], isWhole: boolean): void {
    const { exchange, context } = this
    if (this.isOver) return
    if (fields[0] === ':status' && fields[1]!.startsWith('1')) return this.onInformational(fields)
    context.deadlines.remove(this)
    this.kept.drop()
    const head = answerHead(fields)
    if (typeof head === 'string') return this.refuse(head)
    const bodyKind = answerBodyKind(exchange.head.method, head)
    exchange.status = head.status
    const additions = context.additions(exchange, head, bodyKind)
    if (additions.isCompressed || additions.isUnpacked) {
      this.recoded = new RecodedBody(exchange, additions, bodyKind, {
        pause: () => this.stream?.pause(),
        resume: () => this.stream?.resume(),
      })
    }
    const neverIndexed = this.stream?.neverIndexed
    const all = neverIndexed === undefined ? additions : { ...additions, neverIndexed }
    exchange.downstream.sendHead(head, bodyKind, all)
    if (isWhole) this.onEnd()
    else if (this.recoded === undefined) flushLater(exchange)
  }

  private onInformational(fields: readonly string[]): void {
    const head = answerHead(fields)
    // The upstream has begun to work on it.
    this.mayRepeat = false
    // 100 was ours to say.
    if (typeof head !== 'string' && head.status !== 100) this.exchange.downstream.sendInformational(head)
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const { exchange, recoded } = this
    if (this.isOver) return
    if (recoded !== undefined) {
      recoded.write(bytes, from, to)
      return recoded.flush()
    }
    exchange.bodyBytes += to - from
    exchange.downstream.sendBody(bytes, from, to)
    if (!exchange.downstream.flush()) this.stream?.pause()
    if (exchange.downstream.hasPending) this.session?.keepBytes()
  }

  onTrailers(fields: string[]): void {
    this.trailers = trailerLines(fields)
  }

  onEnd(): void {
    const { stream } = this
    if (this.isOver || this.exchange.status === 0) return
    this.end()
    // An answer before its time: nobody passes on what is left of the request.
    if (stream?.isEnded === false) stream.reset(ERROR.cancel)
    if (this.recoded !== undefined) return this.recoded.end(this.trailers)
    this.exchange.downstream.sendEnd(this.trailers)
  }

  onDrain(): void {
    this.resume()
  }

  onClosed(code: number): void {
    const { stream } = this
    this.stream = undefined
    if (this.isOver) return
    if (code === ERROR.refusedStream && this.kept.isWhole && !this.hasRepeated) {
      // Nobody has looked at it (RFC 9113 §8.7): once more.
      this.hasRepeated = true
      return this.start()
    }
    const isLost = stream?.isLost === true && code === ERROR.cancel
    if (isLost && this.mayRepeat && this.kept.isWhole && this.repeat(stream.isFirst)) return
    if (this.exchange.status === 0) return this.give('no-answer', undefined)
    this.cut(describeFault('cut-body'))
  }

  onDeadline(): void {
    this.abandon()
    this.give('head-timeout', undefined)
  }

  // ---- the client

  onDownstreamDrain(): void {
    if (this.recoded !== undefined) this.recoded.resume()
    else this.stream?.resume()
  }

  onDownstreamGone(): void {
    this.end()
    this.recoded?.destroy()
    this.abandon()
  }

  onBodyTimeout(): void {
    const { exchange, context } = this
    const cause = `client ${exchange.downstream.client.address} did not send its body in time`
    this.abandon()
    if (exchange.status !== 0) return this.cut(cause)
    this.end()
    fail(exchange, context, 'client-timeout', cause)
  }

  /** The answer is none that may be passed on. */
  private refuse(reason: string): void {
    this.abandon()
    this.give('malformed', new Error(reason))
  }

  private give(fault: UpstreamFault, error: Error | undefined): void {
    const { exchange, context, target } = this
    this.end()
    fail(exchange, context, failureOf(fault), `upstream ${target.authority}: ${error?.message ?? describeFault(fault)}`)
  }

  private cut(cause: string): void {
    this.context.log.error(`upstream ${this.target.authority}: ${cause} while its answer was passed on`)
    this.end()
    this.recoded?.destroy()
    this.exchange.downstream.abort()
  }

  private abandon(): void {
    const { stream } = this
    this.isOver = true
    if (stream === undefined) this.pool.leave(this)
    else stream.reset(ERROR.cancel)
  }

  private end(): void {
    this.isOver = true
    this.kept.drop()
    this.context.deadlines.remove(this)
  }
}
