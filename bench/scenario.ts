import type { HttpLoad, Load } from './load/load.ts'
import type { Setup } from './setup.ts'

/** One kind of load. Every peer gets the same. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly setup: Setup
  readonly load: Load
  /** What an operation is called. */
  readonly unit: 'requests' | 'connections' | 'messages' | 'calls' | 'MiB'
  /** Are answer times taken too, at half of what the slowest peer takes? */
  readonly isTimed?: boolean
}

/** Scenarios that are measured together, alternating. */
export interface Group {
  readonly name: string
  readonly scenarios: readonly Scenario[]
}

const CONNECTIONS = 32
const SIZES = [10, 1000, 10_000, 100_000]
const HTTP: Setup = { kind: 'http' }

export const BROWSER_HEADERS: readonly (readonly [string, string])[] = [
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cache-Control', 'max-age=0'],
  ['Cookie', 'session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.1.1234567890.1234567890; consent=yes'],
  ['DNT', '1'],
  ['Priority', 'u=0, i'],
  ['Referer', 'https://shop.example.test/category/garden?page=2'],
  ['Sec-CH-UA', '"Chromium";v="156", "Not.A/Brand";v="8"'],
  ['Sec-CH-UA-Mobile', '?0'],
  ['Sec-CH-UA-Platform', '"Linux"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-User', '?1'],
  ['Sec-GPC', '1'],
  ['Upgrade-Insecure-Requests', '1'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  ],
  ['X-Requested-With', 'XMLHttpRequest'],
]

const requests: readonly Scenario[] = [
  http('small-get', 'small GET, keep-alive', { path: '/small' }, { isTimed: true }),
  http(
    'browser-get',
    'GET as a browser sends it (20 headers) and an application answers it (15)',
    { path: '/browser', headers: BROWSER_HEADERS },
    { isTimed: true },
  ),
  http('post-1k', 'POST of 1 KiB', { path: '/small', bodyBytes: 1024 }, { isTimed: true }),
  http('answer-64k', 'answers of 64 KiB', { path: '/64k' }, { isTimed: true }),
  http('answer-1m', 'answers of 1 MiB', { path: '/1m', connections: 16 }),
  http('upload-1m', 'uploads of 1 MiB', { path: '/upload', bodyBytes: 1_048_576, connections: 16 }),
  http('new-connection', 'small GET, a connection each', { path: '/small', closes: true }),
  http('pipelined', 'small GET, 8 sent together', { path: '/small', pipeline: 8 }),
]

const streams: readonly Scenario[] = [
  {
    name: 'websocket',
    title: 'WebSocket, messages of 64 bytes there and back',
    setup: HTTP,
    load: { kind: 'websocket', connections: CONNECTIONS, messageBytes: 64 },
    unit: 'messages',
  },
  {
    name: 'tcp',
    title: 'TCP, messages of 64 bytes there and back',
    setup: { kind: 'tcp' },
    load: { kind: 'tcp', connections: CONNECTIONS, messageBytes: 64 },
    unit: 'messages',
  },
  {
    name: 'tcp-bulk',
    title: 'TCP, as much as goes through',
    setup: { kind: 'tcp' },
    load: { kind: 'bulk', connections: 4 },
    unit: 'MiB',
  },
]

const secure: readonly Scenario[] = [
  {
    ...http('https', 'small GET over TLS, keep-alive', { path: '/small', isSecure: true }),
    setup: { kind: 'https', key: 'ecdsa' },
  },
  {
    name: 'handshakes',
    title: 'small GET, a whole TLS handshake each, ECDSA',
    setup: { kind: 'https', key: 'ecdsa' },
    load: { kind: 'handshakes', clients: 8 },
    unit: 'connections',
  },
  {
    name: 'handshakes-rsa',
    title: 'the same with a key of RSA',
    setup: { kind: 'https', key: 'rsa' },
    load: { kind: 'handshakes', clients: 8 },
    unit: 'connections',
  },
  {
    name: 'tcp-sni',
    title: 'a ClientHello passed on by its server name, a connection each',
    setup: { kind: 'sni' },
    load: { kind: 'hello', connections: CONNECTIONS },
    unit: 'connections',
  },
  {
    name: 'http2',
    title: 'small GET in HTTP/2 over TLS',
    setup: { kind: 'https', key: 'ecdsa' },
    load: { kind: 'http2', isGrpc: false, connections: 8, streams: 16 },
    unit: 'requests',
  },
  {
    name: 'grpc',
    title: 'gRPC, unary calls',
    setup: { kind: 'grpc' },
    load: { kind: 'http2', isGrpc: true, connections: 8, streams: 16 },
    unit: 'calls',
  },
]

export const GROUPS: readonly Group[] = [
  ...[...requests, ...streams, ...secure].map(scenario => ({ name: scenario.name, scenarios: [scenario] })),
  { name: 'paths', scenarios: SIZES.map(size => table('paths', size)) },
  { name: 'hosts', scenarios: SIZES.map(size => table('hosts', size)) },
  {
    name: 'logged',
    scenarios: [
      http('unlogged', 'small GET, without access log and metrics', { path: '/small' }),
      {
        ...http('logged', 'small GET, with access log and metrics', { path: '/small' }),
        setup: { kind: 'logged' },
      },
    ],
  },
  {
    name: 'workers',
    scenarios: [
      {
        ...http('workers', 'small GET, two workers, both processors free for all', { path: '/small', connections: 64 }),
        setup: { kind: 'workers', count: 2 },
      },
    ],
  },
]

function http(
  name: string,
  title: string,
  load: Omit<HttpLoad, 'kind' | 'connections'> & { readonly connections?: number },
  options: { readonly isTimed?: boolean } = {},
): Scenario {
  const setup: Setup = HTTP
  return { name, title, setup, load: { kind: 'http', connections: CONNECTIONS, ...load }, unit: 'requests', ...options }
}

function table(kind: 'paths' | 'hosts', size: number): Scenario {
  const count = size.toLocaleString('en')
  return {
    ...http(`${kind}-${size}`, kind === 'paths' ? `one host with ${count} routes` : `${count} hosts`, {
      path: '/',
      table: { kind, size },
    }),
    setup: { kind, size },
  }
}
