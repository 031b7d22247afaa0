import type { Deadlines } from '../socket/deadlines.ts'
import type { Dialer } from './dial.ts'
import { Http2Upstream } from './http2-upstream.ts'
import type { TlsIdentity } from './upstream-tls.ts'

/** Where sessions lead to, and what makes one fit for a target. */
export interface Http2Address {
  readonly host: string
  readonly port: number
  /** undefined for HTTP/2 in the clear, with prior knowledge (RFC 9113 §3.3). */
  readonly tls: TlsIdentity | undefined
  /** How long requests under way may go on when no target has the address any more, in milliseconds. */
  readonly graceMs: number
}

export interface Http2Limits {
  /** `proxy.dialtimeout`: to connect, and again to say the first word; 0 waits for ever. */
  readonly dialTimeoutMs: number
  /** `proxy.limit.upstreamconns`: connections to one address; 0 is no limit. */
  readonly maxConnections: number
  /** `proxy.responseheadertimeout`; 0 waits for ever. */
  readonly responseHeaderTimeoutMs: number
  /** `proxy.limit.headersize` */
  readonly maxHeadBytes: number
  /** `proxy.limit.headercount` */
  readonly maxHeaders: number
}

/** Someone who waits for a session. */
export interface SessionSeeker {
  /** To be made use of at once: it takes one more request now. */
  onSession(session: Http2Upstream): void
  onNoSession(fault: 'connect' | 'connect-timeout', error: Error | undefined): void
}

/** Requests that wait for one connection that is being made; more make another. */
const MAX_WAITING = 100

/** The HTTP/2 sessions to one address. One is enough until it carries as many streams as its other end takes. */
export class Http2Pool {
  readonly address: Http2Address
  readonly dialer: Dialer
  readonly deadlines: Deadlines
  readonly limits: Http2Limits
  private readonly sessions: Http2Upstream[] = []
  /** Who waits for a stream of a session to end, because there may be no further session. */
  private readonly queue = new Set<SessionSeeker>()
  private isClosed = false

  constructor(address: Http2Address, dialer: Dialer, deadlines: Deadlines, limits: Http2Limits) {
    this.address = address
    this.dialer = dialer
    this.deadlines = deadlines
    this.limits = limits
  }

  /** All that are open or opening. */
  get open(): number {
    return this.sessions.length
  }

  get idleCount(): number {
    return this.sessions.filter(session => session.isReady && session.streams === 0).length
  }

  /** A session that takes another request at once. */
  take(): Http2Upstream | undefined {
    for (const session of this.sessions) if (session.hasRoom) return session
    return undefined
  }

  /** Waits for a session that is being made, makes one, or waits for a stream to end where there may be no more. */
  connect(seeker: SessionSeeker): void {
    const opening = this.sessions.find(
      session => session.isOpening && (session.waiting.size < MAX_WAITING || this.isFull),
    )
    if (opening !== undefined) {
      opening.waiting.add(seeker)
      return
    }
    if (this.isFull) {
      this.queue.add(seeker)
      return
    }
    const session = new Http2Upstream(this)
    session.waiting.add(seeker)
    this.sessions.push(session)
    session.dial()
  }

  /** Nobody waits there any more. */
  leave(seeker: SessionSeeker): void {
    this.queue.delete(seeker)
    for (const session of this.sessions) session.waiting.delete(seeker)
  }

  /** The session is ready, or a stream of it has ended: who waits can have it. */
  serve(session: Http2Upstream): void {
    for (const seeker of this.queue) {
      if (!session.hasRoom) return
      this.queue.delete(seeker)
      seeker.onSession(session)
    }
  }

  /** The session is gone, or takes no more requests. */
  forget(session: Http2Upstream): void {
    const at = this.sessions.indexOf(session)
    if (at === -1) return
    this.sessions.splice(at, 1)
    const queue = [...this.queue]
    this.queue.clear()
    for (const seeker of queue) {
      // There may be another now.
      if (!this.isClosed) this.connect(seeker)
      else seeker.onNoSession('connect', new Error('no target has this address any more'))
    }
  }

  /** A session has been made for an address that nobody has any more. */
  get isAbandoned(): boolean {
    return this.isClosed
  }

  /** No target has this address any more: idle sessions end now, busy ones with their last request or after `graceMs`. */
  close(): void {
    this.isClosed = true
    for (const session of [...this.sessions]) session.finish(this.address.graceMs)
  }

  private get isFull(): boolean {
    const { maxConnections } = this.limits
    return maxConnections > 0 && this.sessions.length >= maxConnections
  }
}
