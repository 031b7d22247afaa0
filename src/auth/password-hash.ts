import { decodeBase64 } from './go-base64.ts'
import { MD5_CRYPT_LENGTH } from './md5-crypt.ts'
import { SHA_CRYPT_LENGTHS, type ShaCryptAlgorithm } from './sha-crypt.ts'

/** How a file keeps a password. All texts are bytes, one character a byte. */
export type PasswordHash =
  | { readonly kind: 'md5-crypt'; readonly magic: '$1$' | '$apr1$'; readonly salt: string; readonly digest: string }
  /** `{SHA}`, with no salt, and `{SSHA}`. */
  | { readonly kind: 'sha1'; readonly salt: Buffer; readonly digest: Buffer }
  /** `settings` is everything before the digest: version, cost and salt. */
  | { readonly kind: 'bcrypt'; readonly settings: string; readonly digest: string }
  | {
      readonly kind: 'sha-crypt'
      readonly algorithm: ShaCryptAlgorithm
      readonly rounds: number
      readonly salt: string
      readonly digest: string
    }
  | { readonly kind: 'plain'; readonly text: string }
  /** Written in a known way, and no password can have it. It still replaces what an earlier line says of the user. */
  | { readonly kind: 'never' }

export interface ParsedPasswordHash {
  /** undefined when the line does not count at all. */
  readonly hash: PasswordHash | undefined
  /** What is wrong with it, without any part of it: hashes do not belong into logs. */
  readonly problem: string | undefined
}

/** About thirteen seconds a password; `htpasswd` makes none above. Fabio has no limit. */
export const MAX_BCRYPT_COST = 17
/** About five seconds a password. Some tools make 656,000 by default; the format goes to 999,999,999. */
export const MAX_SHA_CRYPT_ROUNDS = 5_000_000

const SHA_CRYPT_DEFAULT_ROUNDS = 5000
const SHA_CRYPT_SALT_LENGTH = 16
const SHA1_BYTES = 20
const BCRYPT = /^\$2[abxy](\$(\d\d)\$[./A-Za-z0-9]{22})([./A-Za-z0-9]{31})/
const CRYPT_DIGEST = /^[./A-Za-z0-9]*$/
/** `$id$…` of crypt(3), `{SCHEME}…` of LDAP, and the thirteen characters of DES. */
const UNSUPPORTED = /^(?:\$[A-Za-z0-9-]+\$|\{[A-Z0-9-]+\}|[./A-Za-z0-9]{13}$)/

/**
 * Takes apart what follows the colon of a line. The order of the formats is that of Fabio's library; what is in none of
 * them is the password itself.
 */
export function parsePasswordHash(encoded: string): ParsedPasswordHash {
  if (encoded.startsWith('$apr1$')) return parseMd5Crypt('$apr1$', encoded)
  if (encoded.startsWith('$1$')) return parseMd5Crypt('$1$', encoded)
  if (encoded.startsWith('{SHA}')) return parseSha(encoded.slice('{SHA}'.length))
  if (/^\$2[abxy]\$/.test(encoded)) return parseBcrypt(encoded)
  if (encoded.startsWith('{SSHA}')) return parseSaltedSha(encoded.slice('{SSHA}'.length))
  if (encoded.startsWith('$5$')) return parseShaCrypt('sha256', encoded.slice(3))
  if (encoded.startsWith('$6$')) return parseShaCrypt('sha512', encoded.slice(3))
  const isSuspect = UNSUPPORTED.test(encoded) && !encoded.startsWith('{PLAIN}')
  return {
    hash: { kind: 'plain', text: encoded },
    problem: isSuspect ? 'looks like a hash of an unsupported kind, and is taken as a plain text password' : undefined,
  }
}

function parseMd5Crypt(magic: '$1$' | '$apr1$', encoded: string): ParsedPasswordHash {
  const rest = encoded.slice(magic.length)
  const end = rest.indexOf('$')
  if (end === -1) return refused('malformed md5 password')
  const digest = rest.slice(end + 1)
  if (!isDigest(digest, MD5_CRYPT_LENGTH)) return never('malformed md5 password')
  return accepted({ kind: 'md5-crypt', magic, salt: rest.slice(0, end), digest })
}

function parseSha(base64: string): ParsedPasswordHash {
  const digest = decodeBase64(base64)
  if (digest === undefined) return refused('Malformed sha1: illegal base64 data')
  if (digest.length !== SHA1_BYTES) return refused('Malformed sha1: wrong length')
  return accepted({ kind: 'sha1', digest, salt: Buffer.alloc(0) })
}

function parseSaltedSha(base64: string): ParsedPasswordHash {
  const bytes = decodeBase64(base64)
  if (bytes === undefined) return refused('Malformed ssha: illegal base64 data')
  if (bytes.length < SHA1_BYTES) return refused('Malformed ssha: wrong length')
  return accepted({ kind: 'sha1', digest: bytes.subarray(0, SHA1_BYTES), salt: bytes.subarray(SHA1_BYTES) })
}

/**
 * All versions are the same algorithm here, as in Go: what differed were bugs of other programs, in passwords of more than
 * ASCII and of more than 255 characters. What follows the 60 characters of a hash does not count.
 */
function parseBcrypt(encoded: string): ParsedPasswordHash {
  const [, settings, costText, digest] = BCRYPT.exec(encoded) ?? []
  if (settings === undefined || digest === undefined) return never('malformed bcrypt password')
  const cost = Number(costText)
  if (cost < 4 || cost > 31) return never('malformed bcrypt password')
  if (cost > MAX_BCRYPT_COST) return never(`bcrypt password of cost ${cost}; the limit is ${MAX_BCRYPT_COST}`)
  return accepted({ kind: 'bcrypt', settings: `$2b${settings}`, digest })
}

/** `salt$digest` or `rounds=5000$salt$digest`. */
function parseShaCrypt(algorithm: ShaCryptAlgorithm, rest: string): ParsedPasswordHash {
  const first = rest.indexOf('$')
  if (first === -1) return refused('malformed crypt-SHA password')
  const second = rest.indexOf('$', first + 1)
  const roundsText = second === -1 ? '' : rest.slice(0, first)
  const salt = rest.slice(second === -1 ? 0 : first + 1, second === -1 ? first : second)
  const digest = rest.slice((second === -1 ? first : second) + 1)

  const rounds = roundsText === '' ? SHA_CRYPT_DEFAULT_ROUNDS : parseRounds(roundsText)
  const isSaltMissing = roundsText === '' && salt.startsWith('rounds=')
  if (rounds === undefined || isSaltMissing || !isDigest(digest, SHA_CRYPT_LENGTHS[algorithm])) {
    return never('malformed crypt-SHA password')
  }
  if (rounds > MAX_SHA_CRYPT_ROUNDS) {
    return never(`crypt-SHA password of ${rounds} rounds; the limit is ${MAX_SHA_CRYPT_ROUNDS}`)
  }
  return accepted({ kind: 'sha-crypt', algorithm, rounds, salt: salt.slice(0, SHA_CRYPT_SALT_LENGTH), digest })
}

/** From 1,000 to 999,999,999, as the format has it; with fewer, or with zeros in front, no tool would have written that text. */
function parseRounds(text: string): number | undefined {
  const digits = /^rounds=([1-9]\d{3,8})$/.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function isDigest(text: string, length: number): boolean {
  return text.length === length && CRYPT_DIGEST.test(text)
}

function accepted(hash: PasswordHash): ParsedPasswordHash {
  return { hash, problem: undefined }
}

function never(problem: string): ParsedPasswordHash {
  return { hash: { kind: 'never' }, problem }
}

function refused(problem: string): ParsedPasswordHash {
  return { hash: undefined, problem }
}
