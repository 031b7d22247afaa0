// What reading and writing heads costs a worker: a head from its bytes, and the head that goes on from that.
// Run: node bench/http1-head.bench.ts
import { RequestHeadWriter } from '../src/proxy/http/request-head.ts'
import { NO_ADDITIONS, responseLines } from '../src/proxy/http/response-head.ts'
import { findHeadEnd, Http1Head } from '../src/wire/http1-head.ts'
import { httpMessages } from './load/load.ts'
import { BROWSER_HEADERS } from './scenario.ts'

const ROUNDS = 25
const PER_ROUND = 20_000
const MAX_HEADERS = 1000
const scratch = Buffer.alloc(16_384)

const CLIENT = { address: '192.0.2.17', port: 52_114, tls: undefined }
const writer = new RequestHeadWriter({
  localIp: '127.0.0.1',
  clientIpHeader: '',
  requestIdHeader: '',
  tlsHeader: '',
  tlsHeaderValue: '',
})

const small = bytesOf({ path: '/small', headers: [] })
const browser = bytesOf({ path: '/catalogue/garden?page=2', headers: BROWSER_HEADERS })
const forwarded = bytesOf({
  path: '/small',
  headers: [
    ['X-Forwarded-For', '198.51.100.7, 203.0.113.9'],
    ['X-Forwarded-Proto', 'https'],
    ['Connection', 'keep-alive, X-Hop'],
    ['X-Hop', '1'],
  ],
})
const smallAnswer = Buffer.from(
  'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 38\r\nConnection: keep-alive\r\n\r\n',
)
const bigAnswer = Buffer.concat([
  smallAnswer.subarray(0, -2),
  Buffer.from(
    `${BROWSER_HEADERS.slice(0, 10)
      .map(([name, value]) => `X-${name}: ${value}\r\n`)
      .join('')}\r\n`,
  ),
])

console.log(`ns of CPU each, best of ${ROUNDS} rounds of ${PER_ROUND}`)
for (const [name, bytes] of [
  ['request, 1 header', small],
  ['request, 20 headers', browser],
  ['request, through proxies', forwarded],
] as const) {
  report(`find end, ${name}`, () => findHeadEnd(bytes, 0, bytes.length))
  const head = new Http1Head()
  report(`parse ${name}`, () => head.parseRequest(bytes, 0, bytes.length, MAX_HEADERS))
  const request = {
    head,
    method: head.method,
    target: head.target,
    host: head.value(0),
    authority: '127.0.0.1:8080',
    strip: undefined,
    requestId: '',
    upgrade: '',
    framing: 'none',
  } as const
  report(`write ${name}`, () => flat(writer.write(request, CLIENT)))
}
for (const [name, bytes] of [
  ['answer, 5 headers', smallAnswer],
  ['answer, 15 headers', bigAnswer],
] as const) {
  const head = new Http1Head()
  report(`parse ${name}`, () => head.parseResponse(bytes, 0, bytes.length, MAX_HEADERS))
  report(`write ${name}`, () => flat(responseLines(head, 11, NO_ADDITIONS)))
}

function bytesOf(load: { path: string; headers: readonly (readonly [string, string])[] }): Buffer {
  return Buffer.from(httpMessages({ kind: 'http', connections: 1, ...load })[0]?.head ?? '', 'latin1')
}

/** The text in one piece, which writing it to a socket makes of it: joined strings cost their copying then. */
function flat(text: string): number {
  return scratch.write(text, 0, 'latin1')
}

function report(name: string, work: () => unknown): void {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.threadCpuUsage()
    for (let n = 0; n < PER_ROUND; n++) work()
    const { user, system } = process.threadCpuUsage(before)
    best = Math.min(best, ((user + system) * 1000) / PER_ROUND)
  }
  console.log(`${name.padEnd(36)} ${best.toFixed(0).padStart(6)}`)
}
