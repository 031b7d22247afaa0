import type { ProxyConfig } from '../config/config.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Http2Stream } from '../http2/stream.ts'
import { Http2PrefaceReader } from '../listener/http2-preface.ts'
import type { Accepted } from '../listener/listener.ts'
import { GrpcCall } from '../proxy/grpc/call.ts'
import { type CallHead, fieldOf, isGrpcType, readCallHead } from '../proxy/grpc/call-head.ts'
import type { GrpcContext } from '../proxy/grpc/context.ts'
import type { HttpContext } from '../proxy/http/context.ts'
import type { Exchange } from '../proxy/http/exchange.ts'
import { serve } from '../proxy/http/handler.ts'
import type { HeadPool } from '../proxy/http/head-pool.ts'
import { type ClientLimits, Http1Connection, type Http1Host } from '../proxy/http/http1-connection.ts'
import { Http2Connection, type Http2Host, type Http2Limits } from '../proxy/http/http2-connection.ts'
import { Http2Exchange, type Http2ExchangeHost } from '../proxy/http/http2-exchange.ts'
import type { ClientFacts } from '../proxy/http/request-head.ts'
import { TrustedProxies } from '../proxy/http/trusted-proxies.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'
import type { HeadRefusal } from '../wire/http1-head.ts'
import { http2Limits } from './http2-limits.ts'

/** Status of a request whose client left before there was one. */
const CLIENT_CLOSED_REQUEST = 499
const SWITCHING_PROTOCOLS = 101

/** Writes a line for an exchange that an upstream had part in. */
export interface ExchangeLog {
  write(exchange: Exchange, durationMs: number): void
}

export interface HttpServiceParts {
  readonly context: HttpContext
  /** Made with the first gRPC call: its metrics are those of somebody who has gRPC. */
  grpc(): GrpcContext
  readonly heads: HeadPool
  readonly accessLog: ExchangeLog | undefined
  onClosed(): void
}

/** The HTTP connections of one listener: makes them, serves their requests, and counts what became of each. */
export class HttpService implements Http1Host, Http2Host, Http2ExchangeHost {
  readonly deadlines: Deadlines
  readonly heads: HeadPool
  isDraining = false
  private readonly context: HttpContext
  private readonly limits: ClientLimits
  private readonly accessLog: ExchangeLog | undefined
  private readonly connections = new Set<Http1Connection | Http2Connection>()
  private readonly readers = new Set<Http2PrefaceReader>()
  private readonly http2Limits: Http2Limits
  private readonly takesHttp2InClear: boolean
  private readonly trusted: TrustedProxies
  private readonly onClosed: () => void
  private readonly grpc: () => GrpcContext

  constructor(spec: ListenerSpec, config: ProxyConfig, parts: HttpServiceParts) {
    this.context = parts.context
    this.deadlines = parts.context.deadlines
    this.heads = parts.heads
    this.accessLog = parts.accessLog
    this.onClosed = parts.onClosed
    this.grpc = parts.grpc
    const { limit } = config
    this.takesHttp2InClear = spec.h2c
    this.trusted = new TrustedProxies(config)
    this.http2Limits = http2Limits(limit, spec.idleTimeoutMs || spec.readTimeoutMs)
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
    return this.connections.size + this.readers.size
  }

  /** Connections whose end is worth waiting for: a tunnel may stay open for days, so as in the original none is. */
  get waitedFor(): number {
    let count = 0
    for (const connection of this.connections) if (!connection.isTunnel) count++
    return count
  }

  accept({ link, client, tls }: Accepted): LinkUser {
    const facts = this.factsOf(client, tls)
    if (!this.takesHttp2InClear || tls !== undefined) return this.beginHttp1(link, facts)
    const reader = new Http2PrefaceReader(link, this.deadlines, this.limits.headerTimeoutMs, {
      read: (isHttp2, bytes) => {
        this.readers.delete(reader)
        link.user = isHttp2 ? this.beginHttp2(link, facts) : this.beginHttp1(link, facts)
        link.user.onBytes(bytes, bytes.length)
      },
      closed: () => {
        this.readers.delete(reader)
        this.onClosed()
      },
    })
    this.readers.add(reader)
    return reader
  }

  acceptHttp2({ link, client, tls }: Accepted): LinkUser {
    return this.beginHttp2(link, this.factsOf(client, tls))
  }

  private factsOf({ address, port }: Accepted['client'], tls: Accepted['tls']): ClientFacts {
    return { address, port, tls, withdraws: this.trusted.withdrawn(address) }
  }

  private beginHttp1(link: Link, client: ClientFacts): Http1Connection {
    const connection = new Http1Connection(link, client, this, this.limits)
    this.connections.add(connection)
    return connection
  }

  private beginHttp2(link: Link, client: ClientFacts): LinkUser {
    const connection = new Http2Connection(link, client, this, this.http2Limits)
    this.connections.add(connection)
    if (this.isDraining) connection.finish()
    return connection.session
  }

  onStream(connection: Http2Connection, stream: Http2Stream, fields: string[], isWhole: boolean): void {
    const contentType = fieldOf(fields, 'content-type')
    if (contentType !== undefined && isGrpcType(contentType)) {
      const { address, tls } = connection.client
      const metadata = this.trusted.metadata(address, fields)
      const head = readCallHead(metadata)
      if (this.isForGrpc(head, connection.client)) {
        const onClosed = (): void => connection.ended(false)
        const host = head.authority
        const call = {
          stream,
          fields: metadata,
          head,
          host,
          isEmpty: isWhole,
          clientAddress: address,
          isTls: tls !== undefined,
          onClosed,
        }
        return new GrpcCall(call, this.grpc()).start()
      }
    }
    new Http2Exchange(stream, connection, this, this.limits, isWhole).start(fields)
  }

  /** A call, by its type and by the route it would take: to a target of another kind it is a request like any other. */
  private isForGrpc({ path, authority, method }: CallHead, { tls }: ClientFacts): boolean {
    if (method !== 'POST') return false
    const route = this.context.table.lookup(authority, path, tls !== undefined)
    return route?.targets.some(({ scheme }) => scheme === 'grpc' || scheme === 'grpcs') === true
  }

  serve(exchange: Exchange): void {
    try {
      serve(exchange, this.context)
    } catch (cause) {
      // A bug. It costs this request and this connection, nothing else.
      this.failed(cause)
      exchange.downstream.abort()
    }
  }

  failed(cause: unknown): void {
    this.context.log.error(`internal error: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`)
  }

  over(exchange: Exchange): void {
    const { target } = exchange
    if (exchange.startedAt === 0 || target === undefined) return
    const durationMs = performance.now() - exchange.startedAt
    const seconds = durationMs / 1000
    const { counts } = target
    counts.requests.observe(seconds)
    counts.timer.observe(seconds)
    // As in the original a WebSocket has no status and no line: its time is that of the whole tunnel.
    if (exchange.status === SWITCHING_PROTOCOLS) return
    if (exchange.status === 0) exchange.status = CLIENT_CLOSED_REQUEST
    counts.status(exchange.status).observe(seconds)
    this.accessLog?.write(exchange, durationMs)
  }

  refused(refusal: HeadRefusal, client: ClientFacts): void {
    this.context.log.debug(`refused a request of ${client.address}: ${refusal.reason}`)
  }

  switched(): void {
    if (this.isDraining) this.onClosed()
  }

  closed(connection: Http1Connection | Http2Connection): void {
    this.connections.delete(connection)
    this.onClosed()
  }

  /** No further requests: idle connections end now, the others with their answer. */
  drain(): void {
    this.isDraining = true
    for (const connection of this.connections) connection.finish()
    for (const reader of this.readers) reader.destroy()
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy()
    for (const reader of this.readers) reader.destroy()
  }
}
