import type { Deadlines } from '../socket/deadlines.ts'
import { HEADER } from '../wire/header-names.ts'
import { Http1Head } from '../wire/http1-head.ts'
import type { Destination, Dialer } from './dial.ts'
import { HttpConnection, type ResponseLimits } from './http-connection.ts'
import { isTlsFault } from './upstream-tls.ts'

/** Why there is no connection: nothing was sent. */
export type ConnectFault = 'connect' | 'connect-timeout' | 'tls'

export interface PoolLimits extends ResponseLimits {
  /** `proxy.maxconn`: idle connections kept to one address. */
  readonly maxIdle: number
  /** `proxy.idleconntimeout`: how long an idle connection is kept; 0 is for ever. */
  readonly idleTimeoutMs: number
  /** `proxy.limit.upstreamconns`: connections to one address, busy ones included; 0 is no limit. */
  readonly maxConnections: number
}

/** What an upstream is closed before: it says how long it waits, and a request that is under way then is lost. */
const KEEP_ALIVE_MARGIN_MS = 1000

/** Someone who waits for a connection. */
export interface ConnectionSeeker {
  onConnection(connection: HttpConnection): void
  onNoConnection(fault: ConnectFault, error: Error | undefined): void
}

/** The connections to one address. Newest first: the one that rested shortest is the least likely to be closed by its other end. */
export class HttpPool {
  /** Read by one connection at a time, and only during a call. */
  readonly head = new Http1Head()
  readonly destination: Destination
  /** All that are open or opening. */
  open = 0
  private readonly idle: HttpConnection[] = []
  private readonly dialer: Dialer
  private readonly deadlines: Deadlines
  private readonly limits: PoolLimits
  private isClosed = false
  /** Of the last handshake: the next one is shorter. */
  private session: Buffer | undefined

  constructor(destination: Destination, dialer: Dialer, deadlines: Deadlines, limits: PoolLimits) {
    this.destination = destination
    this.dialer = dialer
    this.deadlines = deadlines
    this.limits = limits
  }

  get idleCount(): number {
    return this.idle.length
  }

  get isFull(): boolean {
    return this.limits.maxConnections > 0 && this.open >= this.limits.maxConnections
  }

  /** The freshest idle connection, if there is one that has rested no longer than this. */
  take(maxRestMs: number): HttpConnection | undefined {
    const freshest = this.idle.at(-1)
    if (freshest === undefined) return undefined
    if (maxRestMs !== Number.POSITIVE_INFINITY && performance.now() - freshest.idleSince > maxRestMs) return undefined
    this.idle.pop()
    return freshest
  }

  /** Opens a connection for `seeker`. @returns the connection, which is none before `onConnection`: destroy its link to give up */
  connect(seeker: ConnectionSeeker): HttpConnection {
    const connection = new HttpConnection(this, this.deadlines, this.limits)
    let isConnected = false
    this.open++
    connection.link = this.dialer.dial(
      { ...this.destination, session: this.session },
      {
        onBytes: () => {},
        onEnd: () => {},
        onDrain: () => {},
        onClose: error => {
          this.open--
          if (!isConnected) seeker.onNoConnection(this.faultOf(error), error)
        },
      },
      () => {
        isConnected = true
        connection.link.user = connection
        seeker.onConnection(connection)
      },
    )
    if (this.destination.tls !== undefined) {
      connection.link.socket.on('session', (session: Buffer) => {
        this.session = session
      })
    }
    return connection
  }

  /** The connection has answered and waits for its next request. */
  rest(connection: HttpConnection): void {
    connection.link.share()
    connection.link.resume()
    if (this.isClosed || this.idle.length >= this.limits.maxIdle) return connection.close()
    connection.idleSince = performance.now()
    this.idle.push(connection)
  }

  /** The connection must not be given out any more. */
  forget(connection: HttpConnection): void {
    if (this.idle.length === 0) return
    const at = this.idle.lastIndexOf(connection)
    if (at !== -1) this.idle.splice(at, 1)
  }

  /** The connection is closed. */
  gone(connection: HttpConnection): void {
    this.open--
    this.forget(connection)
  }

  /** Ends what has been idle for too long. Oldest first, and those are at the front. */
  sweep(now: number): void {
    const { idleTimeoutMs } = this.limits
    for (let i = this.idle.length - 1; i >= 0; i--) {
      const connection = this.idle[i]!
      const limit = Math.min(idleTimeoutMs > 0 ? idleTimeoutMs : Number.POSITIVE_INFINITY, connection.idleLimitMs)
      if (now - connection.idleSince >= limit) connection.close()
    }
  }

  /** No target has this address any more: idle connections end now, busy ones after their answer. */
  close(): void {
    this.isClosed = true
    for (const connection of [...this.idle]) connection.close()
  }

  private faultOf(error: NodeJS.ErrnoException | undefined): ConnectFault {
    if (error?.code === 'ETIMEDOUT') return 'connect-timeout'
    if (this.destination.tls === undefined || !isTlsFault(error)) return 'connect'
    // Whatever it was, it may have to do with the session.
    this.session = undefined
    return 'tls'
  }

  /** How long the answer says its connection may rest (`Keep-Alive: timeout=5`), in milliseconds, less a margin. */
  idleLimit(head: Http1Head): number {
    const value = head.get(HEADER.keepAlive)
    if (value === undefined) return Number.POSITIVE_INFINITY
    for (const part of value.split(',')) {
      const [name, text] = part.split('=')
      if (name?.trim().toLowerCase() !== 'timeout' || text === undefined) continue
      const seconds = Number(text.trim())
      if (Number.isFinite(seconds) && seconds >= 0) return Math.max(seconds * 1000 - KEEP_ALIVE_MARGIN_MS, 0)
    }
    return Number.POSITIVE_INFINITY
  }
}
