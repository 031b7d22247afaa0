import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type Ask, type Asked, askHttp1, Http2Client } from '../harness/http-clients.ts'
import { type HttpUpstream, startHttpUpstream, type UpstreamRequest } from '../harness/http-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

// What a client gets, and what an upstream sees of it, does not depend on the version of HTTP it speaks.

const GZIP = 'hello hello hello hello'

const ANSWERS: Readonly<Record<string, string>> = {
  '/length':
    'HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello',
  '/chunks':
    'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: t\r\n\r\n',
  '/close': 'HTTP/1.1 200 OK\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nContent-Length: 1\r\n\r\nx',
  '/empty': 'HTTP/1.1 204 No Content\r\n\r\n',
  '/not-modified': 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 99\r\n\r\n',
  '/early': 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  '/error': 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy',
  '/zip': `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "b"\r\nContent-Length: ${GZIP.length}\r\n\r\n${GZIP}`,
  '/garbage': 'garbage\r\n\r\n',
}
const USUAL = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const CASES: readonly (Asked & { readonly name: string })[] = [
  { name: 'a plain answer with repeated headers', path: '/length' },
  { name: 'a chunked answer with trailers', path: '/chunks' },
  { name: 'headers of one connection only', path: '/close' },
  { name: 'an answer without content', path: '/empty' },
  { name: 'an answer without body that names a length', path: '/not-modified' },
  { name: 'HEAD', method: 'HEAD', path: '/length' },
  { name: 'early hints', path: '/early' },
  { name: 'an error of the upstream', path: '/error' },
  { name: 'an answer that is compressed', path: '/zip', headers: { 'accept-encoding': 'gzip' } },
  { name: 'garbage of the upstream', path: '/garbage' },
  { name: 'a body with its length', method: 'POST', path: '/x', body: 'hello', headers: { 'content-length': '5' } },
  { name: 'a body without length', method: 'PUT', path: '/x', body: 'hello', headers: {} },
  {
    name: 'a body with trailers',
    method: 'POST',
    path: '/x',
    body: 'hello',
    trailers: { 'x-sum': '1', authorization: 'no' },
  },
  { name: 'a path that is cleaned, and its query', path: '/a//b/../c%2Fd?x=%20&y' },
  { name: 'a host of its own', host: 'other.test', path: '/other' },
  { name: 'strip, prepend and host', path: '/strip/x?q=1' },
  {
    name: 'headers of proxies before us',
    headers: { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https', forwarded: 'for=1.2.3.4' },
  },
  {
    name: 'headers of every kind',
    headers: { 'x-one': ['1', '2'], cookie: 'a=1; b=2', te: 'trailers', 'x-latin': 'caf\u00e9' },
  },
  { name: 'no route', host: 'nowhere.test', path: '/none' },
  { name: 'a client that may not come in', path: '/denied' },
  { name: 'credentials of an unknown scheme', path: '/secret' },
  { name: 'a redirect', path: '/moved/x?y=1' },
  { name: 'an upstream that is not there', path: '/dead' },
  { name: 'OPTIONS', method: 'OPTIONS', path: '/x' },
  { name: 'a path that is none', path: '/%zz' },
]

let upstream: HttpUpstream
let fabio: RunningFabio
let http2: Http2Client

before(async () => {
  upstream = await startHttpUpstream(({ target, send, connection }) => {
    send(ANSWERS[target] ?? USUAL)
    if (target === '/garbage') connection.socket.end()
  })
  const to = `http://127.0.0.1:${upstream.port}`
  const routes = [
    ...['a.test', 'other.test'].map(host => `route add svc ${host}/ ${to}/`),
    `route add svc a.test/strip ${to}/?t=1 opts "strip=/strip prepend=/pre host=named.test"`,
    `route add svc a.test/denied ${to}/ opts "deny=ip:127.0.0.0/8"`,
    `route add svc a.test/secret ${to}/ opts "auth=unknown"`,
    `route add svc a.test/moved https://new.test$path opts "redirect=302"`,
    `route add svc a.test/dead http://127.0.0.1:1/`,
  ].join('\n')
  const flags = [
    '-proxy.gzip.contenttype',
    '^text/',
    '-proxy.header.requestid',
    'X-Request-Id',
    '-log.access.target',
    'stdout',
  ]
  fabio = await startFabio({ addr: '127.0.0.1:0;h2c=true', routes, flags })
  http2 = new Http2Client(fabio.url)
})

after(async () => {
  http2[Symbol.dispose]()
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

describe('HTTP/1.1 and HTTP/2 give the same', () => {
  for (const { name, ...asked } of CASES) {
    test(name, async () => {
      const host = asked.host ?? 'a.test'
      const one = await result(askHttp1(fabio.port), { ...asked, host })
      const two = await result(http2.ask, { ...asked, host })
      assert.deepEqual(two, one)
    })
  }
})

test('the access log names the version', async () => {
  await http2.ask({ path: '/logged', host: 'a.test' })
  while (!fabio.output().includes('/logged')) await new Promise(resolve => setTimeout(resolve, 20))
  assert.match(fabio.output(), /"GET \/logged HTTP\/2\.0" 200 2/)
})

/** What came of it at both ends, without what is different each time and what the versions write differently. */
async function result(ask: Ask, asked: Asked): Promise<unknown> {
  const seen = upstream.requests.length
  const answer = await ask(asked)
  return { answer: comparable(answer), seen: upstream.requests.slice(seen).map(seenByUpstream) }
}

function comparable({ status, headers, body, trailers, interim }: Answer): unknown {
  const { date, connection, 'transfer-encoding': _coding, 'keep-alive': _keep, ...rest } = headers
  return {
    status,
    // What is refused has no length in HTTP/1.1: the connection ends with it.
    headers: Object.fromEntries(Object.entries(rest).filter(([name]) => status !== 400 || name !== 'content-length')),
    hasDate: date !== undefined || status >= 400,
    body,
    trailers: Object.fromEntries(Object.entries(trailers)),
    interim,
  }
}

function seenByUpstream({ method, target, head, body, trailers }: UpstreamRequest): unknown {
  const lines = head
    .split('\r\n')
    .slice(1, -2)
    .map(line => line.slice(0, line.indexOf(':')).toLowerCase() + line.slice(line.indexOf(':')))
    .filter(line => !line.startsWith('x-request-id: '))
    .map(line => line.replace('httpproto=http/2.0', 'httpproto=http/1.1'))
    .filter(line => !line.startsWith('trailer:'))
  return { method, target, lines: lines.sort(), body, trailers: trailers.toLowerCase() }
}
