import { type ClientHttp2Stream, constants } from 'node:http2'
import type { Expiring } from '../../socket/deadlines.ts'
import { resetStream } from '../../socket/reset-stream.ts'
import type { UpstreamFault } from '../../upstream/http-connection.ts'
import type { Http2Pool, SessionSeeker } from '../../upstream/http2-pool.ts'
import type { Http2Upstream } from '../../upstream/http2-upstream.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { ServedTarget } from '../served-target.ts'
import type { HttpContext } from './context.ts'
import type { RequestBodySink } from './downstream.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { addLines, answerHead, fieldObject, requestFields, trailerLines } from './http2-head.ts'
import { fail } from './local-reply.ts'
import { outgoingHead } from './outgoing-head.ts'
import { RecodedBody } from './recode.ts'
import { describeFault, failureOf } from './upstream-failure.ts'
import { upstreamTarget } from './upstream-target.ts'

/** Targets tried for one request: a connect that fails costs nothing but time. */
const MAX_TARGETS = 3
/** As much of a body is taken before there is a stream for it, and kept to be sent again where the first upstream refuses it. */
const MAX_KEPT_BYTES = 65_536

/** Carries one request to an upstream over HTTP/2 (`h2=true`), and its answer back, both as streams. */
export class Http2Forward implements Carrier, SessionSeeker, RequestBodySink, Expiring {
  readonly request = this
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly exchange: Exchange
  private readonly context: HttpContext
  private target: ServedTarget
  private pool: Http2Pool
  private readonly tried: ServedTarget[] = []
  private session: Http2Upstream | undefined
  private stream: ClientHttp2Stream | undefined
  private kept: Buffer[] | undefined = []
  private keptBytes = 0
  private requestTrailers: string | undefined
  private trailers = ''
  private isPaused = false
  private wasRefused = false
  private isOver = false
  private recoded: RecodedBody | undefined

  constructor(exchange: Exchange, target: ServedTarget, pool: Http2Pool, context: HttpContext) {
    this.exchange = exchange
    this.context = context
    this.target = target
    this.pool = pool
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
    const { hasBody, isChunked } = exchange.head
    this.session = session
    const stream = session.request(fields, { endStream: !hasBody, waitForTrailers: isChunked })
    this.stream = stream
    this.listen(stream)
    for (const piece of this.kept ?? []) stream.write(piece)
    if (this.requestTrailers !== undefined) this.endRequest(stream)
    else this.takeBody()
  }

  onNoSession(fault: 'connect' | 'connect-timeout', error: Error | undefined): void {
    if (this.isOver) return
    // Nothing was sent, so another target can have the request whatever its method is.
    this.tried.push(this.target)
    const next = this.tried.length < MAX_TARGETS ? this.nextTarget() : undefined
    const pool = next?.http2()
    if (next === undefined || pool === undefined) return this.give(fault, error)
    this.context.log.debug(`upstream ${this.target.authority} is gone, trying ${next.authority}`)
    this.target = next
    this.pool = pool
    this.exchange.target = next
    this.start()
  }

  private nextTarget(): ServedTarget | undefined {
    return this.exchange.route?.targets.find(target => target.options.http2 && !this.tried.includes(target))
  }

  // ---- the request

  onBody(bytes: Buffer, from: number, to: number): void {
    const piece = Buffer.from(bytes.subarray(from, to))
    this.keptBytes += piece.length
    if (this.stream === undefined || this.keptBytes <= MAX_KEPT_BYTES) this.kept?.push(piece)
    else this.kept = undefined
    if (this.stream !== undefined && !this.stream.write(piece)) this.pause()
    else if (this.keptBytes > MAX_KEPT_BYTES && this.stream === undefined) this.pause()
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

  private endRequest(stream: ClientHttp2Stream): void {
    const { responseHeaderTimeoutMs } = this.pool.limits
    if (!stream.writableEnded) stream.end()
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

  private listen(stream: ClientHttp2Stream): void {
    stream.on('headers', (_fields: object, _flags: number, fields: string[]) => {
      const head = answerHead(fields)
      // 100 was ours to say.
      if (typeof head !== 'string' && head.status !== 100 && !this.isOver)
        this.exchange.downstream.sendInformational(head)
    })
    stream.on('response', (_fields: object, _flags: number, fields: string[]) => this.onHead(fields))
    stream.on('data', (bytes: Buffer) => this.onAnswerBody(bytes))
    stream.on('trailers', (_fields: object, _flags: number, fields: string[]) => {
      this.trailers = trailerLines(fields)
    })
    stream.on('end', () => this.onAnswerEnd(stream))
    stream.on('drain', () => this.resume())
    stream.on('wantTrailers', () => {
      const fields: string[] = []
      addLines(fields, this.requestTrailers ?? '')
      stream.sendTrailers(fieldObject(fields))
    })
    stream.on('error', () => {})
    stream.on('close', () => this.onClose(stream))
  }

  private onHead(fields: string[]): void {
    const { exchange, context } = this
    if (this.isOver) return
    context.deadlines.remove(this)
    this.kept = undefined
    const head = answerHead(fields)
    if (typeof head === 'string') return this.refuse(head)
    const bodyKind = bodyKindOf(exchange, head)
    exchange.status = head.status
    const additions = context.additions(exchange, head, bodyKind)
    if (additions.isCompressed || additions.isUnpacked) {
      this.recoded = new RecodedBody(exchange, additions, bodyKind, {
        pause: () => this.stream?.pause(),
        resume: () => this.stream?.resume(),
      })
    }
    exchange.downstream.sendHead(head, bodyKind, additions)
  }

  private onAnswerBody(bytes: Buffer): void {
    const { exchange, recoded } = this
    if (this.isOver) return
    if (recoded !== undefined) {
      recoded.write(bytes, 0, bytes.length)
      return recoded.flush()
    }
    exchange.bodyBytes += bytes.length
    exchange.downstream.sendBody(bytes, 0, bytes.length)
    if (!exchange.downstream.flush()) this.stream?.pause()
  }

  private onAnswerEnd(stream: ClientHttp2Stream): void {
    if (this.isOver || this.exchange.status === 0) return
    // A reset ends the stream too; which of the two it was, `close` tells.
    if (stream.closed && stream.rstCode !== constants.NGHTTP2_NO_ERROR) return
    this.end()
    if (this.recoded !== undefined) return this.recoded.end(this.trailers)
    this.exchange.downstream.sendEnd(this.trailers)
  }

  private onClose(stream: ClientHttp2Stream): void {
    this.session?.ended()
    if (this.isOver || stream !== this.stream) return
    const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
    if (isRefused && this.kept !== undefined && !this.wasRefused) {
      // Nobody has looked at it (RFC 9113 §8.7): once more.
      this.wasRefused = true
      this.stream = undefined
      return this.start()
    }
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
    if (stream === undefined) return
    resetStream(stream, constants.NGHTTP2_CANCEL)
    stream.resume()
  }

  private end(): void {
    this.isOver = true
    this.kept = undefined
    this.context.deadlines.remove(this)
  }
}

function bodyKindOf(exchange: Exchange, { status, contentLength }: Http1Head): BodyKind {
  if (exchange.head.method === 'HEAD' || status === 204 || status === 304) return 'none'
  return contentLength >= 0 ? 'length' : 'chunked'
}
