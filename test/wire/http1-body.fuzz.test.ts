import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BodyKind, BodyReader, chunkStart, lastChunk } from '../../src/wire/http1-body.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

interface Outcome {
  readonly content: string
  readonly isMalformed: boolean
  readonly isDone: boolean
  /** Bytes behind the body; only when it is whole. */
  readonly rest: string
  readonly trailers: string
}

/** Reads the text in pieces that end at these places, each in a buffer of its own with strange bytes around it. */
function read(kind: BodyKind, text: string, cuts: readonly number[], length = 0): Outcome {
  const reader = new BodyReader()
  reader.begin(kind, length)
  let content = ''
  const ends = [...new Set(cuts.map(cut => Math.min(cut, text.length)).sort((a, b) => a - b)), text.length]
  let at = 0
  for (const end of ends) {
    const bytes = Buffer.from(`#${text.slice(at, end)}\r\n5\r\n`, 'latin1')
    const pieceEnd = 1 + end - at
    const next = reader.read(bytes, 1, pieceEnd, {
      onBody(piece, from, to) {
        assert.ok(from >= 1 && from < to && to <= pieceEnd, 'content lies within the piece')
        content += piece.toString('latin1', from, to)
      },
    })
    assert.ok(next === -1 || (next >= 1 && next <= pieceEnd))
    if (next === -1) return { content, isMalformed: true, isDone: false, rest: '', trailers: '' }
    at += next - 1
    if (reader.isDone) break
    assert.equal(next, pieceEnd, 'a body that goes on takes everything')
  }
  assert.equal(reader.problem, '')
  const { isDone, trailers } = reader
  return { content, isMalformed: false, isDone, rest: isDone ? text.slice(at) : '', trailers }
}

const content = fc.string({ unit: 'binary', maxLength: 40 }).map(text => Buffer.from(text, 'utf8').toString('latin1'))
const cuts = fc.array(fc.nat(300), { maxLength: 12 })
const extension = fc.constantFrom('', ';a', ';a=b', ';a="x;y"', ';a;b="\\"\t"')
const trailer = fc.constantFrom('X-A: 1\r\n', 'x-b:2\r\n', 'X-C:\r\n')
const chunk = fc.tuple(content, extension, fc.boolean()).filter(([text]) => text !== '')

/** A chunked body: its bytes, and what they mean. */
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 6 }), extension, fc.array(trailer, { maxLength: 3 }))
  .map(([chunks, lastExtension, trailers]) => ({
    text: [
      ...chunks.map(([text, ext, isUpper]) => {
        const size = text.length.toString(16)
        return `${isUpper ? `00${size.toUpperCase()}` : size}${ext}\r\n${text}\r\n`
      }),
      `0${lastExtension}\r\n${trailers.join('')}\r\n`,
    ].join(''),
    content: chunks.map(([text]) => text).join(''),
    trailers: trailers.map(line => line.replace(/:\s*/, ': ').replace(/: $/, ': \r\n')).join(''),
  }))

const PIECES = [
  ...[
    '\r\n',
    '\r\n',
    '\r\n',
    '\r',
    '\n',
    '0\r\n',
    '0\r\n\r\n',
    '1\r\na\r\n',
    '5\r\nhello\r\n',
    'a',
    'F',
    '00',
    '10',
    ' ',
    '\t',
  ],
  ...[
    ';',
    ';x=y',
    '0x',
    '-',
    '+',
    '\0',
    '\x7f',
    '\xff',
    ':',
    'X-A: 1\r\n',
    'Host: a\r\n',
    'Content-Length: 1\r\n',
    'X A: 1\r\n',
  ],
  ...['=', '"', '\\', ';x="', ';x="y', '";', '"\r\n', ';x="\\"z"'],
  ...['fffffffffffff\r\n', '10000000000000\r\n', `;${'e'.repeat(250)}`, `X: ${'t'.repeat(5000)}\r\n`],
]
const garbage = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary-ascii', maxLength: 3 })), { maxLength: 12 })
  .map(pieces => pieces.join(''))

test('a chunked body means the same however it is cut, and leaves alone what follows it', () => {
  fc.assert(
    fc.property(chunkedBody, content, cuts, (body, rest, places) => {
      assert.deepEqual(read('chunked', body.text + rest, places), {
        content: body.content,
        isMalformed: false,
        isDone: true,
        rest,
        trailers: body.trailers,
      })
    }),
    fuzzRuns(10_000),
  )
})

test('every proper beginning of a chunked body is unfinished, not malformed', () => {
  fc.assert(
    fc.property(chunkedBody, fc.nat(300), cuts, (body, length, places) => {
      const text = body.text.slice(0, Math.min(length, body.text.length - 1))
      const outcome = read('chunked', text, places)
      assert.deepEqual([outcome.isMalformed, outcome.isDone], [false, false])
      assert.ok(body.content.startsWith(outcome.content))
    }),
    fuzzRuns(5_000),
  )
})

test('garbage never throws, is judged alike however it is cut, and holds no more content than came', () => {
  fc.assert(
    fc.property(garbage, cuts, (text, places) => {
      const whole = read('chunked', text, [])
      const inPieces = read('chunked', text, places)
      const byteByByte = read(
        'chunked',
        text,
        Array.from({ length: text.length }, (_, i) => i),
      )
      assert.deepEqual(inPieces, whole)
      assert.deepEqual(byteByByte, whole)
      assert.ok(whole.content.length <= text.length)
    }),
    fuzzRuns(5_000),
  )
})

test('a chunked body agrees with a plain reading of RFC 9112 §7.1', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        garbage,
        chunkedBody.map(body => body.text),
      ),
      text => {
        const outcome = read('chunked', text, [])
        const expected = naiveContent(text)
        assert.equal(outcome.isDone ? outcome.content : undefined, expected)
      },
    ),
    fuzzRuns(5_000),
  )
})

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/.source
const QUOTED = /"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"/.source
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]{1,13})((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)\r\n`)

/** The content of a whole chunked body at the beginning of the text; undefined when there is none. */
function naiveContent(text: string): string | undefined {
  let rest = text
  let found = ''
  for (;;) {
    const [line, size, ext] = SIZE_LINE.exec(rest) ?? []
    if (line === undefined || size === undefined || ext === undefined || ext.length > 257) return undefined
    rest = rest.slice(line.length)
    const length = Number.parseInt(size, 16)
    if (length === 0) return isNaiveEnd(rest) ? found : undefined
    if (rest.slice(length, length + 2) !== '\r\n') return undefined
    found += rest.slice(0, length)
    rest = rest.slice(length + 2)
  }
}

function isNaiveEnd(rest: string): boolean {
  const [end] = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/.exec(rest) ?? []
  return end !== undefined && end.length <= 8192 && !/^(host|content-length|transfer-encoding):/im.test(end)
}

test('a body with a length takes that many bytes, however they come', () => {
  fc.assert(
    fc.property(content, content, cuts, (body, rest, places) => {
      assert.deepEqual(read('length', body + rest, places, body.length), {
        content: body,
        isMalformed: false,
        isDone: true,
        rest,
        trailers: '',
      })
    }),
    fuzzRuns(3_000),
  )
})

test('a body without end in sight takes everything', () => {
  fc.assert(
    fc.property(content, cuts, (body, places) => {
      const outcome = read('until-close', body, places)
      assert.deepEqual([outcome.content, outcome.isDone], [body, false])
    }),
    fuzzRuns(1_000),
  )
})

test('what is framed for sending reads as it was', () => {
  fc.assert(
    fc.property(
      fc.array(
        content.filter(text => text !== ''),
        { maxLength: 5 },
      ),
      cuts,
      (pieces, places) => {
        const sent = pieces.map(text => `${chunkStart(text.length)}${text}\r\n`).join('') + lastChunk('X-Sum: 1\r\n')
        const outcome = read('chunked', sent, places)
        assert.deepEqual([outcome.content, outcome.trailers, outcome.isDone], [pieces.join(''), 'X-Sum: 1\r\n', true])
      },
    ),
    fuzzRuns(3_000),
  )
})
