import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

// Messages at the edge of what is taken: what goes on is written here byte by byte, and can be read in one way only. Lines that
// the router adds about the client are left out of the comparison.

interface Reshaped {
  readonly name: string
  readonly sent: string
  readonly passed: string
}

const HOST = 'Host: a'
const LENGTH = 'Content-Length: 5'
const CHUNKED = 'Transfer-Encoding: chunked'
const LAST = '0\r\n\r\n'

const post = (...lines: string[]): string => request('POST / HTTP/1.1', HOST, ...lines)
const get = (...lines: string[]): string => request('GET / HTTP/1.1', HOST, ...lines)
const BARE = get()
const IN_CHUNKS = post(CHUNKED)
const HELLO = `${IN_CHUNKS}5\r\nhello\r\n${LAST}`

const CHUNKS: readonly Reshaped[] = [
  { name: 'a chunk extension', sent: `${IN_CHUNKS}5;a=b\r\nhello\r\n${LAST}`, passed: HELLO },
  { name: 'a quoted chunk extension', sent: `${IN_CHUNKS}5;a="; 0 \\" b";c\r\nhello\r\n${LAST}`, passed: HELLO },
  { name: 'an extension of the last chunk', sent: `${IN_CHUNKS}5\r\nhello\r\n0;a=b\r\n\r\n`, passed: HELLO },
  { name: 'zeros before a size', sent: `${IN_CHUNKS}00000005\r\nhello\r\n${LAST}`, passed: HELLO },
  { name: 'zeros before the last size', sent: `${IN_CHUNKS}5\r\nhello\r\n0000\r\n\r\n`, passed: HELLO },
  {
    name: 'a size in capitals',
    sent: `${IN_CHUNKS}A\r\n0123456789\r\n${LAST}`,
    passed: `${IN_CHUNKS}a\r\n0123456789\r\n${LAST}`,
  },
  { name: 'Chunked with a capital', sent: `${post('Transfer-Encoding: CHUNKED')}5\r\nhello\r\n${LAST}`, passed: HELLO },
  { name: 'chunked without a blank', sent: `${post('transfer-encoding:chunked')}5\r\nhello\r\n${LAST}`, passed: HELLO },
  {
    name: 'chunks that look like chunks',
    sent: `${IN_CHUNKS}5\r\n0\r\n\r\n\r\n${LAST}`,
    passed: `${IN_CHUNKS}5\r\n0\r\n\r\n\r\n${LAST}`,
  },
  { name: 'trailers', sent: `${IN_CHUNKS}0\r\nX-T:1\r\n\r\n`, passed: `${IN_CHUNKS}0\r\nX-T: 1\r\n\r\n` },
  {
    name: 'a type in the trailers',
    sent: `${IN_CHUNKS}0\r\nContent-Type: b\r\nX-T: 1\r\n\r\n`,
    passed: `${IN_CHUNKS}0\r\nX-T: 1\r\n\r\n`,
  },
  {
    name: 'credentials in the trailers',
    sent: `${IN_CHUNKS}0\r\nAuthorization: b\r\nCookie: c\r\n\r\n`,
    passed: `${IN_CHUNKS}${LAST}`,
  },
  {
    name: 'an address in the trailers',
    sent: `${IN_CHUNKS}0\r\nX-Forwarded-For: 1\r\nForwarded: for=1\r\n\r\n`,
    passed: `${IN_CHUNKS}${LAST}`,
  },
  {
    name: 'Connection in the trailers',
    sent: `${IN_CHUNKS}0\r\nConnection: close\r\nUpgrade: x\r\n\r\n`,
    passed: `${IN_CHUNKS}${LAST}`,
  },
]

const LENGTHS: readonly Reshaped[] = [
  { name: 'zeros before a length', sent: `${post('Content-Length: 005')}hello`, passed: `${post(LENGTH)}hello` },
  { name: 'blanks around a length', sent: `${post('Content-Length: \t 5 \t')}hello`, passed: `${post(LENGTH)}hello` },
  { name: 'a body that looks like chunks', sent: `${post(LENGTH)}${LAST}`, passed: `${post(LENGTH)}${LAST}` },
  { name: 'a length of nothing', sent: post('Content-Length: 0'), passed: post('Content-Length: 0') },
  {
    name: 'GET with a body',
    sent: `${request('GET / HTTP/1.1', HOST, LENGTH)}hello`,
    passed: `${request('GET / HTTP/1.1', HOST, LENGTH)}hello`,
  },
  {
    name: 'DELETE with a body',
    sent: `${request('DELETE / HTTP/1.1', HOST, CHUNKED)}5\r\nhello\r\n${LAST}`,
    passed: `${request('DELETE / HTTP/1.1', HOST, CHUNKED)}5\r\nhello\r\n${LAST}`,
  },
  {
    name: 'OPTIONS with a body',
    sent: `${request('OPTIONS / HTTP/1.1', HOST, LENGTH)}hello`,
    passed: `${request('OPTIONS / HTTP/1.1', HOST, LENGTH)}hello`,
  },
  {
    name: 'TRACE with a body',
    sent: `${request('TRACE / HTTP/1.1', HOST, LENGTH)}hello`,
    passed: `${request('TRACE / HTTP/1.1', HOST, LENGTH)}hello`,
  },
  {
    name: 'a body of HTTP/1.0',
    sent: `${request('POST / HTTP/1.0', HOST, 'Connection: keep-alive', LENGTH)}hello`,
    passed: `${post(LENGTH)}hello`,
  },
  { name: 'a length with a low line', sent: get('Content_Length: 5'), passed: get('Content_Length: 5') },
  {
    name: 'a coding with a low line',
    sent: get('Transfer_Encoding: chunked'),
    passed: get('Transfer_Encoding: chunked'),
  },
  {
    name: 'a longer name',
    sent: get('Content-Length-X: 5', 'X-Transfer-Encoding: chunked'),
    passed: get('Content-Length-X: 5', 'X-Transfer-Encoding: chunked'),
  },
]

const HEADERS: readonly Reshaped[] = [
  {
    name: 'Connection that names the length',
    sent: `${post(LENGTH, 'Connection: Content-Length')}hello`,
    passed: `${post(LENGTH)}hello`,
  },
  {
    name: 'Connection that names the coding',
    sent: `${post('Connection: transfer-encoding', CHUNKED)}5\r\nhello\r\n${LAST}`,
    passed: HELLO,
  },
  { name: 'Connection that names the host', sent: get('Connection: Host'), passed: BARE },
  {
    name: 'Connection that names a header',
    sent: get('X-A: 1', 'Connection: x-a, keep-alive', 'x-A: 2', 'X-B: 3'),
    passed: get('X-B: 3'),
  },
  {
    name: 'headers of the connection',
    sent: get('Keep-Alive: 5', 'Proxy-Connection: keep-alive', 'TE: gzip', 'Upgrade: x', 'Proxy-Authorization: z'),
    passed: BARE,
  },
  {
    name: 'an upgrade to HTTP/2',
    sent: `${post('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__', LENGTH)}hello`,
    passed: `${post(LENGTH)}hello`,
  },
  {
    name: 'an upgrade with a body',
    sent: `${post('Connection: Upgrade', 'Upgrade: websocket', LENGTH)}hello`,
    passed: `${post(LENGTH)}hello`,
  },
  { name: 'bytes above ASCII in a value', sent: get('X-A: caf\xe9 \xff'), passed: get('X-A: caf\xe9 \xff') },
  {
    name: 'empty values',
    sent: get('X-A:', 'X-B: \t '),
    passed: request('GET / HTTP/1.1', HOST, 'X-A:', 'X-B: \t '),
  },
  {
    name: 'the same name many times',
    sent: get('X-A: 1', 'x-a: 2', 'X-A: 1'),
    passed: get('X-A: 1', 'x-a: 2', 'X-A: 1'),
  },
  {
    name: 'names of prototypes',
    sent: get('__proto__: 1', 'constructor: 2', 'toString: 3'),
    passed: get('__proto__: 1', 'constructor: 2', 'toString: 3'),
  },
  { name: 'an empty line before', sent: `\r\n${BARE}`, passed: BARE },
  { name: 'two empty lines before', sent: `\r\n\r\n${BARE}`, passed: BARE },
]

const TARGETS: readonly Reshaped[] = [
  {
    name: 'an absolute target',
    sent: request('GET http://b:81/x?y HTTP/1.1', HOST),
    passed: request('GET /x?y HTTP/1.1', 'Host: b:81'),
  },
  {
    name: 'an absolute target without path',
    sent: request('GET http://b?y HTTP/1.1', HOST),
    passed: request('GET /?y HTTP/1.1', 'Host: b'),
  },
  {
    name: 'an absolute target in capitals',
    sent: request('GET HTTPS://B/x HTTP/1.1', HOST),
    passed: request('GET /x HTTP/1.1', 'Host: B'),
  },
  { name: 'dots', sent: request('GET /a/../b/./c HTTP/1.1', HOST), passed: request('GET /b/c HTTP/1.1', HOST) },
  { name: 'encoded dots', sent: request('GET /a/%2e%2E/b HTTP/1.1', HOST), passed: request('GET /b HTTP/1.1', HOST) },
  {
    name: 'dots beyond the root',
    sent: request('GET /../../b HTTP/1.1', HOST),
    passed: request('GET /b HTTP/1.1', HOST),
  },
  { name: 'slashes', sent: request('GET //b///c HTTP/1.1', HOST), passed: request('GET /b/c HTTP/1.1', HOST) },
  {
    name: 'an encoded slash',
    sent: request('GET /a%2fb HTTP/1.1', HOST),
    passed: request('GET /a%2fb HTTP/1.1', HOST),
  },
  {
    name: 'backslashes',
    sent: request('GET /a\\..\\b HTTP/1.1', HOST),
    passed: request('GET /a%5C..%5Cb HTTP/1.1', HOST),
  },
  {
    name: 'encoded line ends',
    sent: request('GET /a%0d%0aX:%20y HTTP/1.1', HOST),
    passed: request('GET /a%0d%0aX:%20y HTTP/1.1', HOST),
  },
  {
    name: 'an encoded query',
    sent: request('GET /a%3fb?c#'.replace('#', '%23 HTTP/1.1'), HOST),
    passed: request('GET /a%3fb?c%23 HTTP/1.1', HOST),
  },
  {
    name: 'double encoding',
    sent: request('GET /%252e%252e/b HTTP/1.1', HOST),
    passed: request('GET /%252e%252e/b HTTP/1.1', HOST),
  },
  {
    name: 'a parameter',
    sent: request('GET /a;b=c/d HTTP/1.1', HOST),
    passed: request('GET /a;b=c/d HTTP/1.1', HOST),
  },
  {
    name: 'a query with slashes and quotes',
    sent: request('GET /?//../"<> HTTP/1.1', HOST),
    passed: request('GET /?//../"<> HTTP/1.1', HOST),
  },
]

/** Without the lines about the client. */
function withoutForwarding(text: string): string {
  return text.replace(/^(?:X-Forwarded-[A-Za-z]+|X-Real-Ip|Forwarded): .*\r\n/gm, '')
}

const NEXT = request('GET /next HTTP/1.1', HOST)

describe('a request goes on as', () => {
  let upstream: RawUpstream
  let fabio: RunningFabio

  before(async () => {
    upstream = await startRawUpstream(connection => {
      const { received, socket } = connection
      const isChunked = /\r\ntransfer-encoding/i.test(received)
      const length = Number(/\r\nContent-Length: (\d+)/.exec(received)?.[1] ?? 0)
      const behind = received.length - received.indexOf('\r\n\r\n') - 4
      if (received.includes('\r\n\r\n') && (isChunked ? /\r\n0\r\n(.+\r\n)*\r\n$/.test(received) : behind >= length))
        socket.end(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    })
    fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  })

  after(async () => {
    await fabio[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  for (const { name, sent, passed } of [...CHUNKS, ...LENGTHS, ...HEADERS, ...TARGETS]) {
    test(`these bytes and no others: ${name}; what is behind it is the next request`, async () => {
      const first = upstream.connections.length
      await using client = await RawClient.connect(fabio.port)
      client.send(sent + NEXT)
      assert.equal((await client.answer('POST')).status, 200)
      assert.equal((await client.answer()).status, 200)
      const received = upstream.connections.slice(first).map(connection => withoutForwarding(connection.received))
      assert.deepEqual(received, [passed, NEXT])
    })
  }
})

const OK_LINE = 'HTTP/1.1 200 OK\r\n'
const DATE = 'Date: x\r\n'

interface ReshapedAnswer extends Reshaped {
  readonly method?: string
  readonly version?: string
}

const ANSWERS: readonly ReshapedAnswer[] = [
  {
    name: 'a chunk extension',
    sent: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5;a="b;\\"c"\r\nhello\r\n${LAST}`,
    passed: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
  },
  {
    name: 'a size with zeros',
    sent: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n0005\r\nhello\r\n000\r\n\r\n`,
    passed: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
  },
  {
    name: 'CHUNKED',
    sent: `${OK_LINE}${DATE}transfer-encoding:CHUNKED\r\n\r\n5\r\nhello\r\n${LAST}`,
    passed: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
  },
  {
    name: 'trailers',
    sent: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n0\r\nX-T:1\r\nSet-Cookie: a\r\n\r\n`,
    passed: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n0\r\nX-T: 1\r\n\r\n`,
  },
  {
    name: 'a length with zeros',
    sent: `${OK_LINE}Content-Length: 005\r\n${DATE}\r\nhello`,
    passed: `${OK_LINE}${DATE}Content-Length: 5\r\n\r\nhello`,
  },
  {
    name: '204 with a length',
    sent: `HTTP/1.1 204 No Content\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
    passed: `HTTP/1.1 204 No Content\r\n${DATE}\r\n`,
  },
  {
    name: '204 in chunks',
    sent: `HTTP/1.1 204 No Content\r\n${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
    passed: `HTTP/1.1 204 No Content\r\n${DATE}\r\n`,
  },
  {
    name: '304 with a length',
    sent: `HTTP/1.1 304 Not Modified\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
    passed: `HTTP/1.1 304 Not Modified\r\n${DATE}Content-Length: 5\r\n\r\n`,
  },
  {
    name: '304 in chunks',
    sent: `HTTP/1.1 304 Not Modified\r\n${DATE}${CHUNKED}\r\n\r\n${LAST}`,
    passed: `HTTP/1.1 304 Not Modified\r\n${DATE}\r\n`,
  },
  {
    name: '205 with a body',
    sent: `HTTP/1.1 205 Reset Content\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
    passed: `HTTP/1.1 205 Reset Content\r\n${DATE}Content-Length: 5\r\n\r\nhello`,
  },
  {
    name: 'HEAD with a body',
    method: 'HEAD',
    sent: `${OK_LINE}${DATE}Content-Length: 5\r\n\r\nhello`,
    passed: `${OK_LINE}${DATE}Content-Length: 5\r\n\r\n`,
  },
  {
    name: 'HEAD in chunks',
    method: 'HEAD',
    sent: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
    passed: `${OK_LINE}${DATE}\r\n`,
  },
  {
    name: '103 with a length',
    sent: `HTTP/1.1 103 Early Hints\r\nLink: a\r\nContent-Length: 5\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
    passed: `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: '103 in chunks',
    sent: `HTTP/1.1 103 Early Hints\r\n${CHUNKED}\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
    passed: `HTTP/1.1 103 Early Hints\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: '103 with headers of the connection',
    sent: `HTTP/1.1 103 Early Hints\r\nConnection: x-a\r\nX-A: 1\r\nKeep-Alive: 5\r\nX-B: 2\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
    passed: `HTTP/1.1 103 Early Hints\r\nX-B: 2\r\n\r\n${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: 'Connection that names a header',
    sent: `${OK_LINE}X-A: 1\r\n${DATE}Connection: X-A\r\nContent-Length: 0\r\n\r\n`,
    passed: `${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: 'HTTP/1.0 without length',
    sent: `HTTP/1.0 200 OK\r\n${DATE}\r\nhello`,
    passed: `${OK_LINE}${DATE}${CHUNKED}\r\n\r\n5\r\nhello\r\n${LAST}`,
  },
  {
    name: 'no reason',
    sent: `HTTP/1.1 200\r\n${DATE}Content-Length: 0\r\n\r\n`,
    passed: `HTTP/1.1 200 \r\n${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: 'Connection that names the length',
    sent: `${OK_LINE}${DATE}Connection: content-length\r\nContent-Length: 5\r\n\r\nhello`,
    passed: `${OK_LINE}${DATE}Content-Length: 5\r\n\r\nhello`,
  },
  {
    name: 'headers of the connection',
    sent: `${OK_LINE}${DATE}Keep-Alive: 5\r\nUpgrade: h2c\r\nProxy-Connection: x\r\nContent-Length: 0\r\n\r\n`,
    passed: `${OK_LINE}${DATE}Content-Length: 0\r\n\r\n`,
  },
  {
    name: 'cookies',
    sent: `${OK_LINE}Set-Cookie: a=1\r\n${DATE}set-cookie: b=2\r\nContent-Length: 0\r\n\r\n`,
    passed: `${OK_LINE}Set-Cookie: a=1\r\n${DATE}set-cookie: b=2\r\nContent-Length: 0\r\n\r\n`,
  },
  {
    name: 'a body that looks like an answer',
    sent: `${OK_LINE}${DATE}Content-Length: 19\r\n\r\n${OK_LINE}\r\n`,
    passed: `${OK_LINE}${DATE}Content-Length: 19\r\n\r\n${OK_LINE}\r\n`,
  },
  {
    name: 'names of prototypes',
    sent: `${OK_LINE}${DATE}__proto__: a\r\nconstructor: b\r\nContent-Length: 0\r\n\r\n`,
    passed: `${OK_LINE}${DATE}__proto__: a\r\nconstructor: b\r\nContent-Length: 0\r\n\r\n`,
  },
]

describe('an answer goes on as', () => {
  let upstream: RawUpstream
  let fabio: RunningFabio

  before(async () => {
    upstream = await startRawUpstream(({ socket }, piece) => {
      const index = Number(/^\S+ \/(\d+)/.exec(piece)?.[1])
      socket.end(ANSWERS[index]?.sent ?? OK, 'latin1')
    })
    fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  })

  after(async () => {
    await fabio[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })

  for (const [index, { name, passed, method = 'GET' }] of ANSWERS.entries()) {
    test(`these bytes and no others: ${name}; the next answer is right behind them`, async () => {
      await using client = await RawClient.connect(fabio.port)
      client.send(request(`${method} /${index} HTTP/1.1`, HOST) + request('GET /ok HTTP/1.1', HOST))
      const behind = /HTTP\/1\.1 200 OK\r\nDate: [^x].*\r\nContent-Length: 2\r\n\r\nok$/
      const received = await client.until(text => behind.test(text))
      assert.equal(received.replace(behind, ''), passed)
      await until('the upstream is left', () => upstream.connections.every(({ isClosed }) => isClosed))
    })
  }
})
