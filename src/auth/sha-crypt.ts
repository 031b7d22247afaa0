import { hash } from 'node:crypto'
import { encodeCryptBase64 } from './crypt-base64.ts'
import { digestInRounds } from './crypt-rounds.ts'

export type ShaCryptAlgorithm = 'sha256' | 'sha512'

/** Characters of the digest at the end of such a hash. */
export const SHA_CRYPT_LENGTHS: Readonly<Record<ShaCryptAlgorithm, number>> = { sha256: 43, sha512: 86 }

const ORDERS: Readonly<Record<ShaCryptAlgorithm, readonly number[]>> = {
  sha256: [...rotatedTriples({ triples: 10, step: 21 }), 30, 31],
  sha512: [...rotatedTriples({ triples: 21, step: 22 }), 63],
}

export interface ShaCryptSettings {
  readonly algorithm: ShaCryptAlgorithm
  /** At most 16 characters. */
  readonly salt: string
  /** A round takes a bit less than a microsecond. */
  readonly rounds: number
}

/**
 * The digest at the end of `$5$…` and `$6$…`, by Ulrich Drepper's specification "Unix crypt using SHA-256 and SHA-512", whose
 * numbers the steps have here. Password and salt are bytes, one character a byte.
 */
export function shaCrypt(password: string, { algorithm, salt: saltText, rounds }: ShaCryptSettings): string {
  const digestOf = (parts: readonly Buffer[]): Buffer => hash(algorithm, Buffer.concat(parts), 'buffer')
  const key = Buffer.from(password, 'latin1')
  const salt = Buffer.from(saltText, 'latin1')

  // Steps 1 to 12.
  const inner = digestOf([key, salt, key])
  const parts = [key, salt, repeated(inner, key.length)]
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? inner : key)
  const first = digestOf(parts)

  // Steps 13 to 16, and 17 to 20.
  const p = repeated(digestOf([repeated(key, key.length * key.length)]), key.length)
  const s = repeated(digestOf([repeated(salt, salt.length * (16 + first[0]!))]), salt.length)

  // Steps 21 and 22.
  const digest = digestInRounds(first, { algorithm, key: p, salt: s, rounds })
  return encodeCryptBase64(digest, ORDERS[algorithm])
}

/** The bytes over and over, up to a length. */
function repeated(bytes: Buffer, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes)
}

/** The order in which the bytes are written: three from the thirds of the digest, then the same moved on by a step. */
function rotatedTriples({ triples, step }: { readonly triples: number; readonly step: number }): number[] {
  const bytes = triples * 3
  const order: number[] = []
  for (let i = 0, at = 0; i < triples; i++, at = (at + step) % bytes) {
    order.push((at + 2 * triples) % bytes, (at + triples) % bytes, at)
  }
  return order
}
