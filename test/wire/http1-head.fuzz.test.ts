import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findHeadEnd, Http1Head } from '../../src/wire/http1-head.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { type NaiveHead, naiveRequest, naiveResponse, valuesOf } from './naive-head.ts'

const MAX_HEADERS = 20

/** Pieces of heads, whole and broken, that random texts are made of. */
const PIECES = [
  ...[
    'GET',
    'POST',
    'G@T',
    ' ',
    '/',
    '/a?b=c',
    '*',
    'http://h/',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/1.2',
    'HTTP/2.0',
    'http/1.1',
  ],
  ...['\r\n', '\r\n', '\r\n', '\r', '\n', '\t', '\0', '\x7f', '\xe9', ':', ': ', ',', ';', '#', '"', '%2f'],
  ...[
    'Host',
    'host: a',
    'Host: a\r\n',
    'Content-Length',
    'Content-Length: 5\r\n',
    'Transfer-Encoding',
    'chunked',
    'gzip',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Connection: close, x-a\r\n',
    'Expect: 100-continue\r\n',
    'Expect: x\r\n',
    'X-A',
    'x',
  ],
  ...[
    '200',
    '99',
    ' OK',
    'HTTP/1.1 200 OK\r\n',
    'GET / HTTP/1.1\r\n',
    '0',
    '1',
    '+5',
    '-1',
    '5, 5',
    '999999999999999999',
  ],
]

const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary-ascii', maxLength: 3 }))
const requestLine = fc.constantFrom(
  'GET / HTTP/1.1',
  'GET /a//b?c HTTP/1.0',
  'DELETE http://a/ HTTP/1.1',
  'X \\|` HTTP/1.1',
)
const headerName = fc.constantFrom(
  'Host',
  'HOST',
  'content-length',
  'Transfer-Encoding',
  'transfer-encoding',
  'X-A',
  'Expect',
)
const headerValue = fc.oneof(
  fc.constantFrom('a', '', '5', '005', 'chunked', 'Chunked', 'close', '100-continue', 'caf\xe9', ' \t padded \t'),
  fc.string({ unit: 'binary-ascii', maxLength: 4 }),
)
const headerLine = fc
  .tuple(headerName, fc.constantFrom(':', ': ', ' :', ':\t'), headerValue)
  .map(parts => parts.join(''))

/** Mostly right, so that many are taken and many are only just not. */
const nearlyRequest = fc
  .tuple(requestLine, fc.array(headerLine, { maxLength: 6 }), fc.array(fc.tuple(fc.nat(200), piece), { maxLength: 2 }))
  .map(([line, headers, insertions]) => {
    let text = [line, 'Host: a', ...headers, '', ''].join('\r\n')
    for (const [at, inserted] of insertions) text = text.slice(0, at) + inserted + text.slice(at)
    return text
  })

const anyText = fc.oneof(
  nearlyRequest,
  fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join('')),
  nearlyRequest.map(text => text.replace(/^[^\r]*/, 'HTTP/1.1 200 OK')),
)

/** Cut behind the first empty line, as both parsers want their heads. */
function upToEmptyLine(text: string): string {
  const whole = `${text}\r\n\r\n`
  return whole.slice(0, whole.indexOf('\r\n\r\n') + 4)
}

function parse(
  kind: 'parseRequest' | 'parseResponse',
  text: string,
  before: string,
  after: string,
): Http1Head | undefined {
  const bytes = Buffer.from(before + text + after, 'latin1')
  const head = new Http1Head()
  return head[kind](bytes, before.length, before.length + text.length, MAX_HEADERS) === undefined ? head : undefined
}

function isSame(head: Http1Head, model: NaiveHead): void {
  assert.equal(head.version, model.version)
  assert.equal(head.text, [model.startLine, ...headLines(head), ''].join('\r\n'), 'the lines are not all of the head')
  const headers = Array.from({ length: head.count }, (_, i) => [head.name(i), head.value(i)])
  assert.deepEqual(headers, model.headers)
  const [length] = valuesOf(model, 'content-length')
  assert.equal(head.contentLength, length === undefined ? -1 : Number(length))
  assert.equal(head.isChunked, valuesOf(model, 'transfer-encoding').length === 1)
}

function headLines(head: Http1Head): string[] {
  return Array.from({ length: head.count }, (_, i) => head.text.slice(head.lineStart(i), head.lineStart(i + 1) - 2))
}

function serialise(head: Http1Head, startLine: string): string {
  const lines = Array.from({ length: head.count }, (_, i) => `${head.name(i)}: ${head.value(i)}`)
  return [startLine, ...lines, '', ''].join('\r\n')
}

for (const { kind, model } of [
  { kind: 'parseRequest', model: naiveRequest },
  { kind: 'parseResponse', model: naiveResponse },
] as const) {
  test(`${kind} takes and refuses what a plain reading of RFC 9112 does, and finds the same in it`, () => {
    fc.assert(
      fc.property(anyText, random => {
        const text = upToEmptyLine(random)
        const head = parse(kind, text, '', '')
        const expected = model(text, MAX_HEADERS)
        assert.equal(head !== undefined, expected !== undefined, JSON.stringify(text))
        if (head !== undefined && expected !== undefined) isSame(head, expected)
      }),
      fuzzRuns(20_000),
    )
  })

  test(`${kind} does not look at what stands before and behind the head`, () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom('', '\r\n', 'Host: b\r\n', '\0'),
        fc.constantFrom('', 'X: y\r\n\r\n', ':', '\r\n'),
        (random, before, after) => {
          const text = upToEmptyLine(random)
          const alone = parse(kind, text, '', '')
          const within = parse(kind, text, before, after)
          assert.equal(within?.text, alone?.text)
          assert.equal(within?.count, alone?.count)
          assert.equal(within?.contentLength, alone?.contentLength)
        },
      ),
      fuzzRuns(5_000),
    )
  })
}

test('a request head that is taken reads the same when it is written out again', () => {
  fc.assert(
    fc.property(anyText, random => {
      const head = parse('parseRequest', upToEmptyLine(random), '', '')
      if (head === undefined) return
      const line = `${head.method} ${head.target} HTTP/1.${head.version - 10}`
      const again = parse('parseRequest', serialise(head, line), '', '')
      assert.ok(again !== undefined)
      assert.equal(serialise(again, line), serialise(head, line))
      assert.deepEqual(
        [again.queryAt, again.pathIsPlain, again.hasBody],
        [head.queryAt, head.pathIsPlain, head.hasBody],
      )
    }),
    fuzzRuns(5_000),
  )
})

test('the end of a head is found wherever the search is taken up again', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.nat(200), (pieces, cut) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1')
      const at = Math.min(cut, bytes.length)
      const early = findHeadEnd(bytes, 0, at)
      const late = early === -1 ? findHeadEnd(bytes, Math.max(0, at - 3), bytes.length) : early
      const expected = bytes.indexOf('\r\n\r\n')
      assert.equal(late, expected === -1 ? -1 : expected + 4)
    }),
    fuzzRuns(5_000),
  )
})
