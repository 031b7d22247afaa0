import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeLines } from '../../src/log/access-bytes.ts'
import { AccessFormatError, compileAccessFormat, lexAccessFormat } from '../../src/log/access-log.ts'
import { accessRecord } from './access-record.ts'

const RUNS = { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 500) }

/** Texts that look like formats. */
const formats = fc
  .array(
    fc.oneof(
      fc.constantFrom('$', '.', '$header.', '$header', '$time_common', '$request', '-', '_', 'a', ' ', '$$'),
      fc.string({ unit: 'binary' }),
    ),
  )
  .map(parts => parts.join(''))

const bytes = fc.uint8Array({ maxLength: 60 }).map(array => Buffer.from(array).toString('latin1'))

/** The original's rule, read character by character: where the first token ends and what it is. */
function firstToken(format: string): { kind: 'text' | 'field' | 'header'; length: number } {
  const isName = (at: number) => /^[A-Za-z0-9_-]$/.test(format[at] ?? '')
  if (format[0] !== '$' || !isName(1)) {
    let end = format[0] === '$' ? 2 : 1
    while (end < format.length && format[end] !== '$') end++
    return { kind: 'text', length: Math.min(end, format.length) }
  }
  let end = 1
  while (isName(end)) end++
  if (format.slice(0, end) !== '$header' || format[end] !== '.') return { kind: 'field', length: end }
  if (end + 1 === format.length) return { kind: 'field', length: end }
  if (!isName(end + 1)) return { kind: 'field', length: end + 1 }
  end++
  while (isName(end)) end++
  return { kind: 'header', length: end }
}

test('every format is cut into the tokens of Fabio, and nothing of it is lost', () => {
  fc.assert(
    fc.property(formats, format => {
      let rest = format
      for (const token of lexAccessFormat(format)) {
        const expected = firstToken(rest)
        const source =
          token.kind === 'text' ? token.text : token.kind === 'field' ? token.name : `$header.${token.name}`
        assert.deepEqual({ kind: token.kind, length: source.length }, expected)
        assert.ok(rest.startsWith(source))
        rest = rest.slice(source.length)
      }
      assert.equal(rest, '')
    }),
    RUNS,
  )
})

test('every format compiles or says what is wrong', () => {
  fc.assert(
    fc.property(formats, fc.record({ escape: fc.boolean() }), (format, options) => {
      try {
        assert.equal(typeof compileAccessFormat(format, options)(accessRecord()), 'string')
      } catch (error) {
        assert.ok(error instanceof AccessFormatError && error.message.startsWith('Invalid log format: '))
      }
    }),
    RUNS,
  )
})

test('whatever values contain, lines leave as many as they came, without control characters', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, fc.string({ unit: 'binary' }))), lines => {
      const ends: number[] = []
      let text = ''
      for (const line of lines) {
        text += `${line}\n`
        ends.push(text.length)
      }
      const encoded = Buffer.from(encodeLines(text, ends)).toString('latin1')
      const got = encoded.split('\n').slice(0, -1)
      assert.equal(got.length, lines.length)
      for (const [at, line] of got.entries()) {
        assert.doesNotMatch(line, /[\x00-\x1f\x7f]/)
        const original = Buffer.from(lines[at] ?? '', 'latin1').toString('latin1')
        if (!/[\x00-\x1f\x7f]/.test(original)) assert.equal(line, original)
      }
    }),
    RUNS,
  )
})

test('with log.access.escape a value is printable ASCII and cannot end its quotes', () => {
  const format = compileAccessFormat('"$header.X"', { escape: true })
  fc.assert(
    fc.property(fc.oneof(bytes, fc.string({ unit: 'binary' })), value => {
      assert.match(
        format(accessRecord({ header: () => value })),
        /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]|\\x[0-9A-F]{2})*"$/,
      )
    }),
    RUNS,
  )
})
