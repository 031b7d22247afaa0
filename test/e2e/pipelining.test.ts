import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

let upstream: HttpUpstream
let fabio: RunningFabio

before(async () => {
  upstream = await startHttpUpstream(({ method, target, body, send }) => {
    const text = `${method} ${target} ${body.length}`
    // Later ones are quicker.
    const delayMs = Math.max(0, 30 - 5 * Number(/\d+/.exec(target)?.[0] ?? 0))
    setTimeout(() => send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`), delayMs)
  })
  const shut = `route add shut /shut ${upstream.url} opts "allow=ip:10.9.8.7"`
  fabio = await startFabio({ routes: `route add svc a.test/ ${upstream.url}\n${shut}` })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const get = (target: string, ...lines: string[]): string => request(`GET ${target} HTTP/1.1`, 'Host: a.test', ...lines)
const post = (target: string, body: string): string =>
  `${request(`POST ${target} HTTP/1.1`, 'Host: a.test', `Content-Length: ${body.length}`)}${body}`
const chunks = (target: string, ...pieces: string[]): string =>
  request(`PUT ${target} HTTP/1.1`, 'Host: a.test', 'Transfer-Encoding: chunked') +
  [...pieces, ''].map(piece => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')

const MIXED = [
  get('/1'),
  post('/2', 'hello'),
  chunks('/3', 'a', 'bc'),
  request('GET / HTTP/1.1', 'Host: none.test'),
  request('POST /shut HTTP/1.1', 'Host: none.test', 'Content-Length: 3').concat('abc'),
  request('OPTIONS * HTTP/1.1', 'Host: a.test'),
  chunks('/4'),
  post('/5', 'x'.repeat(100_000)),
  get('/6'),
]
const EXPECTED = [
  ...['200 GET /1 0', '200 POST /2 5', '200 PUT /3 3', '404 ', '403 access denied\n', '200 ', '200 PUT /4 0'],
  ...['200 POST /5 100000', '200 GET /6 0'],
]

async function takeAnswers(client: RawClient, count: number): Promise<string[]> {
  const answers: string[] = []
  for (let i = 0; i < count; i++) {
    const { status, body } = await client.answer()
    answers.push(`${status} ${body}`)
  }
  return answers
}

describe('pipelined requests', () => {
  test('with bodies and local answers among them are answered in their order', async () => {
    await using client = await RawClient.connect(fabio.port)
    client.send(MIXED.join(''))
    assert.deepEqual(await takeAnswers(client, MIXED.length), EXPECTED)
    assert.equal(client.received, '')
  })

  for (const size of [1, 7, 100, 4096]) {
    test(`mean the same in pieces of ${size}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const all = size < 10 ? MIXED.filter(text => text.length < 1000).join('') : MIXED.join('')
      const expected = size < 10 ? EXPECTED.filter((_, i) => (MIXED[i]?.length ?? 0) < 1000) : EXPECTED
      for (let at = 0; at < all.length; at += size) {
        client.send(all.slice(at, at + size))
        await new Promise(resolve => setImmediate(resolve))
      }
      assert.deepEqual(await takeAnswers(client, expected.length), expected)
    })
  }

  test('behind one that is refused are not looked at', async () => {
    const before = upstream.requests.length
    await using client = await RawClient.connect(fabio.port)
    client.send(get('/1') + get('/2', 'Content-Length: x') + get('/3'))
    assert.deepEqual(await takeAnswers(client, 2), ['200 GET /1 0', '400 400 Bad Request'])
    await client.ended()
    assert.deepEqual([client.received, upstream.requests.length], ['', before + 1])
  })

  test('behind one that closes are not looked at', async () => {
    const before = upstream.requests.length
    await using client = await RawClient.connect(fabio.port)
    client.send(get('/1', 'Connection: close') + get('/2'))
    assert.deepEqual(await takeAnswers(client, 1), ['200 GET /1 0'])
    await client.ended()
    assert.deepEqual([client.received, upstream.requests.length], ['', before + 1])
  })

  test('go to the upstream one after the other, never two at a time', async () => {
    const before = upstream.requests.length
    await using client = await RawClient.connect(fabio.port)
    client.send(Array.from({ length: 50 }, (_, i) => get(`/${10 + i}`)).join(''))
    await takeAnswers(client, 50)
    const got = upstream.requests.slice(before)
    assert.deepEqual(
      got.map(({ target }) => target),
      Array.from({ length: 50 }, (_, i) => `/${10 + i}`),
    )
    assert.equal(new Set(got.map(({ connection }) => connection)).size, 1)
  })

  test('ten thousand small ones are answered', async () => {
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: none.test').repeat(10_000))
    client.send(get('/9', 'Connection: close'))
    const received = await client.ended(30_000)
    assert.equal(received.split('HTTP/1.1 404 ').length - 1, 10_000)
    assert.ok(received.endsWith('GET /9 0'))
  })

  test('may have an empty line between them', async () => {
    await using client = await RawClient.connect(fabio.port)
    client.send(`\r\n${get('/1')}\r\n\r\n${get('/2')}\r\n`)
    assert.deepEqual(await takeAnswers(client, 2), ['200 GET /1 0', '200 GET /2 0'])
    client.send(get('/3'))
    assert.deepEqual(await takeAnswers(client, 1), ['200 GET /3 0'])
  })
})

test('the end of line that some clients send behind a body does not hide that they leave', async () => {
  await using slow = await startHttpUpstream(() => {})
  await using own = await startFabio({ routes: `route add svc / ${slow.url}` })
  const client = await RawClient.connect(own.port)
  client.send(`${post('/x', 'hello')}\r\n`)
  await until('the request arrives', () => slow.requests.length === 1)
  await sleep(50)
  await client[Symbol.asyncDispose]()
  await until('the upstream is left', () => {
    const connection = slow.connections[0]
    return connection !== undefined && (connection.isClosed || connection.hasEnded)
  })
})
