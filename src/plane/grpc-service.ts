import type { ProxyConfig } from '../config/config.ts'
import type { Http2Stream, StreamUser } from '../http2/stream.ts'
import type { Accepted } from '../listener/listener.ts'
import { GrpcCall } from '../proxy/grpc/call.ts'
import { isGrpcType, readCallHead } from '../proxy/grpc/call-head.ts'
import type { GrpcContext } from '../proxy/grpc/context.ts'
import { Http2Connection, type Http2Host, type Http2Limits } from '../proxy/http/http2-connection.ts'
import type { ClientFacts } from '../proxy/http/request-head.ts'
import { TrustedProxies } from '../proxy/http/trusted-proxies.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'
import { http2Limits } from './http2-limits.ts'

/** The connections of one gRPC listener, which speaks nothing else. */
export class GrpcService implements Http2Host {
  readonly deadlines: Deadlines
  private readonly context: GrpcContext
  private readonly limits: Http2Limits
  private readonly trusted: TrustedProxies
  private readonly onClosed: () => void
  private readonly connections = new Set<Http2Connection>()

  constructor(config: ProxyConfig, context: GrpcContext, onClosed: () => void) {
    this.context = context
    this.deadlines = context.deadlines
    this.onClosed = onClosed
    this.trusted = new TrustedProxies(config)
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
  accept({ link, client, tls }: Accepted): LinkUser {
    return this.begin(link, { ...client, tls })
  }

  acceptHttp2(accepted: Accepted): LinkUser {
    return this.accept(accepted)
  }

  private begin(link: Link, client: ClientFacts): LinkUser {
    this.context.metrics.connections.add(1)
    const connection = new Http2Connection(link, client, this, this.limits)
    this.connections.add(connection)
    return connection.session
  }

  onStream(connection: Http2Connection, stream: Http2Stream, received: string[], isWhole: boolean): void {
    const { address } = connection.client
    const fields = this.trusted.metadata(address, received)
    const head = readCallHead(fields)
    const onClosed = (): void => connection.ended(false)
    if (!isGrpcType(head.contentType)) return refuse(stream, 415, onClosed)
    if (head.method !== 'POST') return refuse(stream, 405, onClosed)
    // As in the original `host:443` is not taken for `host`, whatever the listener speaks.
    const call = {
      stream,
      fields,
      head,
      host: head.dstHost,
      isEmpty: isWhole,
      clientAddress: address,
      isTls: false,
      onClosed,
    }
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
function refuse(stream: Http2Stream, status: number, onClosed: () => void): void {
  stream.user = new RefusedCall(onClosed)
  stream.sendHead({ fields: [':status', String(status)], isWhole: true })
}

class RefusedCall implements StreamUser {
  readonly onClosed: () => void

  constructor(onClosed: () => void) {
    this.onClosed = onClosed
  }

  // What the client still sends is not looked at.
  onHead(): void {}
  onData(): void {}
  onTrailers(): void {}
  onEnd(): void {}
  onDrain(): void {}
}
