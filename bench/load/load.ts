import { routeOf } from '../setup.ts'

/** Requests over HTTP/1.1. */
export interface HttpLoad {
  readonly kind: 'http'
  readonly connections: number
  readonly path: string
  readonly headers?: readonly (readonly [string, string])[]
  /** With one, it is a POST. */
  readonly bodyBytes?: number
  /** Requests sent together on a connection. */
  readonly pipeline?: number
  /** Each request on a connection of its own. */
  readonly closes?: boolean
  /** Over TLS. Only wrk can. */
  readonly isSecure?: boolean
  /** Requests for many of the routes of such a table, in turn, instead of for `path`. */
  readonly table?: { readonly kind: 'paths' | 'hosts'; readonly size: number }
}

/** Messages to the echo and back, one at a time a connection. */
export interface EchoLoad {
  readonly kind: 'websocket' | 'tcp'
  readonly connections: number
  readonly messageBytes: number
}

/** The echo sends as much as is taken. */
export interface BulkLoad {
  readonly kind: 'bulk'
  readonly connections: number
}

/** A whole TLS handshake, a request and its answer, on a connection each. */
export interface HandshakeLoad {
  readonly kind: 'handshakes'
  readonly clients: number
}

/** The ClientHello of `client-hello.ts`, and the answer of whoever it is passed on to, on a connection each. */
export interface HelloLoad {
  readonly kind: 'hello'
  readonly connections: number
}

/** Requests over HTTP/2: in TLS, or calls of gRPC in the clear. */
export interface Http2Load {
  readonly kind: 'http2'
  readonly isGrpc: boolean
  readonly connections: number
  /** Requests under way on a connection. */
  readonly streams: number
}

/** What the generator here can do. */
export type GeneratedLoad = HttpLoad | EchoLoad | BulkLoad

export type Load = GeneratedLoad | HandshakeLoad | HelloLoad | Http2Load

/** What came of a load. An operation is a request, a message, or for bulk a MiB. */
export interface LoadResult {
  readonly operations: number
  readonly seconds: number
  readonly errors: number
}

const MAX_DIFFERENT = 2000

/** A request without its body, as it goes out; a table's load has many. */
export interface HttpMessage {
  readonly head: string
  readonly bodyBytes: number
}

export function httpMessages(load: HttpLoad): HttpMessage[] {
  const { table, bodyBytes = 0 } = load
  const headers = (load.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = load.bodyBytes === undefined ? '' : `Content-Type: text/plain\r\nContent-Length: ${bodyBytes}\r\n`
  const close = load.closes === true ? 'Connection: close\r\n' : ''
  const method = load.bodyBytes === undefined ? 'GET' : 'POST'
  const message = (host: string, path: string): HttpMessage => ({
    head: `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}${length}${close}\r\n`,
    bodyBytes,
  })
  if (table === undefined) return [message('shop.example.test', load.path)]
  return Array.from({ length: MAX_DIFFERENT }, (_, n) => {
    // The step has no factor in common with any size, so that all of a table is visited.
    const { host, path } = routeOf(table.kind, (n * 7919) % table.size)
    return message(host, `${path}items/7`)
  })
}
