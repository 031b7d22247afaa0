import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  currentDateLine,
  informationalText,
  NO_ADDITIONS,
  type ResponseAdditions,
  responseLines,
  sentFraming,
} from '../../../src/proxy/http/response-head.ts'
import { Http1Head } from '../../../src/wire/http1-head.ts'

const DATE = 'Date: Tue, 15 Nov 1994 08:12:31 GMT'

function parse(statusLine: string, ...lines: string[]): Http1Head {
  const bytes = Buffer.from([statusLine, ...lines, '', ''].join('\r\n'), 'latin1')
  const head = new Http1Head()
  assert.equal(head.parseResponse(bytes, 0, bytes.length, 100), undefined)
  return head
}

function passedOn(lines: readonly string[], additions: Partial<ResponseAdditions> = {}): string[] {
  const text = responseLines(parse('HTTP/1.1 200 OK', DATE, ...lines), 11, { ...NO_ADDITIONS, ...additions })
  const sent = text.split('\r\n').slice(1, -1)
  return sent.filter(line => line !== DATE)
}

describe('the head of an answer', () => {
  test('keeps the lines of the upstream as they are, with repetitions and strange bytes', () => {
    const lines = [
      'Set-Cookie: a=1',
      'set-cookie:  b=2',
      'WWW-Authenticate: Basic',
      'X-Caf\x7c: caf\xe9 \xff',
      'Server: x',
      'X:',
    ]
    assert.deepEqual(passedOn(lines), lines)
  })

  for (const line of [
    'Connection: close',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: x',
    'TE: x',
    'Upgrade: h2c',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'HTTP2-Settings: x',
  ]) {
    test(`does not pass on ${line}`, () => assert.deepEqual(passedOn(['A: 1', line, 'B: 2']), ['A: 1', 'B: 2']))
  }

  test('does not pass on what Connection names, in any case and over several lines', () => {
    const lines = ['Connection: X-One, close', 'X-ONE: 1', 'connection: x-two', 'X-Two: 2', 'X-Three: 3']
    assert.deepEqual(passedOn(lines), ['X-Three: 3'])
  })

  test('announces the trailers of a chunked body, and only of one', () => {
    assert.deepEqual(passedOn(['Trailer: X-Sum', 'Transfer-Encoding: chunked']), ['Trailer: X-Sum'])
    assert.deepEqual(passedOn(['Trailer: X-Sum', 'Content-Length: 0']), [])
  })

  test('does not announce trailers to HTTP/1.0, which has none', () => {
    const head = parse('HTTP/1.1 200 OK', DATE, 'Trailer: X-Sum', 'Transfer-Encoding: chunked')
    assert.doesNotMatch(responseLines(head, 10, NO_ADDITIONS), /trailer/i)
  })

  test('has the version of the client and the reason of the upstream', () => {
    const head = parse('HTTP/1.0 299 Very  Odd \xe9', DATE)
    assert.equal(responseLines(head, 11, NO_ADDITIONS), `HTTP/1.1 299 Very  Odd \xe9\r\n${DATE}\r\n`)
    assert.ok(responseLines(head, 10, NO_ADDITIONS).startsWith('HTTP/1.0 299 '))
  })

  test('gets a date when it has none', () => {
    const text = responseLines(parse('HTTP/1.1 200 OK', 'A: 1'), 11, NO_ADDITIONS)
    assert.match(
      text,
      /^HTTP\/1\.1 200 OK\r\nA: 1\r\nDate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n$/,
    )
    assert.match(currentDateLine(), / GMT\r\n$/)
  })

  test('gets no date when it is 101', () => {
    assert.doesNotMatch(responseLines(parse('HTTP/1.1 101 X'), 11, NO_ADDITIONS), /date/i)
  })

  test("has our Strict-Transport-Security once, in place of the upstream's", () => {
    const sent = ['Strict-Transport-Security: max-age=1', 'A: 1', 'strict-transport-security: max-age=2']
    assert.deepEqual(passedOn(sent, { sts: 'max-age=9' }), ['A: 1', 'Strict-Transport-Security: max-age=9'])
    assert.deepEqual(passedOn(sent), sent)
  })

  test('has the lines that are added before all others', () => {
    assert.deepEqual(passedOn(['Vary: Cookie'], { lines: 'Vary: Accept-Encoding\r\n' }), [
      'Vary: Accept-Encoding',
      'Vary: Cookie',
    ])
  })

  test('that is unpacked has no Content-Encoding, and a weak ETag', () => {
    const lines = ['A: 1', 'Content-Encoding: gzip', 'ETag: "a"', 'B: 2']
    assert.deepEqual(passedOn(lines, { isUnpacked: true }), ['A: 1', 'ETag: W/"a"', 'B: 2'])
  })

  for (const { etag, expected } of [
    { etag: 'ETag: "a"', expected: 'ETag: W/"a"' },
    { etag: 'etag: W/"a"', expected: 'ETag: W/"a"' },
  ]) {
    test(`of a compressed answer has ${expected} for ${etag}`, () => {
      assert.deepEqual(passedOn(['A: 1', etag, 'B: 2'], { isCompressed: true }), ['A: 1', expected, 'B: 2'])
      assert.deepEqual(passedOn([etag]), [etag])
    })
  }
})

test('an interim answer keeps its lines, without those of the connection and without any of ours', () => {
  const head = parse('HTTP/1.1 103 Early Hints', 'Link: </a>; rel=preload', 'Connection: x-a', 'X-A: 1', 'Link: </b>')
  assert.equal(informationalText(head), 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n')
})

for (const { kind, version, additions, framing } of [
  { kind: 'none', version: 11, framing: 'none' },
  { kind: 'none', version: 10, framing: 'none' },
  { kind: 'length', version: 11, framing: 'length' },
  { kind: 'length', version: 10, framing: 'length' },
  { kind: 'chunked', version: 11, framing: 'chunked' },
  { kind: 'chunked', version: 10, framing: 'until-close' },
  { kind: 'until-close', version: 11, framing: 'chunked' },
  { kind: 'until-close', version: 10, framing: 'until-close' },
  { kind: 'length', version: 11, additions: { isCompressed: true }, framing: 'chunked' },
  { kind: 'length', version: 10, additions: { isCompressed: true }, framing: 'until-close' },
  { kind: 'length', version: 10, additions: { isCompressed: true, isWhole: true }, framing: 'whole' },
] as const) {
  const what = additions === undefined ? '' : ` ${Object.keys(additions).join(' ')}`
  test(`a body of kind ${kind}${what} is framed as ${framing} towards HTTP/1.${version - 10}`, () =>
    assert.equal(sentFraming(kind, version, { ...NO_ADDITIONS, ...additions }), framing))
}
