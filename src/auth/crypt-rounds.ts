import { hash } from 'node:crypto'

/** What goes into every round, besides the digest of the one before. */
export interface RoundInput {
  readonly algorithm: 'md5' | 'sha256' | 'sha512'
  readonly key: Buffer
  readonly salt: Buffer
  readonly rounds: number
}

/**
 * The long loop that MD5-crypt invented and SHA-crypt kept: odd rounds digest the key first and the digest last, even ones
 * the other way round; the salt comes between but in every third round, the key but in every seventh.
 */
export function digestInRounds(first: Buffer, { algorithm, key, salt, rounds }: RoundInput): Buffer {
  const messages = roundMessages(first.length, key, salt)
  // Digests as strings of bytes: Node makes those in a third of the time that a Buffer takes it.
  let digest = first.toString('latin1')
  for (let round = 0; round < rounds; round++) {
    const { bytes, at } = messages[messageNumber(round)]!
    bytes.write(digest, at, 'latin1')
    digest = hash(algorithm, bytes, 'binary')
  }
  return Buffer.from(digest, 'latin1')
}

/** What a round digests, but for the previous digest, whose place is `at`. */
interface RoundMessage {
  readonly bytes: Buffer
  readonly at: number
}

/** Rounds differ in three ways only, so their eight messages are made once instead of thousands of times. */
function roundMessages(digestBytes: number, key: Buffer, salt: Buffer): readonly RoundMessage[] {
  const digest = Buffer.alloc(digestBytes)
  return Array.from({ length: 8 }, (_, number) => {
    const isOdd = (number & 1) !== 0
    const middle = [...((number & 2) === 0 ? [] : [salt]), ...((number & 4) === 0 ? [] : [key])]
    const bytes = Buffer.concat([isOdd ? key : digest, ...middle, isOdd ? digest : key])
    return { bytes, at: isOdd ? bytes.length - digestBytes : 0 }
  })
}

function messageNumber(round: number): number {
  return (round & 1) | (round % 3 === 0 ? 0 : 2) | (round % 7 === 0 ? 0 : 4)
}
