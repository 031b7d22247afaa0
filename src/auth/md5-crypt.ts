import { hash } from 'node:crypto'
import { encodeCryptBase64 } from './crypt-base64.ts'
import { digestInRounds } from './crypt-rounds.ts'

/** Characters of the digest at the end of such a hash. */
export const MD5_CRYPT_LENGTH = 22

const DIGEST_BYTES = 16
const ROUNDS = 1000
const ORDER = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11]

export interface Md5CryptSettings {
  readonly magic: '$1$' | '$apr1$'
  readonly salt: string
}

/**
 * The digest at the end of `$1$salt$…` (crypt(3)) and `$apr1$salt$…` (Apache): one algorithm, with its name mixed in.
 * Like Fabio's library it takes salts of any length; the tools that make hashes cut them to eight characters.
 * Password and salt are bytes, one character a byte.
 */
export function md5Crypt(password: string, { magic, salt: saltText }: Md5CryptSettings): string {
  const key = Buffer.from(password, 'latin1')
  const salt = Buffer.from(saltText, 'latin1')
  const inner = md5([key, salt, key])
  const parts: Buffer[] = [key, Buffer.from(magic, 'latin1'), salt]
  for (let left = key.length; left > 0; left -= DIGEST_BYTES)
    parts.push(inner.subarray(0, Math.min(left, DIGEST_BYTES)))
  const zero = Buffer.alloc(1)
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? zero : key.subarray(0, 1))

  const digest = digestInRounds(md5(parts), { algorithm: 'md5', key, salt, rounds: ROUNDS })
  return encodeCryptBase64(digest, ORDER)
}

function md5(parts: readonly Buffer[]): Buffer {
  return hash('md5', Buffer.concat(parts), 'buffer')
}
