import type { Verdict } from '../../auth/authenticator.ts'
import type { Http2Stream, StreamUser } from '../../http2/stream.ts'
import type { Route } from '../../route/table.ts'
import type { Expiring } from '../../socket/deadlines.ts'
import type { Http2Pool, SessionSeeker } from '../../upstream/http2-pool.ts'
import type { Http2Upstream } from '../../upstream/http2-upstream.ts'
import { ERROR } from '../../wire/http2-frames.ts'
import { mayComeIn } from '../access.ts'
import { decodePercent, toUtf8Bytes } from '../http/request-target.ts'
import type { ServedTarget } from '../served-target.ts'
import { type CallHead, upstreamFields } from './call-head.ts'
import type { GrpcContext } from './context.ts'
import { Relay, type RelayOwner } from './relay.ts'
import { encodeMessage, GRPC, parseTimeoutMs } from './status.ts'

/** Targets tried for one call: a connect that fails costs nothing but time. */
const MAX_TARGETS = 3
/** How long a client may go on sending when it has its status. */
const LINGER_MS = 1000

/** What a call is, as it was received. */
export interface ReceivedCall {
  readonly stream: Http2Stream
  /** Names and values in turn. */
  readonly fields: readonly string[]
  readonly head: CallHead
  /** The host that routes are looked up with. */
  readonly host: string
  /** There is no message: the stream ended with its fields. */
  readonly isEmpty: boolean
  readonly clientAddress: string
  /** Does `host:443` stand for `host`? */
  readonly isTls: boolean
  /** The call is over. */
  onClosed(): void
}

/** One gRPC call: finds its target, lets it in or not, and has it relayed. */
export class GrpcCall implements StreamUser, SessionSeeker, Expiring, RelayOwner {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly call: ReceivedCall
  private readonly context: GrpcContext
  private readonly relay: Relay
  private readonly startedAt = performance.now()
  private readonly timeoutMs: number | undefined
  private route: Route<ServedTarget> | undefined
  private target: ServedTarget | undefined
  private tried: ServedTarget[] | undefined
  private pending: { cancel(): void } | undefined
  /** Where it waits for a session. */
  private pool: Http2Pool | undefined
  /** The status the client has been given; CANCELLED when it left before there was one. */
  private code: number = GRPC.canceled
  private hasStatus = false
  private wasRefused = false
  private isOver = false

  constructor(call: ReceivedCall, context: GrpcContext) {
    this.call = call
    this.context = context
    this.relay = new Relay(call.stream, call.isEmpty, this, context)
    const { timeout } = call.head
    this.timeoutMs = timeout === undefined ? undefined : parseTimeoutMs(timeout)
    call.stream.user = this
  }

  start(): void {
    const { head, host, clientAddress, isTls } = this.call
    const { context } = this
    if (this.timeoutMs !== undefined) context.deadlines.set(this, this.timeoutMs)
    const queryAt = head.path.indexOf('?')
    const path = decodePercent(queryAt === -1 ? head.path : head.path.slice(0, queryAt))
    if (path === undefined || !path.startsWith('/')) {
      context.log.error(`grpc: error looking up route: malformed method ${head.path}`)
      return this.broken(GRPC.internal, 'internal error')
    }
    if (path.lastIndexOf('/') === 0) return this.broken(GRPC.unimplemented, `malformed method name: "${head.path}"`)
    this.route = context.table.lookup(host, path, isTls)
    if (this.route === undefined) {
      context.metrics.noRoutes.add(1)
      context.log.warn(`grpc: no route found for ${head.path}`)
      return this.broken(GRPC.notFound, 'no route found')
    }
    const target = context.pick(this.route)
    this.target = target
    const { accessRules, auth } = target.options
    if (accessRules !== undefined && !mayComeIn(accessRules, clientAddress, head.forwardedFor)) {
      context.log.info(`grpc: route rules denied access from ${clientAddress} to ${target.url}`)
      return this.broken(GRPC.permissionDenied, 'access denied')
    }
    if (auth === undefined) return this.seek(target)
    this.authenticate(target, auth)
  }

  // ---- who may come in

  private authenticate(target: ServedTarget, scheme: string): void {
    const { authenticator } = this.context
    const { authorization = '' } = this.call.head
    const verdict = authenticator.check(scheme, this.call.head.authorization)
    if (verdict !== undefined) return this.judge(target, scheme, verdict)
    const attempt = { scheme, authorization, client: this.call.clientAddress }
    this.pending = authenticator.verify(attempt, late => {
      this.pending = undefined
      this.judge(target, scheme, late)
    })
  }

  private judge(target: ServedTarget, scheme: string, verdict: Verdict): void {
    if (verdict.kind === 'pass') return this.seek(target)
    if (verdict.kind === 'busy') {
      this.context.log.warn(`grpc: too many credentials for auth scheme '${scheme}' wait to be verified`)
      return this.broken(GRPC.unavailable, 'authorization is busy')
    }
    if (verdict.kind === 'unknown-scheme') this.context.log.error(`unknown auth scheme '${scheme}'`)
    this.broken(GRPC.unauthenticated, 'authorization failed')
  }

  // ---- the session

  private seek(target: ServedTarget): void {
    const pool = target.sessions()
    if (pool === undefined) {
      this.context.log.error(`grpc: target ${target.url} has no address to connect to`)
      return this.broken(GRPC.unavailable, `connection error: no address in ${target.url}`)
    }
    const session = pool.take()
    if (session !== undefined) return this.onSession(session)
    this.call.stream.pause()
    this.pool = pool
    pool.connect(this)
  }

  onSession(session: Http2Upstream): void {
    const { call, target } = this
    this.pool = undefined
    if (this.isOver || target === undefined) return
    const { address } = target.sessions()!
    const isTls = address.tls !== undefined
    const authority =
      target.options.grpcServerName === undefined ? target.authorityBytes : toUtf8Bytes(target.options.grpcServerName)
    this.relay.attach(session, upstreamFields(call.fields, { authority, isTls, timeout: this.timeoutLeft() }))
  }

  onNoSession(_fault: string, error: Error | undefined): void {
    const { target, context } = this
    if (this.isOver || target === undefined) return
    // Nothing was sent, so another target can have the call.
    const next = this.nextTarget(target)
    if (next !== undefined) {
      context.log.debug(`grpc: cannot connect to upstream ${target.authority}, trying ${next.authority}`)
      this.target = next
      return this.seek(next)
    }
    const reason = error?.message ?? 'connection closed'
    context.log.error(`grpc: upstream ${target.authority}: ${reason}`)
    this.broken(GRPC.unavailable, `connection error: desc = "transport: Error while dialing: ${reason}"`)
  }

  private nextTarget(failed: ServedTarget): ServedTarget | undefined {
    this.tried ??= []
    this.tried.push(failed)
    if (this.tried.length >= MAX_TARGETS) return undefined
    return this.route?.targets.find(target => !this.tried?.includes(target))
  }

  /** What is left of the time the client gave, as a header; undefined leaves the client's as it is. */
  private timeoutLeft(): string | undefined {
    const spentMs = performance.now() - this.startedAt
    if (this.timeoutMs === undefined || spentMs < 1) return undefined
    return `${Math.max(Math.ceil(this.timeoutMs - spentMs), 1)}m`
  }

  // ---- the relay

  answered(code: number): void {
    this.code = code
    this.hasStatus = true
    if (this.relay.isReceived) return
    // What the client still sends is thrown away; clients stop when they see the status.
    this.call.stream.resume()
    this.context.deadlines.set(this, LINGER_MS)
  }

  refused(): void {
    const { target } = this
    if (this.wasRefused || this.isOver || target === undefined)
      return this.broken(GRPC.unavailable, 'the upstream refused the stream')
    this.wasRefused = true
    this.seek(target)
  }

  /** The call ends with a status of ours. */
  broken(code: number, message: string): void {
    if (this.isOver || this.hasStatus) return
    this.answered(code)
    const { stream } = this.call
    const status = ['grpc-status', String(code), 'grpc-message', encodeMessage(message)]
    if (!this.relay.isUnanswered) return stream.sendTrailers(status)
    stream.sendHead({ fields: [':status', '200', 'content-type', 'application/grpc', ...status], isWhole: true })
  }

  onDeadline(): void {
    if (this.hasStatus) return this.letGo(this.call.stream)
    this.relay.cancel()
    this.broken(GRPC.deadlineExceeded, 'context deadline exceeded')
  }

  /** The answer is given, and the client has had time for it: with NO_ERROR it keeps what it has got (RFC 9113 §8.1). */
  private letGo(stream: Http2Stream): void {
    // A reset would drop what still waits for the client, the status with it.
    if (stream.pendingBytes > 0) this.context.deadlines.set(this, LINGER_MS)
    else stream.reset(ERROR.noError)
  }

  // ---- the client

  onData(bytes: Buffer, from: number, to: number): void {
    this.relay.onRequestData(bytes, from, to)
  }

  onEnd(): void {
    this.relay.onRequestEnd()
  }

  onDrain(): void {
    this.relay.onTaken()
  }

  // A request has one head, and what stands behind its messages has no meaning.
  onHead(): void {}
  onTrailers(): void {}

  /** The client's stream is closed: it has its answer, or has left. */
  onClosed(): void {
    if (this.isOver) return
    this.isOver = true
    const { context, target } = this
    context.deadlines.remove(this)
    this.pending?.cancel()
    this.pool?.leave(this)
    this.relay.cancel()
    const seconds = (performance.now() - this.startedAt) / 1000
    context.metrics.ended(this.code, seconds)
    target?.timer.observe(seconds)
    this.call.onClosed()
  }
}
