import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { matchesPassword } from '../../src/auth/match-password.ts'
import { parsePasswordHash } from '../../src/auth/password-hash.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { matches, utf8 } from './credentials.ts'

const PASSWORDS = [
  'x',
  'myPassword',
  'with blank and: colon',
  '$apr1$abc',
  utf8('Grüße, Жора'),
  ...[15, 16, 17, 31, 32, 33, 63, 64, 65, 72, 100, 250].map(length => 'p4ssw0rd'.repeat(32).slice(0, length)),
]
const SALTS = ['a', 'abcdefgh', './09AZaz']
const LONG_SALTS = [...SALTS, 'sixteen.letters/']

/** Runs a program that reads a password, as bytes, and writes what it made of it. */
function run(program: string, args: readonly string[], password: string): string {
  const input = Buffer.from(`${password}\n`, 'latin1')
  return execFileSync(program, args, { input, encoding: 'latin1', stdio: ['pipe', 'pipe', 'ignore'] }).trim()
}

function assertMatches(encoded: string, password: string, length = password.length): void {
  assert.ok(matches(encoded, password), `${encoded} of ${JSON.stringify(password)}`)
  assert.ok(
    !matches(encoded, `${password.slice(0, length - 1)}!`),
    `${encoded} is not only of ${JSON.stringify(password)}`,
  )
}

describe('htpasswd', { skip: realPart('htpasswd') === undefined && missingPart('htpasswd') }, () => {
  const htpasswd = (args: readonly string[], password: string): string =>
    run(realPart('htpasswd') ?? '', ['-n', '-i', ...args, 'user'], password).slice('user:'.length)

  const isKnown = (args: readonly string[]): boolean => {
    try {
      return htpasswd(args, 'x') !== ''
    } catch {
      return false
    }
  }

  for (const { name, args, kind } of [
    { name: '-m', args: ['-m'], kind: 'md5-crypt' },
    { name: '-B', args: ['-B', '-C', '4'], kind: 'bcrypt' },
    { name: '-s', args: ['-s'], kind: 'sha1' },
    { name: '-2', args: ['-2'], kind: 'sha-crypt' },
    { name: '-5', args: ['-5'], kind: 'sha-crypt' },
    { name: '-2 -r', args: ['-2', '-r', '1000'], kind: 'sha-crypt' },
    { name: '-5 -r', args: ['-5', '-r', '12345'], kind: 'sha-crypt' },
    { name: '-p', args: ['-p'], kind: 'plain' },
  ]) {
    test(`what ${name} makes matches its password and no other`, t => {
      // Before 2.4.59 it has no SHA-crypt.
      if (!isKnown(args)) return t.skip(`this htpasswd has no ${name}`)
      for (const password of PASSWORDS) {
        // What reads as something else, and what it takes to be too long for a line.
        if (kind === 'plain' && (password.startsWith('$') || password.length > 200)) continue
        const encoded = htpasswd(args, password)
        assert.equal(parsePasswordHash(encoded).hash?.kind, kind)
        // bcrypt does not look farther.
        assertMatches(encoded, password, kind === 'bcrypt' ? Math.min(password.length, 72) : undefined)
      }
    })
  }

  test('what -d makes matches nothing but itself, with a hint', () => {
    const encoded = htpasswd(['-d'], 'secret12')
    const { hash, problem } = parsePasswordHash(encoded)
    assert.match(problem ?? '', /looks like a hash of an unsupported kind/)
    assert.ok(hash !== undefined && !matchesPassword(hash, 'secret12'))
    assert.ok(matchesPassword(hash, encoded))
  })
})

describe('openssl passwd', { skip: realPart('openssl') === undefined && missingPart('openssl') }, () => {
  for (const { option, salts } of [
    { option: '-1', salts: SALTS },
    { option: '-apr1', salts: SALTS },
    { option: '-5', salts: LONG_SALTS },
    { option: '-6', salts: LONG_SALTS },
  ]) {
    test(`what ${option} makes matches its password and no other`, () => {
      for (const [i, password] of PASSWORDS.entries()) {
        const salt = salts[i % salts.length]!
        assertMatches(run(realPart('openssl') ?? '', ['passwd', option, '-salt', salt, '-stdin'], password), password)
      }
    })
  }
})

describe('crypt(3)', { skip: realPart('perl') === undefined && missingPart('perl') }, () => {
  const script = 'binmode STDIN; binmode STDOUT; my $p = <STDIN>; chomp $p; print crypt($p, $ARGV[0]) // "*"'

  for (const settings of [
    '$1$abcdefgh$',
    '$1$a$',
    '$5$saltstring$',
    '$5$rounds=1000$a$',
    '$5$rounds=12345$./09AZazsixteen.$',
    '$6$saltstring$',
    '$6$rounds=1000$a$',
    '$6$rounds=10001$./09AZazsixteen.$',
    '$2a$04$abcdefghijklmnopqrstuu',
    '$2b$05$ABCDEFGHIJKLMNOPQRSTUO',
    '$2y$04$./01234567890123456789',
  ]) {
    test(`what it makes with ${settings} matches its password and no other`, t => {
      for (const password of ['', ...PASSWORDS]) {
        const encoded = run(realPart('perl') ?? '', ['-e', script, settings], password)
        if (encoded.startsWith('*')) return t.skip('the C library of this machine does not know it')
        if (password === '') assert.ok(matches(encoded, ''))
        else assertMatches(encoded, password, settings.startsWith('$2') ? Math.min(password.length, 72) : undefined)
      }
    })
  }
})
