import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseHtpasswd } from '../../src/auth/htpasswd.ts'
import { matchesPassword } from '../../src/auth/match-password.ts'
import { MAX_SHA_CRYPT_ROUNDS, parsePasswordHash } from '../../src/auth/password-hash.ts'
import { Users } from '../../src/auth/users.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

/** Bytes, one character a byte. */
const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array).toString('latin1'))
const digest = fc.stringMatching(/^[./A-Za-z0-9]{0,88}$/)
const start = fc.constantFrom(
  '$apr1$',
  '$1$',
  '{SHA}',
  '{SSHA}',
  '{PLAIN}',
  '$2y$04$',
  '$2x$31$',
  '$2b$',
  '$5$',
  '$6$',
  '$5$rounds=',
  '$6$rounds=1000$',
  '$6$rounds=999999999$',
  '$y$',
  '',
)
const encoded = fc
  .tuple(start, fc.oneof(bytes, digest), fc.constantFrom('', '$'), fc.oneof(bytes, digest))
  .map(parts => parts.join(''))
const line = fc.oneof(
  bytes,
  fc.tuple(bytes, encoded).map(([user, hash]) => `${user}:${hash}`),
)
const end = fc.constantFrom('\n', '\r\n', ' \n', '')
const file = fc
  .array(
    fc.tuple(line, end).map(parts => parts.join('')),
    { maxLength: 12 },
  )
  .map(lines => lines.join(''))

/** What Go's TrimSpace does, by way of decoding. Bytes that are no UTF-8 become characters that are no white space. */
function trimmed(text: string): string {
  let characters = decodeBytes(text)
  const isSpace = (character: string | undefined): boolean =>
    /^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/.test(character ?? '')
  while (isSpace(characters[0]?.character)) characters = characters.slice(1)
  while (isSpace(characters.at(-1)?.character)) characters = characters.slice(0, -1)
  return characters.map(({ raw }) => raw).join('')
}

function decodeBytes(text: string): { character: string; raw: string }[] {
  const decoded: { character: string; raw: string }[] = []
  for (let at = 0; at < text.length; ) {
    const found = [1, 2, 3, 4]
      .map(length => text.slice(at, at + length))
      .map(raw => ({ character: Buffer.from(raw, 'latin1').toString('utf8'), raw }))
      .find(({ character }) => [...character].length === 1 && character !== '\ufffd')
    const next = found ?? { character: '\ufffd', raw: text.slice(at, at + 1) }
    decoded.push(next)
    at += next.raw.length
  }
  return decoded
}

test('every line is blank, a user, or a problem with its number, and the last one of a user counts', () => {
  fc.assert(
    fc.property(file, text => {
      const { users, problems } = parseHtpasswd(text)
      const body = text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text
      const last = new Map<string, string>()
      for (const [i, raw] of body.split('\n').entries()) {
        const content = trimmed(raw)
        const problem = problems.find(({ line: number }) => number === i + 1)?.problem
        const colon = content.indexOf(':')
        if (content === '') assert.equal(problem, undefined)
        else if (colon === -1) assert.equal(problem, 'malformed line, no colon')
        else {
          const parsed = parsePasswordHash(content.slice(colon + 1))
          assert.equal(problem, parsed.problem)
          if (parsed.hash !== undefined) last.set(content.slice(0, colon), content.slice(colon + 1))
          else assert.notEqual(problem, undefined)
        }
      }
      for (const [name, { encoded: kept }] of users) assert.equal(last.get(name), kept)
      assert.equal(users.size, last.size)
    }),
    fuzzRuns(2_000),
  )
})

test('no problem shows a part of a line', () => {
  const secret = 'S3cr3tS3cr3t'
  fc.assert(
    fc.property(start, fc.nat(60), digest, bytes, (prefix, at, filler, tail) => {
      const text = `${prefix}${filler.slice(0, at)}${secret}${filler.slice(at)}${tail}`
      for (const { problem } of [...parseHtpasswd(text).problems, ...parseHtpasswd(`user:${text}`).problems]) {
        assert.ok(!problem.includes(secret), problem)
      }
    }),
    fuzzRuns(2_000),
  )
})

test('verifying never throws, and a hash made of anything is not matched by anything', () => {
  fc.assert(
    fc.property(file, bytes, bytes, (text, name, password) => {
      const { users: parsed } = parseHtpasswd(text)
      const users = new Users(parsed)
      for (const [user, { hash }] of parsed) {
        if (hash.kind === 'plain') {
          assert.ok(users.verify(user, hash.text))
          continue
        }
        // Those would take a while; that they are bounded is what keeps the thread alive.
        if (hash.kind === 'sha-crypt' && hash.rounds > 5000) assert.ok(hash.rounds <= MAX_SHA_CRYPT_ROUNDS)
        else assert.ok(!matchesPassword(hash, password))
      }
      if (!parsed.has(name)) assert.ok(!users.verify(name, password))
    }),
    fuzzRuns(300),
  )
})
