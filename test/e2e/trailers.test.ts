import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

const TRAILERS = 'X-Sum: 7\r\nX-Time: 1\r\n'
const FORBIDDEN = [
  ...[
    'Authorization: x',
    'Connection: close',
    'Content-Type: x',
    'Content-Encoding: gzip',
    'Cookie: a',
    'Forwarded: for=1',
  ],
  ...['Trailer: X', 'TE: x', 'Upgrade: x', 'Expect: x', 'X-Forwarded-For: 1', 'X-Forwarded-Proto: x', 'X-Real-Ip: 1'],
  ...['Keep-Alive: 1', 'Set-Cookie: a', 'WWW-Authenticate: x', 'Proxy-Authorization: x', 'Content-Range: x'],
]

let upstream: HttpUpstream
let fabio: RunningFabio

before(async () => {
  upstream = await startHttpUpstream(asked => {
    const lines = asked.target === '/filtered' ? `${FORBIDDEN.join('\r\n')}\r\n${TRAILERS}` : TRAILERS
    const announced = asked.target === '/unannounced' ? '' : 'Trailer: X-Sum, X-Time\r\n'
    const head = `HTTP/1.1 200 OK\r\n${announced}Transfer-Encoding: chunked\r\n\r\n`
    asked.send(`${head}5\r\nhello\r\n0\r\n${lines}\r\n`)
  })
  const options = '-proxy.header.clientip X-Client-Ip -proxy.header.requestid X-Request-Id -proxy.header.tls X-Tls'
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: options.split(' ') })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

for (const target of ['/announced', '/unannounced', '/filtered']) {
  test(`trailers of an answer arrive, ${target.slice(1)}, and none that would decide anything`, async () => {
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a', 'TE: trailers'))
    assert.deepEqual([answer.body, answer.trailers], ['hello', TRAILERS])
    assert.equal(answer.header('trailer'), target === '/unannounced' ? undefined : 'X-Sum, X-Time')
    assert.equal((await client.ask(request('GET / HTTP/1.1', 'Host: a'))).body, 'hello')
  })
}

test('HTTP/1.0 gets the body, and hears nothing of trailers', async () => {
  await using client = await RawClient.connect(fabio.port)
  const answer = await client.ask(request('GET /announced HTTP/1.0', 'Host: a'))
  assert.deepEqual([answer.body, answer.header('trailer')], ['hello', undefined])
})

function post(trailers: string): string {
  const head = request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-Sum, X-Time')
  return `${head}5\r\nhello\r\n0\r\n${trailers}\r\n`
}

test('trailers of a request arrive', async () => {
  await using client = await RawClient.connect(fabio.port)
  await client.ask(post(TRAILERS))
  assert.equal(upstream.requests.at(-1)?.trailers, TRAILERS)
  assert.equal(upstream.requests.at(-1)?.header('trailer'), 'X-Sum, X-Time')
})

test('a client cannot say in trailers what it may not say in headers', async () => {
  await using client = await RawClient.connect(fabio.port)
  await client.ask(post(`${FORBIDDEN.join('\r\n')}\r\n${TRAILERS}`))
  assert.equal(upstream.requests.at(-1)?.trailers, TRAILERS)
})

test('nor what the options name as ours', async () => {
  await using client = await RawClient.connect(fabio.port)
  await client.ask(post(`X-Client-Ip: 6.6.6.6\r\nx-request-id: 1\r\nX-TLS: true\r\n${TRAILERS}`))
  assert.equal(upstream.requests.at(-1)?.trailers, TRAILERS)
})
