import { isUtf8 } from 'node:buffer'
import { hash as digestOf, timingSafeEqual } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import { equalInConstantTime } from './constant-time.ts'
import { md5Crypt } from './md5-crypt.ts'
import type { PasswordHash } from './password-hash.ts'
import { shaCrypt } from './sha-crypt.ts'

/**
 * MD5-crypt and SHA-crypt digest the password over and over (the latter as often as it is long), so a long one would keep the
 * thread busy for seconds. The tools that make such hashes stop at 255 to 512 bytes.
 */
export const MAX_CRYPT_PASSWORD_BYTES = 1024

/** Where the digest begins in `$2b$05$` with 22 characters of salt and 31 of digest. */
const BCRYPT_DIGEST_START = 29

/** Is this the password? Both are bytes, one character a byte. Takes up to seconds: for the authentication thread only. */
export function matchesPassword(hash: PasswordHash, password: string): boolean {
  switch (hash.kind) {
    case 'md5-crypt':
      return password.length <= MAX_CRYPT_PASSWORD_BYTES && equalInConstantTime(md5Crypt(password, hash), hash.digest)
    case 'sha-crypt':
      return password.length <= MAX_CRYPT_PASSWORD_BYTES && equalInConstantTime(shaCrypt(password, hash), hash.digest)
    case 'sha1': {
      const salted = Buffer.concat([Buffer.from(password, 'latin1'), hash.salt])
      return timingSafeEqual(digestOf('sha1', salted, 'buffer'), hash.digest)
    }
    case 'bcrypt':
      return matchesBcrypt(hash.settings, hash.digest, password)
    case 'plain': {
      // nginx marks plain text so. Both are compared in any case, so that the time does not tell which it was.
      const asIs = equalInConstantTime(password, hash.text)
      const marked = equalInConstantTime(`{PLAIN}${password}`, hash.text)
      return asIs || marked
    }
    case 'never':
      return false
  }
}

/** The library takes passwords as text only, so bytes that are no UTF-8 match nothing. */
function matchesBcrypt(settings: string, digest: string, password: string): boolean {
  const bytes = Buffer.from(password, 'latin1')
  if (!isUtf8(bytes)) return false
  // Not the library's compare(): it also compares the salt, whose last character some tools write with other spare bits.
  return equalInConstantTime(hashSync(bytes.toString('utf8'), settings).slice(BCRYPT_DIGEST_START), digest)
}
