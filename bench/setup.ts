/** What a proxy is to be set up for. */
export type Setup =
  /** All requests to the upstream, `/ws` to the echo. */
  | { readonly kind: 'http' }
  /** The same with an access log and metrics. */
  | { readonly kind: 'logged' }
  /** The same on both processors, with as many workers. */
  | { readonly kind: 'workers'; readonly count: number }
  /** So many routes: paths of one host, or hosts. */
  | { readonly kind: 'paths' | 'hosts'; readonly size: number }
  /** A port passed on to the echo. */
  | { readonly kind: 'tcp' }
  /** As `http`, over TLS, with HTTP/2 for those who want it. */
  | { readonly kind: 'https'; readonly key: KeyKind }
  /** Connections that ask for `SERVER_NAME` passed on as they are. */
  | { readonly kind: 'sni' }
  /** Calls of gRPC in the clear. */
  | { readonly kind: 'grpc' }

/** Of the certificate that all peers show: P-256, or RSA with 2048 bits. */
export type KeyKind = 'ecdsa' | 'rsa'

/** Where things listen, and where configuration files go. */
export interface PeerTask {
  readonly setup: Setup
  readonly proxyPort: number
  readonly upstreamPort: number
  readonly echoPort: number
  /** Where a ClientHello gets an answer that wrk understands. */
  readonly helloPort: number
  readonly grpcPort: number
  readonly scratch: string
}

/** What the bench's certificate is for, and what its clients ask for. */
export const SERVER_NAME = 'localhost'

const TABLE_HOST = 'shop.example.test'

/** The host and the path of the nth route of a table. */
export function routeOf(kind: 'paths' | 'hosts', n: number): { readonly host: string; readonly path: string } {
  return kind === 'paths'
    ? { host: TABLE_HOST, path: `/api/v1/service-${n}/` }
    : { host: `shop-${n}.example.test`, path: '/' }
}

/** `small` for a set-up without further facts, `paths-10000` for one with. */
export function setupName(setup: Setup): string {
  if ('size' in setup) return `${setup.kind}-${setup.size}`
  if ('key' in setup) return `${setup.kind}-${setup.key}`
  return 'count' in setup ? `${setup.kind}-${setup.count}` : setup.kind
}
