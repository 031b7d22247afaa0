import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK } from '../harness/raw-upstream.ts'
import { readAnswer } from '../harness/read-answer.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

// What one reader takes for one request and another for two. None of it may reach an upstream, and nothing behind it either.

const HOST = 'Host: a'
const CHUNKED = 'Transfer-Encoding: chunked'
/** What a smuggler wants another reader to take for a request of its own. */
const HIDDEN = request('GET /hidden HTTP/1.1', HOST)

interface Variant {
  readonly name: string
  readonly sent: string
  readonly status: number
}

function post(...lines: string[]): string {
  return request('POST / HTTP/1.1', HOST, ...lines)
}

const LENGTHS: readonly Variant[] = [
  { name: 'a length and chunks', sent: `${post('Content-Length: 6', CHUNKED)}0\r\n\r\n${HIDDEN}`, status: 400 },
  { name: 'chunks and a length', sent: `${post(CHUNKED, 'Content-Length: 6')}0\r\n\r\n${HIDDEN}`, status: 400 },
  { name: 'a length of zero and chunks', sent: `${post('Content-Length: 0', CHUNKED)}0\r\n\r\n`, status: 400 },
  { name: 'two different lengths', sent: `${post('Content-Length: 5', 'Content-Length: 0')}hello`, status: 400 },
  { name: 'two equal lengths', sent: `${post('Content-Length: 5', 'Content-Length: 5')}hello`, status: 400 },
  { name: 'a list of lengths', sent: `${post('Content-Length: 5, 5')}hello`, status: 400 },
  { name: 'a length with a plus', sent: `${post('Content-Length: +5')}hello`, status: 400 },
  { name: 'a negative length', sent: post('Content-Length: -1'), status: 400 },
  { name: 'a hexadecimal length', sent: `${post('Content-Length: 0x5')}hello`, status: 400 },
  { name: 'a length with a point', sent: `${post('Content-Length: 5.0')}hello`, status: 400 },
  { name: 'a length with an exponent', sent: `${post('Content-Length: 5e0')}hello`, status: 400 },
  { name: 'a length with a low line', sent: `${post('Content-Length: 1_0')}0123456789`, status: 400 },
  { name: 'a length in quotes', sent: `${post('Content-Length: "5"')}hello`, status: 400 },
  { name: 'a length of wide digits', sent: `${post('Content-Length: \xb2')}hello`, status: 400 },
  { name: 'a length with a blank inside', sent: `${post('Content-Length: 1 0')}0123456789`, status: 400 },
  { name: 'an empty length', sent: post('Content-Length:'), status: 400 },
  { name: 'a length beyond counting', sent: post('Content-Length: 18446744073709551621'), status: 400 },
  { name: 'a length with a vertical tab', sent: `${post('Content-Length: \x0b5')}hello`, status: 400 },
]

const CODINGS: readonly Variant[] = [
  { name: 'an unknown coding', sent: post('Transfer-Encoding: identity'), status: 501 },
  { name: 'chunked misspelt', sent: post('Transfer-Encoding: xchunked'), status: 501 },
  { name: 'chunked and more', sent: post('Transfer-Encoding: chunked, identity'), status: 501 },
  { name: 'chunked behind another', sent: post('Transfer-Encoding: gzip, chunked'), status: 501 },
  { name: 'chunked twice in a list', sent: post('Transfer-Encoding: chunked, chunked'), status: 501 },
  { name: 'chunked twice in two lines', sent: post(CHUNKED, CHUNKED), status: 400 },
  { name: 'chunked and then nothing', sent: post(CHUNKED, 'Transfer-Encoding:'), status: 400 },
  { name: 'chunked and then another', sent: post(CHUNKED, 'Transfer-Encoding: identity'), status: 400 },
  { name: 'chunked with a parameter', sent: post('Transfer-Encoding: chunked;q=1'), status: 501 },
  { name: 'chunked in quotes', sent: post('Transfer-Encoding: "chunked"'), status: 501 },
  { name: 'chunked behind a comma', sent: post('Transfer-Encoding: ,chunked'), status: 501 },
  { name: 'chunked behind a hard blank', sent: post('Transfer-Encoding: \xa0chunked'), status: 501 },
  { name: 'chunked behind a vertical tab', sent: post('Transfer-Encoding: \x0bchunked'), status: 400 },
  { name: 'chunked before a blank', sent: post('Transfer-Encoding: chunked '), status: 400 },
  { name: 'chunked before a tab', sent: post('Transfer-Encoding: chunked\t'), status: 400 },
  { name: 'chunked behind a tab', sent: post('Transfer-Encoding:\tchunked'), status: 400 },
  { name: 'chunked behind NUL', sent: post('Transfer-Encoding: \0chunked'), status: 400 },
  { name: 'chunked on a folded line', sent: post('Transfer-Encoding:', ' chunked'), status: 501 },
  { name: 'a blank before the colon', sent: `${post('Transfer-Encoding : chunked')}0\r\n\r\n`, status: 400 },
  { name: 'a tab before the colon', sent: `${post('Transfer-Encoding\t: chunked')}0\r\n\r\n`, status: 400 },
  { name: 'a blank before the name', sent: `${post('X: x', ' Transfer-Encoding: chunked')}0\r\n\r\n`, status: 400 },
  { name: 'a control character in the name', sent: post('Transfer\x01-Encoding: chunked'), status: 400 },
  { name: 'NUL behind the name', sent: post('Transfer-Encoding\0: chunked'), status: 400 },
  { name: 'chunks of HTTP/1.0', sent: `${request('POST / HTTP/1.0', HOST, CHUNKED)}0\r\n\r\n`, status: 400 },
]

const LINES: readonly Variant[] = [
  { name: 'LF between lines', sent: `GET / HTTP/1.1\nHost: a\n\n${HIDDEN}`, status: 400 },
  { name: 'LF behind the request line', sent: 'GET / HTTP/1.1\nHost: a\r\n\r\n', status: 400 },
  { name: 'LF within the head', sent: post('X: y\nContent-Length: 5'), status: 400 },
  { name: 'LF LF before the end', sent: `GET / HTTP/1.1\r\nHost: a\n\n${HIDDEN}`, status: 400 },
  { name: 'CR within the head', sent: post('X: y\rContent-Length: 5'), status: 400 },
  { name: 'CR at the beginning of a line', sent: post('\rContent-Length: 5'), status: 400 },
  { name: 'CR before the empty line', sent: `GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n`, status: 400 },
  { name: 'a folded line', sent: post('X: y', '\tContent-Length: 5'), status: 400 },
  { name: 'a first line that is folded', sent: `GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n`, status: 400 },
  { name: 'a line without colon', sent: post('Content-Length'), status: 400 },
  { name: 'a line without name', sent: post(': chunked'), status: 400 },
  { name: 'a name with a blank', sent: post('Content Length: 5'), status: 400 },
  { name: 'a name with a bracket', sent: post('Content-Length[]: 5'), status: 400 },
  { name: 'a name above ASCII', sent: post('Content-L\xe9ngth: 5'), status: 400 },
  { name: 'NUL in a value', sent: post('X: a\0b'), status: 400 },
  { name: 'DEL in a value', sent: post('X: a\x7fb'), status: 400 },
]

const REQUEST_LINES: readonly Variant[] = [
  { name: 'a blank before the method', sent: request(' GET / HTTP/1.1', HOST), status: 400 },
  { name: 'two blanks', sent: request('GET  / HTTP/1.1', HOST), status: 400 },
  { name: 'a blank in the target', sent: request('GET / /x HTTP/1.1', HOST), status: 400 },
  { name: 'a blank behind the version', sent: request('GET / HTTP/1.1 ', HOST), status: 400 },
  { name: 'a tab', sent: request('GET\t/\tHTTP/1.1', HOST), status: 400 },
  { name: 'no version', sent: request('GET /', HOST), status: 400 },
  { name: 'two versions', sent: request('GET / HTTP/1.1 HTTP/1.1', HOST), status: 400 },
  { name: 'version 0.9', sent: request('GET / HTTP/0.9', HOST), status: 505 },
  { name: 'version 2.0', sent: request('GET / HTTP/2.0', HOST), status: 505 },
  { name: 'version 1.2', sent: request('GET / HTTP/1.2', HOST), status: 505 },
  { name: 'the preface of HTTP/2', sent: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 505 },
  { name: 'a version in lower case', sent: request('GET / http/1.1', HOST), status: 400 },
  { name: 'a version with a comma', sent: request('GET / HTTP/1,1', HOST), status: 400 },
  { name: 'a fragment', sent: request('GET /a#b HTTP/1.1', HOST), status: 400 },
  { name: 'a byte above ASCII in the target', sent: request('GET /\xe9 HTTP/1.1', HOST), status: 400 },
  { name: 'NUL in the target', sent: request('GET /a\0b HTTP/1.1', HOST), status: 400 },
  { name: 'a bad escape', sent: request('GET /%zz HTTP/1.1', HOST), status: 400 },
  { name: 'a target that is no path', sent: request('GET a HTTP/1.1', HOST), status: 400 },
  { name: 'a method that is no token', sent: request('G{T / HTTP/1.1', HOST), status: 400 },
  { name: 'CONNECT', sent: request('CONNECT a:443 HTTP/1.1', 'Host: a:443'), status: 404 },
  {
    name: 'CONNECT with a body',
    sent: `${request('CONNECT a:443 HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`,
    status: 404,
  },
  { name: 'bytes of TLS', sent: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', status: 400 },
]

const HOSTS: readonly Variant[] = [
  { name: 'no host', sent: request('GET / HTTP/1.1'), status: 400 },
  { name: 'two hosts', sent: request('GET / HTTP/1.1', HOST, 'Host: b'), status: 400 },
  { name: 'two equal hosts', sent: request('GET / HTTP/1.1', HOST, HOST), status: 400 },
  { name: 'a host with a user', sent: request('GET / HTTP/1.1', 'Host: u@a'), status: 400 },
  { name: 'a host with a path', sent: request('GET / HTTP/1.1', 'Host: a/b'), status: 400 },
  { name: 'a host with a blank', sent: request('GET / HTTP/1.1', 'Host: a b'), status: 400 },
  { name: 'a target with a user', sent: request('GET http://u@a/ HTTP/1.1', HOST), status: 400 },
  { name: 'a target without host', sent: request('GET http:///x HTTP/1.1', HOST), status: 400 },
  { name: 'a target of another scheme', sent: request('GET ftp://a/ HTTP/1.1', HOST), status: 400 },
]

let upstream: HttpUpstream
let fabio: RunningFabio

before(async () => {
  upstream = await startHttpUpstream(asked => asked.send(OK))
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

for (const { subject, variants } of [
  { subject: 'the length', variants: LENGTHS },
  { subject: 'the coding', variants: CODINGS },
  { subject: 'the lines', variants: LINES },
  { subject: 'the request line', variants: REQUEST_LINES },
  { subject: 'the host', variants: HOSTS },
]) {
  describe(`a request with doubts about ${subject}`, () => {
    for (const { name, sent, status } of variants) {
      test(`${name} gets ${status}, ends the connection and reaches nobody`, async () => {
        const before = upstream.requests.length
        await using client = await RawClient.connect(fabio.port)
        client.send(sent + HIDDEN)
        await client.ended()
        const answer = readAnswer(client.received, { hasEnded: true })
        assert.deepEqual([answer?.status, answer?.header('connection'), answer?.rest], [status, 'close', ''])
        assert.equal(upstream.requests.length, before)
      })
    }
  })
}

describe('a chunked body with doubts', () => {
  for (const { name, body } of [
    { name: 'a size with a plus', body: '+5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a size with 0x', body: '0x5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a size behind a blank', body: ' 5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a blank behind a size', body: '5 \r\nhello\r\n0\r\n\r\n' },
    { name: 'a negative size', body: '-5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a size beyond counting', body: 'ffffffffffffffff1\r\nhello\r\n0\r\n\r\n' },
    { name: 'no size', body: '\r\nhello\r\n0\r\n\r\n' },
    { name: 'LF behind a size', body: '5\nhello\r\n0\r\n\r\n' },
    { name: 'LF behind a chunk', body: '5\r\nhello\n0\r\n\r\n' },
    { name: 'LF in an extension', body: `5;\nhello\r\n0\r\n\r\n` },
    { name: 'CR in an extension', body: `5;\rx\r\nhello\r\n0\r\n\r\n` },
    { name: 'an extension behind a blank', body: '5 ;a\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension without a name', body: '5;\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension of two words', body: '5;a b\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension with an open quote', body: '5;a="\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension that goes on behind a quote', body: '5;a="b"c\r\nhello\r\n0\r\n\r\n' },
    { name: 'a bad extension of the last chunk', body: '5\r\nhello\r\n0;a="\r\n\r\n' },
    { name: 'a folded trailer', body: '0\r\nX: y\r\n Content-Length: 5\r\n\r\n' },
    { name: 'NUL in the trailers', body: '0\r\nX: \0\r\n\r\n' },
    { name: 'a blank before the colon of a trailer', body: '0\r\nX : y\r\n\r\n' },
    { name: 'nothing behind a chunk', body: '5\r\nhello0\r\n\r\n' },
    { name: 'a chunk that is too short', body: '6\r\nhello\r\n0\r\n\r\n' },
    { name: 'a length in the trailers', body: '0\r\nContent-Length: 5\r\n\r\n' },
    { name: 'a coding in the trailers', body: '0\r\nTransfer-Encoding: chunked\r\n\r\n' },
    { name: 'a host in the trailers', body: '0\r\nHost: b\r\n\r\n' },
    { name: 'LF in the trailers', body: '0\r\nX: y\nZ: z\r\n\r\n' },
    { name: 'trailers without end', body: `0\r\n${'X: y\r\n'.repeat(3000)}` },
    { name: 'an extension without end', body: `5;${'x'.repeat(10_000)}` },
  ]) {
    test(`${name} gets 400, ends the connection, and the upstream never has a whole request`, async () => {
      const before = upstream.requests.length
      await using client = await RawClient.connect(fabio.port)
      client.send(post(CHUNKED) + body + HIDDEN)
      await client.ended()
      const answer = readAnswer(client.received, { hasEnded: true })
      assert.deepEqual([answer?.status, answer?.header('connection'), answer?.rest], [400, 'close', ''])
      assert.equal(upstream.requests.length, before)
    })
  }
})
