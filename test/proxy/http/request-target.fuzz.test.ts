import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodePath, normalizePath } from '../../../src/proxy/http/request-target.ts'
import { fuzzRuns } from '../../route/fuzz-runs.ts'

const PIECES = [
  ...[
    '/',
    '/',
    '/',
    '.',
    '..',
    '...',
    '//',
    '/./',
    '/../',
    '%2f',
    '%2F',
    '%2e',
    '%2E%2e',
    '.%2e',
    '%5c',
    '\\',
    '%25',
    '%252e',
    '%252f',
  ],
  ...[
    '%00',
    '%3f',
    '%23',
    '%20',
    '%c3%a9',
    '%ff',
    '%',
    '%4',
    '%zz',
    'a',
    'B',
    '~',
    '!',
    "'",
    '(',
    '[',
    '|',
    '"',
    ';x=1',
    '&',
    '+',
    '@',
    ':',
  ],
]
const sentPath = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)),
    ),
    {
      maxLength: 14,
    },
  )
  .map(pieces => `/${pieces.join('').replace(/[#?]/g, '')}`)

/** Decoded once, then dot segments resolved by a stack: undefined when a `%` stands alone. Latin-1. */
function naivePath(sent: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(sent)) return undefined
  const decoded = sent.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  const stack: string[] = []
  for (const segment of decoded.split('/')) {
    if (segment === '..') stack.pop()
    else if (segment !== '' && segment !== '.') stack.push(segment)
  }
  const path = `/${stack.join('/')}`
  return decoded.endsWith('/') && path !== '/' ? `${path}/` : path
}

function decode(sent: string): string {
  return sent.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** As UTF-8, with bytes that are none as U+DC80 to U+DCFF. None of the pieces is U+FFFD itself. */
function asText(bytes: string): string {
  const all = Buffer.from(bytes, 'latin1')
  let text = ''
  let from = 0
  while (from < all.length) {
    // The longest run from here on that is UTF-8, and then one byte that is not.
    let to = all.length
    while (to > from && all.toString('utf8', from, to).includes('\uFFFD')) to--
    text += to === from ? String.fromCharCode(0xdc00 + (all[from] ?? 0)) : all.toString('utf8', from, to)
    from = Math.max(to, from + 1)
  }
  return text
}

test('a path is decoded once and cleaned as a plain stack of segments does it', () => {
  fc.assert(
    fc.property(sentPath, sent => {
      const expected = naivePath(sent)
      const found = normalizePath(sent)
      assert.equal(found?.path, expected === undefined ? undefined : asText(expected))
    }),
    fuzzRuns(20_000),
  )
})

test('what is sent on means the path that was matched, and nothing that a reader could take otherwise', () => {
  fc.assert(
    fc.property(sentPath, sent => {
      const found = normalizePath(sent)
      if (found === undefined) return
      const { path, rawPath } = found
      assert.equal(asText(decode(rawPath)), path)
      assert.match(rawPath, /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9A-Fa-f]{2})*$/)
      for (const segment of decode(rawPath).split('/')) assert.ok(segment !== '.' && segment !== '..', rawPath)
      assert.ok(!rawPath.includes('//'), rawPath)
    }),
    fuzzRuns(20_000),
  )
})

test('a path that was cleaned stays as it is', () => {
  fc.assert(
    fc.property(sentPath, sent => {
      const once = normalizePath(sent)
      if (once !== undefined) assert.deepEqual(normalizePath(once.rawPath), once)
    }),
    fuzzRuns(10_000),
  )
})

test('a path that needs no cleaning is sent on as the client wrote it', () => {
  fc.assert(
    fc.property(sentPath, sent => {
      const expected = naivePath(sent)
      if (expected === undefined || expected !== decode(sent) || /["<>\\^`{|}]/.test(sent)) return
      assert.equal(normalizePath(sent)?.rawPath, sent)
    }),
    fuzzRuns(10_000),
  )
})

test('any bytes come back from their encoded form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), bytes => {
      const text = Buffer.from(bytes).toString('latin1')
      assert.equal(decode(encodePath(text)), text)
    }),
    fuzzRuns(3_000),
  )
})
