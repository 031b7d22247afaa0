import { constants, type ServerHttp2Stream } from 'node:http2'
import type net from 'node:net'
import type { ProxyConfig } from '../config/config.ts'
import type { Accepted, AcceptedHttp2 } from '../listener/listener.ts'
import { GrpcCall } from '../proxy/grpc/call.ts'
import { isGrpcType, readCallHead } from '../proxy/grpc/call-head.ts'
import type { GrpcContext } from '../proxy/grpc/context.ts'
import { Http2Connection, type Http2Host, type Http2Limits } from '../proxy/http/http2-connection.ts'
import type { ClientFacts } from '../proxy/http/request-head.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import { http2Limits } from './http2-limits.ts'

/** The connections of one gRPC listener, which speaks nothing else. */
export class GrpcService implements Http2Host {
  readonly deadlines: Deadlines
  private readonly context: GrpcContext
  private readonly limits: Http2Limits
  private readonly onClosed: () => void
  private readonly connections = new Set<Http2Connection>()

  constructor(config: ProxyConfig, context: GrpcContext, onClosed: () => void) {
    this.context = context
    this.deadlines = context.deadlines
    this.onClosed = onClosed
    // As in the original `rt`, `wt` and `it` mean nothing here: a channel may rest for hours between calls.
    this.limits = http2Limits(config.limit, 0)
  }

  get size(): number {
    return this.connections.size
  }

  get waitedFor(): number {
    return this.connections.size
  }

  /** Also what came over TLS without saying that it is HTTP/2: here it can be nothing else. */
  accept({ link, client, tls }: Accepted): Http2Connection {
    return this.begin(link.giveAway(undefined), { ...client, tls })
  }

  acceptHttp2({ socket, client, tls }: AcceptedHttp2): void {
    this.begin(socket, { ...client, tls })
  }

  private begin(socket: net.Socket, client: ClientFacts): Http2Connection {
    this.context.metrics.connections.add(1)
    const connection = new Http2Connection(socket, client, this, this.limits)
    this.connections.add(connection)
    return connection
  }

  onStream(connection: Http2Connection, stream: ServerHttp2Stream, fields: string[], flags: number): void {
    const head = readCallHead(fields)
    const onClosed = (): void => connection.ended(false)
    if (!isGrpcType(head.contentType)) return refuse(stream, 415, onClosed)
    if (head.method !== 'POST') return refuse(stream, 405, onClosed)
    const isEmpty = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    const { address } = connection.client
    // As in the original `host:443` is not taken for `host`, whatever the listener speaks.
    const call = { stream, fields, head, host: head.dstHost, isEmpty, clientAddress: address, isTls: false, onClosed }
    new GrpcCall(call, this.context).start()
  }

  failed(cause: unknown): void {
    this.context.log.error(`internal error: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`)
  }

  closed(connection: Http2Connection): void {
    this.connections.delete(connection)
    this.onClosed()
  }

  /** No further calls; those that are under way have until the end of the grace time. */
  drain(): void {
    for (const connection of this.connections) connection.finish()
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy()
  }
}

/** What is no gRPC gets an answer of HTTP, without a body. */
function refuse(stream: ServerHttp2Stream, status: number, onClosed: () => void): void {
  stream.once('close', onClosed)
  stream.on('error', () => {})
  stream.respond({ ':status': status }, { endStream: true })
}
