import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

const LARGE = Array.from({ length: 60_000 }, (_, i) => `${i} `).join('')

let upstream: HttpUpstream
let fabio: RunningFabio

/** What the upstream answers to each path, and whether it hangs up then. */
const answers = new Map<string, { bytes: string; closes?: boolean }>()

before(async () => {
  upstream = await startHttpUpstream(asked => {
    const { bytes, closes = false } = answers.get(asked.target) ?? { bytes: OK }
    asked.send(bytes)
    if (closes) asked.connection.socket.end()
  })
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function chunked(...pieces: string[]): string {
  return [...pieces, ''].map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
}

describe('the body of a request', () => {
  const BODIES = [
    { name: 'no body', lines: [], sent: '', body: '', length: undefined, coding: undefined },
    {
      name: 'an empty body with a length',
      lines: ['Content-Length: 0'],
      sent: '',
      body: '',
      length: '0',
      coding: undefined,
    },
    {
      name: 'a body with a length',
      lines: ['Content-Length: 5'],
      sent: 'hello',
      body: 'hello',
      length: '5',
      coding: undefined,
    },
    {
      name: 'an empty chunked body',
      lines: ['Transfer-Encoding: chunked'],
      sent: chunked(),
      body: '',
      length: undefined,
      coding: 'chunked',
    },
    {
      name: 'a chunked body',
      lines: ['Transfer-Encoding: chunked'],
      sent: chunked('hel', 'lo'),
      body: 'hello',
      length: undefined,
      coding: 'chunked',
    },
    {
      name: 'a body that looks like a request',
      lines: ['Content-Length: 27'],
      sent: 'GET /x HTTP/1.1\r\nHost: b\r\n\r\n'.slice(0, 27),
      body: 'GET /x HTTP/1.1\r\nHost: b\r\n\r\n'.slice(0, 27),
      length: '27',
      coding: undefined,
    },
    {
      name: 'a large body with a length',
      lines: [`Content-Length: ${LARGE.length}`],
      sent: LARGE,
      body: LARGE,
      length: String(LARGE.length),
      coding: undefined,
    },
    {
      name: 'a large chunked body',
      lines: ['Transfer-Encoding: chunked'],
      sent: chunked(LARGE.slice(0, 100_000), LARGE.slice(100_000)),
      body: LARGE,
      length: undefined,
      coding: 'chunked',
    },
  ]

  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'x-own']) {
    test(`${method} with each kind of body, one after the other on one connection`, async () => {
      await using client = await RawClient.connect(fabio.port)
      for (const { name, lines, sent, body, length, coding } of BODIES) {
        const from = upstream.requests.length
        const answer = await client.ask(request(`${method} /req HTTP/1.1`, 'Host: a', ...lines) + sent)
        assert.equal(answer.status, 200, name)
        const [got, ...more] = upstream.requests.slice(from)
        assert.ok(got !== undefined && more.length === 0, name)
        assert.equal(got.method, method)
        assert.ok(got.body === body, `${name} arrives as it was sent`)
        // No body and an empty one are the same; the method says how that is told (RFC 9110 §8.6).
        const empty = ['POST', 'PUT', 'PATCH'].includes(method) ? '0' : undefined
        const expected = [body === '' && coding === undefined ? empty : length, coding]
        assert.deepEqual([got.header('content-length'), got.header('transfer-encoding')], expected, name)
      }
      assert.equal(client.received, '')
    })
  }

  test('a body in a hundred thousand chunks arrives whole, and others are served meanwhile', async () => {
    await using client = await RawClient.connect(fabio.port)
    await using other = await RawClient.connect(fabio.port)
    const count = 100_000
    const first = upstream.requests.length
    client.send(request('POST /many HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
    client.send('1\r\nx\r\n'.repeat(count))
    assert.equal((await other.ask(request('GET /other HTTP/1.1', 'Host: a'))).status, 200)
    client.send('0\r\n\r\n')
    assert.equal((await client.answer('POST', 60_000)).status, 200)
    const arrived = upstream.requests.slice(first).find(({ target }) => target === '/many')
    assert.equal(arrived?.body, 'x'.repeat(count))
  })

  test('a body that comes byte by byte arrives whole', async () => {
    await using client = await RawClient.connect(fabio.port)
    const sent = request('POST /bytes HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + chunked('hello', ' world')
    for (const byte of sent) {
      client.send(byte)
      await new Promise(resolve => setImmediate(resolve))
    }
    await client.answer('POST')
    assert.equal(upstream.requests.at(-1)?.body, 'hello world')
  })
})

describe('the body of an answer', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nServer: up\r\n'
  const LENGTH = `Content-Length: ${LARGE.length}\r\n\r\n`
  for (const { name, bytes, closes = false, body } of [
    { name: 'with a length', bytes: `${HEAD}Content-Length: 5\r\n\r\nhello`, body: 'hello' },
    { name: 'with a length of nothing', bytes: `${HEAD}Content-Length: 0\r\n\r\n`, body: '' },
    { name: 'in chunks', bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked('hel', 'lo')}`, body: 'hello' },
    { name: 'in no chunks', bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked()}`, body: '' },
    { name: 'until the connection ends', bytes: `${HEAD}\r\nhello`, closes: true, body: 'hello' },
    { name: 'until the connection ends, at once', bytes: `${HEAD}\r\n`, closes: true, body: '' },
    { name: 'of HTTP/1.0', bytes: 'HTTP/1.0 200 OK\r\n\r\nhello', closes: true, body: 'hello' },
    {
      name: 'of HTTP/1.0 with a length',
      bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      closes: true,
      body: 'hello',
    },
    { name: 'that is large, with a length', bytes: HEAD + LENGTH + LARGE, body: LARGE },
    {
      name: 'that is large, in chunks',
      bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked(LARGE)}`,
      body: LARGE,
    },
    { name: 'that is large, until the connection ends', bytes: `${HEAD}\r\n${LARGE}`, closes: true, body: LARGE },
  ]) {
    const target = `/${encodeURIComponent(name)}`
    answers.set(target, { bytes, closes })

    test(`${name} reaches HTTP/1.1, which can go on`, async () => {
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 2; i++) {
        const answer = await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a'))
        assert.ok(answer.body === body)
        assert.ok(answer.header('content-length') !== undefined || answer.header('transfer-encoding') === 'chunked')
        assert.equal(answer.header('connection'), undefined)
      }
    })

    test(`${name} reaches HTTP/1.0, which never sees a chunk`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(request(`GET ${target} HTTP/1.0`, 'Host: a'))
      assert.ok(answer.body === body)
      assert.ok(answer.line.startsWith('HTTP/1.0 200'))
      assert.equal(answer.header('transfer-encoding'), undefined)
      await client.ended()
    })

    test(`${name} keeps a connection of HTTP/1.0 when its length is known`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const sent = request(`GET ${target} HTTP/1.0`, 'Host: a', 'Connection: keep-alive')
      const answer = await client.ask(sent)
      assert.ok(answer.body === body)
      const hasLength = answer.header('content-length') !== undefined
      assert.equal(answer.header('connection'), hasLength ? 'keep-alive' : undefined)
      if (hasLength) assert.ok((await client.ask(sent)).body === body)
      else await client.ended()
    })

    test(`${name} is closed behind on request`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a', 'Connection: close'))
      assert.ok(answer.body === body)
      assert.equal(answer.header('connection'), 'close')
      await client.ended()
    })
  }
})

describe('an answer without a body', () => {
  for (const { method = 'GET', bytes, length } of [
    { method: 'HEAD', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', length: '5' },
    { method: 'HEAD', bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' },
    { method: 'HEAD', bytes: 'HTTP/1.1 404 Not Found\r\n\r\n' },
    { bytes: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n' },
    { bytes: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n' },
    { bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', length: '5' },
    { bytes: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', length: '0' },
    { method: 'HEAD', bytes: 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n' },
  ]) {
    const target = `/${encodeURIComponent(method + bytes)}`
    answers.set(target, { bytes })
    test(`${method} and ${JSON.stringify(bytes.slice(9, -2))}: the connection goes on, length ${length}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const connections = upstream.connections.length
      for (let i = 0; i < 3; i++) {
        const answer = await client.ask(request(`${method} ${target} HTTP/1.1`, 'Host: a'))
        assert.deepEqual([answer.all('content-length'), answer.rest], [length === undefined ? [] : [length], ''])
        assert.equal(answer.header('transfer-encoding'), undefined)
        // An invented body would come before this answer.
        assert.equal((await client.ask(request('GET /ok HTTP/1.1', 'Host: a'))).body, 'ok')
      }
      assert.ok(upstream.connections.length <= connections + 1, 'the connection to the upstream goes on too')
    })
  }
})
