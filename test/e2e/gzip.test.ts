import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import type { Answer } from '../harness/read-answer.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

const TEXT = 'compress me '.repeat(1000)
const CHUNKED = `Transfer-Encoding: chunked\r\n\r\n${TEXT.length.toString(16)}\r\n${TEXT}\r\n0\r\nX-Sum: 1\r\n\r\n`

let upstream: HttpUpstream
let fabio: RunningFabio
const answers = new Map<string, string>()

before(async () => {
  upstream = await startHttpUpstream(asked => asked.send(answers.get(asked.target) ?? ''))
  fabio = await startFabio({
    routes: `route add svc a.test/ ${upstream.url}\nroute add dead dead.test/ http://127.0.0.1:9/`,
    flags: ['-proxy.gzip.contenttype', '^(text/.*|application/json)(;.*)?$'],
  })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function ask(answer: string, given: { line?: string; lines?: readonly string[] } = {}): Promise<Answer> {
  const { line = 'GET /x HTTP/1.1', lines = ['Accept-Encoding: gzip'] } = given
  answers.set('/x', answer)
  await using client = await RawClient.connect(fabio.port)
  const found = await client.ask(request(line, 'Host: a.test', ...lines))
  assert.equal(found.rest, '')
  return found
}

const withLength = (text: string, ...lines: string[]): string =>
  ['HTTP/1.1 200 OK', 'Content-Type: text/plain', ...lines, `Content-Length: ${text.length}`, '', text].join('\r\n')

function unzipped(answer: Answer): string {
  assert.deepEqual(answer.all('content-encoding'), ['gzip'])
  return gunzipSync(Buffer.from(answer.body, 'latin1')).toString('latin1')
}

describe('an answer is compressed', () => {
  for (const { name, answer, line, text = TEXT } of [
    { name: 'with a length', answer: withLength(TEXT) },
    { name: 'in chunks', answer: `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n${CHUNKED}` },
    { name: 'of another type that is listed', answer: withLength(TEXT).replace('text/plain', 'application/json') },
    { name: 'that is small', answer: withLength('hi'), text: 'hi' },
    { name: 'that is empty', answer: withLength(''), text: '' },
    { name: 'of 2048 bytes', answer: withLength('x'.repeat(2048)), text: 'x'.repeat(2048) },
    { name: 'of 2049 bytes', answer: withLength('x'.repeat(2049)), text: 'x'.repeat(2049) },
    { name: 'for HTTP/1.0', answer: withLength(TEXT), line: 'GET /x HTTP/1.0' },
    { name: 'that is small, for HTTP/1.0', answer: withLength('hi'), line: 'GET /x HTTP/1.0', text: 'hi' },
    { name: 'that is an error', answer: withLength(TEXT).replace('200 OK', '404 Not Found') },
    { name: 'to a POST', answer: withLength(TEXT), line: 'POST /x HTTP/1.1' },
    { name: 'that does not compress', answer: withLength(noise(100_000)), text: noise(100_000) },
  ]) {
    test(name, async () => {
      const found = await ask(answer, line === undefined ? {} : { line })
      assert.ok(unzipped(found) === text)
      assert.deepEqual(found.all('vary'), ['Accept-Encoding'])
    })
  }

  for (const accept of ['gzip', 'deflate, gzip', 'GZIP', 'br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip;q=1', 'x-gzip']) {
    test(`for Accept-Encoding: ${accept}`, async () =>
      assert.equal(unzipped(await ask(withLength(TEXT), { lines: [`Accept-Encoding: ${accept}`] })), TEXT))
  }

  test('and says so: no length but its own, a weak ETag, its trailers', async () => {
    const small = await ask(withLength('hi', 'ETag: "a"'))
    assert.deepEqual([small.header('etag'), small.all('content-length')], ['W/"a"', [String(small.body.length)]])
    const large = await ask(withLength(TEXT, 'ETag: "a"'))
    assert.deepEqual([large.header('etag'), large.all('content-length')], ['W/"a"', []])
    const chunked = await ask(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${CHUNKED}`)
    assert.equal(chunked.trailers, 'X-Sum: 1\r\n')
  })
})

describe('an answer is left alone', () => {
  for (const { name, answer = withLength(TEXT), ...given } of [
    { name: 'for a client that does not say it can', lines: [] },
    { name: 'for a client that refuses', lines: ['Accept-Encoding: gzip;q=0'] },
    { name: 'for a client that refuses with many zeros', lines: ['Accept-Encoding: gzip; q=0.000'] },
    { name: 'for a client that wants something else', lines: ['Accept-Encoding: br, gzipped'] },
    { name: 'for a client that wants events', lines: ['Accept-Encoding: gzip', 'Accept: text/event-stream'] },
    { name: 'that is encoded already', answer: withLength(TEXT, 'Content-Encoding: br') },
    { name: 'of another type', answer: withLength(TEXT).replace('text/plain', 'image/png') },
    { name: 'without a type', answer: withLength(TEXT).replace('Content-Type: text/plain\r\n', '') },
    {
      name: 'that is a part',
      answer: withLength(TEXT, 'Content-Range: bytes 0-11/100').replace('200 OK', '206 Partial Content'),
    },
    { name: 'that is not to be transformed', answer: withLength(TEXT, 'Cache-Control: public, No-Transform') },
  ]) {
    test(name, async () => {
      const found = await ask(answer, given)
      assert.ok(found.body === TEXT)
      assert.notEqual(found.header('content-encoding'), 'gzip')
      assert.deepEqual([found.all('vary'), found.all('content-length')], [['Accept-Encoding'], [String(TEXT.length)]])
    })
  }

  test('to HEAD, with the length it has', async () => {
    const found = await ask(withLength(TEXT).replace(TEXT, ''), { line: 'HEAD /x HTTP/1.1' })
    assert.deepEqual(
      [found.header('content-encoding'), found.header('content-length')],
      [undefined, String(TEXT.length)],
    )
  })

  for (const status of ['204 No Content', '304 Not Modified']) {
    test(status, async () => {
      const found = await ask(`HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\n\r\n`)
      assert.equal(found.header('content-encoding'), undefined)
    })
  }

  test('that is ours', async () => {
    await using client = await RawClient.connect(fabio.port)
    const found = await client.ask(request('GET / HTTP/1.1', 'Host: dead.test', 'Accept-Encoding: gzip'))
    assert.deepEqual([found.status, found.body, found.header('content-encoding')], [502, '', undefined])
    assert.deepEqual(found.all('vary'), ['Accept-Encoding'])
  })

  test('and the Vary of the upstream stays', async () =>
    assert.deepEqual((await ask(withLength(TEXT, 'Vary: Cookie'))).all('vary'), ['Accept-Encoding', 'Cookie']))
})

test('an interim answer does not decide about compression', async () => {
  answers.set('/x', `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${withLength(TEXT)}`)
  await using client = await RawClient.connect(fabio.port)
  client.send(request('GET /x HTTP/1.1', 'Host: a.test', 'Accept-Encoding: gzip'))
  assert.equal((await client.answer()).status, 103)
  assert.equal(unzipped(await client.answer()), TEXT)
})

test('a compressed answer that is cut does not look whole', async () => {
  answers.set(
    '/x',
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n`,
  )
  await using client = await RawClient.connect(fabio.port)
  client.send(request('GET /x HTTP/1.1', 'Host: a.test', 'Accept-Encoding: gzip'))
  assert.doesNotMatch(await client.ended(), /0\r\n\r\n$/)
})

function noise(length: number): string {
  let state = 1
  let text = ''
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    text += String.fromCharCode(state >>> 24)
  }
  return text
}
