import type { ProxyConfig } from '../config/config.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Accepted } from '../listener/listener.ts'
import type { HttpContext } from '../proxy/http/context.ts'
import type { Exchange } from '../proxy/http/exchange.ts'
import { serve } from '../proxy/http/handler.ts'
import type { HeadPool } from '../proxy/http/head-pool.ts'
import { type ClientLimits, Http1Connection, type Http1Host } from '../proxy/http/http1-connection.ts'
import type { ClientFacts } from '../proxy/http/request-head.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import type { HeadRefusal } from '../wire/http1-head.ts'

/** Status of a request whose client left before there was one. */
const CLIENT_CLOSED_REQUEST = 499
const SWITCHING_PROTOCOLS = 101

/** Writes a line for an exchange that an upstream had part in. */
export interface ExchangeLog {
  write(exchange: Exchange, durationMs: number): void
}

/** The HTTP connections of one listener: makes them, serves their requests, and counts what became of each. */
export class HttpService implements Http1Host {
  readonly deadlines: Deadlines
  readonly heads: HeadPool
  isDraining = false
  private readonly context: HttpContext
  private readonly limits: ClientLimits
  private readonly accessLog: ExchangeLog | undefined
  private readonly connections = new Set<Http1Connection>()
  private readonly onClosed: () => void

  constructor(
    spec: ListenerSpec,
    config: ProxyConfig,
    parts: { context: HttpContext; heads: HeadPool; accessLog: ExchangeLog | undefined; onClosed: () => void },
  ) {
    this.context = parts.context
    this.deadlines = parts.context.deadlines
    this.heads = parts.heads
    this.accessLog = parts.accessLog
    this.onClosed = parts.onClosed
    const { limit } = config
    this.limits = {
      maxHeadBytes: limit.headerSize,
      maxHeaders: limit.headerCount,
      headerTimeoutMs: limit.headerTimeoutMs,
      readTimeoutMs: spec.readTimeoutMs,
      writeTimeoutMs: spec.writeTimeoutMs,
      idleTimeoutMs: spec.idleTimeoutMs,
    }
  }

  get size(): number {
    return this.connections.size
  }

  /** Connections whose end is worth waiting for: a tunnel may stay open for days, so as in the original none is. */
  get waitedFor(): number {
    let count = 0
    for (const connection of this.connections) if (!connection.isTunnel) count++
    return count
  }

  accept(accepted: Accepted): Http1Connection {
    const { link, client, tls } = accepted
    const facts: ClientFacts = { address: client.address, port: client.port, tls }
    const connection = new Http1Connection(link, facts, this, this.limits)
    this.connections.add(connection)
    return connection
  }

  serve(exchange: Exchange): void {
    try {
      serve(exchange, this.context)
    } catch (cause) {
      // A bug. It costs this request and this connection, nothing else.
      this.context.log.error(
        `internal error: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
      )
      exchange.downstream.abort()
    }
  }

  over(exchange: Exchange): void {
    const { target } = exchange
    if (exchange.startedAt === 0 || target === undefined) return
    const durationMs = performance.now() - exchange.startedAt
    const seconds = durationMs / 1000
    target.requests.observe(seconds)
    target.timer.observe(seconds)
    // As in the original a WebSocket has no status and no line: its time is that of the whole tunnel.
    if (exchange.status === SWITCHING_PROTOCOLS) return
    if (exchange.status === 0) exchange.status = CLIENT_CLOSED_REQUEST
    target.statusTimer(exchange.status).observe(seconds)
    this.accessLog?.write(exchange, durationMs)
  }

  refused(refusal: HeadRefusal, client: ClientFacts): void {
    this.context.log.debug(`refused a request of ${client.address}: ${refusal.reason}`)
  }

  switched(): void {
    if (this.isDraining) this.onClosed()
  }

  closed(connection: Http1Connection): void {
    this.connections.delete(connection)
    this.onClosed()
  }

  /** No further requests: idle connections end now, the others with their answer. */
  drain(): void {
    this.isDraining = true
    for (const connection of this.connections) connection.finish()
  }

  destroy(): void {
    for (const connection of this.connections) connection.link.destroy()
  }
}
