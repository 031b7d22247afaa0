import type { Link } from '../../socket/link.ts'
import { Splice } from '../../socket/splice.ts'
import type { HttpConnection, ResponseReceiver, UpstreamFault } from '../../upstream/http-connection.ts'
import type { ConnectFault, ConnectionSeeker, HttpPool } from '../../upstream/http-pool.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { ServedTarget } from '../served-target.ts'
import type { HttpContext } from './context.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { fail } from './local-reply.ts'
import { mayRepeat } from './may-repeat.ts'
import { outgoingHead } from './outgoing-head.ts'
import { OutgoingRequest } from './outgoing-request.ts'
import { RecodedBody } from './recode.ts'
import { describeFault, failureOf } from './upstream-failure.ts'
import { upstreamTarget } from './upstream-target.ts'

/** Targets tried for one request: a connect that fails costs nothing but time. */
const MAX_TARGETS = 3
/** A request that must not be done twice goes on a fresh connection rather than on one that has rested longer than this. */
const CAUTIOUS_IDLE_MS = 500
/** How long an upstream may leave `Expect: 100-continue` without a word before we tell the client to go on. */
const CONTINUE_MS = 1000
/** How long one direction of a tunnel may stay open and silent after the other has ended. */
const HALF_OPEN_MS = 300_000

/** Carries one request to an upstream and its answer back, both as streams. */
export class Forward implements Carrier, ResponseReceiver, ConnectionSeeker {
  readonly request: OutgoingRequest
  private readonly exchange: Exchange
  private readonly context: HttpContext
  private target: ServedTarget
  private pool: HttpPool
  private tried: ServedTarget[] | undefined
  private connection: HttpConnection | undefined
  /** The connection that is being opened. */
  private dialing: HttpConnection | undefined
  private mayRepeat: boolean
  private wasReused = false
  private isOver = false
  private recoded: RecodedBody | undefined
  private continueTimer: NodeJS.Timeout | undefined

  constructor(exchange: Exchange, target: ServedTarget, pool: HttpPool, context: HttpContext) {
    const { head } = exchange
    this.exchange = exchange
    this.context = context
    this.target = target
    this.pool = pool
    this.request = new OutgoingRequest(exchange.downstream, head.isChunked, context.requestHeads)
    this.mayRepeat = mayRepeat(head)
  }

  start(): void {
    const { head } = this.exchange
    this.writeHead()
    if (head.find(HEADER.expect) !== -1 && head.hasBody) {
      this.continueTimer = setTimeout(() => this.exchange.downstream.sendContinue(), CONTINUE_MS)
    }
    this.seek()
  }

  // ---- the connection

  onConnection(connection: HttpConnection): void {
    this.use(connection)
    this.request.onBodyBatch()
  }

  onNoConnection(fault: ConnectFault, error: Error | undefined): void {
    this.dialing = undefined
    if (this.isOver) return
    // Nothing was sent, so another target can have the request whatever its method is.
    const next = this.nextTarget()
    if (next?.pool === undefined) return this.give(fault, error)
    this.moveTo(next)
    this.seek()
    if (this.connection !== undefined) this.request.onBodyBatch()
  }

  onUpstreamDrain(): void {
    this.request.onDrain()
  }

  // ---- the answer

  onInformational(head: Http1Head): void {
    if (head.status === 100) this.stopWaitingForContinue()
    // The upstream has begun to work on it.
    this.mayRepeat = false
    this.exchange.downstream.sendInformational(head)
  }

  onHead(head: Http1Head, bodyKind: BodyKind): void {
    const { exchange, context } = this
    this.stopWaitingForContinue()
    this.request.stream()
    exchange.status = head.status
    const additions = context.additions(exchange, head, bodyKind)
    if (additions.isCompressed || additions.isUnpacked) {
      this.recoded = new RecodedBody(exchange, additions, bodyKind, {
        pause: () => this.connection?.link.pause(),
        resume: () => this.connection?.link.resume(),
      })
    }
    exchange.downstream.sendHead(head, bodyKind, additions)
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (this.recoded !== undefined) return this.recoded.write(bytes, from, to)
    this.exchange.bodyBytes += to - from
    this.exchange.downstream.sendBody(bytes, from, to)
  }

  onBatch(): void {
    const { connection, exchange } = this
    if (this.recoded !== undefined) return this.recoded.flush()
    const mayGoOn = exchange.downstream.flush()
    if (connection === undefined) return
    if (!mayGoOn) connection.link.pause()
    if (exchange.downstream.hasPending) connection.link.keepBytes()
  }

  onAnswered(trailers: string): void {
    const { exchange } = this
    this.end()
    if (this.recoded !== undefined) return this.recoded.end(trailers)
    exchange.downstream.sendEnd(trailers)
  }

  onFault(fault: UpstreamFault, error: Error | undefined): void {
    const { exchange } = this
    if (fault === 'no-answer' && this.mayRepeat && this.request.canRepeat && this.repeat()) return
    if (exchange.status === 0) return this.give(fault, error)
    this.cut(this.describe(fault, error))
  }

  onSwitch(head: Http1Head, link: Link, rest: Buffer): void {
    const { exchange, context } = this
    const { downstream, target } = exchange
    this.end()
    exchange.status = 101
    const client = downstream.switchProtocols(head)
    const isWebSocket = exchange.isWebSocket
    if (isWebSocket) context.webSockets.add(1)
    const splice = new Splice(client.link, link, {
      deadlines: context.deadlines,
      halfOpenMs: HALF_OPEN_MS,
      readTimeoutMs: 0,
      writeTimeoutMs: 0,
      onBytesUp: count => target?.sent.add(count),
      onBytesDown: count => {
        exchange.bodyBytes += count
        target?.received.add(count)
      },
      onDone: () => {
        if (isWebSocket) context.webSockets.add(-1)
        client.done()
      },
    })
    splice.start(client.rest, rest)
  }

  // ---- the client

  onDownstreamDrain(): void {
    if (this.recoded !== undefined) this.recoded.resume()
    else this.connection?.link.resume()
  }

  onDownstreamGone(): void {
    const { connection } = this
    this.end()
    this.recoded?.destroy()
    connection?.abandon()
  }

  onBodyTimeout(): void {
    const { connection, exchange, context } = this
    const cause = `client ${exchange.downstream.client.address} did not send its body in time`
    connection?.abandon()
    if (exchange.status !== 0) return this.cut(cause)
    this.end()
    fail(exchange, context, 'client-timeout', cause)
  }

  private seek(): void {
    const connection = this.pool.take(this.mayRepeat ? Number.POSITIVE_INFINITY : CAUTIOUS_IDLE_MS)
    if (connection !== undefined) {
      this.wasReused = true
      return this.use(connection)
    }
    if (this.pool.isFull) return this.give('busy', undefined)
    this.wasReused = false
    this.dialing = this.pool.connect(this)
  }

  private use(connection: HttpConnection): void {
    const { head } = this.exchange
    this.dialing = undefined
    this.connection = connection
    connection.begin(this, {
      isHead: head.method === 'HEAD',
      upgrade: this.exchange.upgrade,
      responseTimeoutMs: this.answerTimeoutMs,
    })
    this.request.attach(connection)
  }

  private get answerTimeoutMs(): number | undefined {
    const { upgradeTimeoutMs } = this.context
    return this.exchange.upgrade !== '' && upgradeTimeoutMs > 0 ? upgradeTimeoutMs : undefined
  }

  private writeHead(): void {
    const { exchange, target } = this
    exchange.sentHost = target.hostBytes ?? exchange.host
    exchange.sentTarget = upstreamTarget(exchange, target)
    const { client } = exchange.downstream
    this.request.setHead(this.context.requestHeads.write(outgoingHead(exchange, target), client))
  }

  /** Another target of the same route that has not been tried, or undefined. */
  private nextTarget(): ServedTarget | undefined {
    this.tried ??= []
    this.tried.push(this.target)
    if (this.tried.length >= MAX_TARGETS) return undefined
    return this.exchange.route?.targets.find(target => target.pool !== undefined && !this.tried?.includes(target))
  }

  /**
   * The request was lost without a byte of an answer, and may be done twice. A kept-alive connection may have been closed by its
   * other end as the request went out: once more, on a fresh one. A fresh one that breaks means that the target has died: another
   * one gets the request, once.
   * @returns false when there is nowhere left to send it
   */
  private repeat(): boolean {
    if (!this.wasReused) {
      const next = this.nextTarget()
      if (next?.pool === undefined) return false
      this.mayRepeat = false
      this.moveTo(next)
    }
    this.wasReused = false
    this.connection = undefined
    this.request.detach()
    this.dialing = this.pool.connect(this)
    return true
  }

  private moveTo(target: ServedTarget): void {
    this.context.log.debug(`upstream ${this.target.authority} is gone, trying ${target.authority}`)
    this.target = target
    if (target.pool !== undefined) this.pool = target.pool
    this.exchange.target = target
    this.writeHead()
  }

  /** There will be no answer: the client gets ours. */
  private give(fault: UpstreamFault | 'busy', error: Error | undefined): void {
    const { exchange, context, target } = this
    this.end()
    if (fault !== 'busy') return fail(exchange, context, failureOf(fault), this.describe(fault, error))
    fail(exchange, context, 'upstream-busy', `all connections to upstream ${target.authority} are busy`)
  }

  private describe(fault: UpstreamFault, error: Error | undefined): string {
    return `upstream ${this.target.authority}: ${error?.message ?? describeFault(fault)}`
  }

  /** The answer has begun, and cannot be completed. */
  private cut(cause: string): void {
    this.context.log.error(`${cause} while its answer was passed on`)
    this.end()
    this.recoded?.destroy()
    this.exchange.downstream.abort()
  }

  private end(): void {
    this.isOver = true
    this.connection = undefined
    // Nobody waits for it: an upstream that takes no connections would have one opening for each client that gave up.
    this.dialing?.link.destroy()
    this.request.detach()
    this.stopWaitingForContinue()
  }

  private stopWaitingForContinue(): void {
    if (this.continueTimer === undefined) return
    clearTimeout(this.continueTimer)
    this.continueTimer = undefined
  }
}
