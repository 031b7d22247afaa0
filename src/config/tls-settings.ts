import { type CipherSuite, cipherSuiteNamed, cipherSuiteNumbered } from './cipher-suites.ts'
import { ConfigError } from './config-error.ts'
import { parseInteger } from './go-number.ts'

/** As node:tls names them. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** In ascending order, with Fabio's word and the number on the wire. */
const TLS_VERSIONS: readonly (readonly [word: string, id: number, version: TlsVersion])[] = [
  ['tls10', 0x0301, 'TLSv1'],
  ['tls11', 0x0302, 'TLSv1.1'],
  ['tls12', 0x0303, 'TLSv1.2'],
  ['tls13', 0x0304, 'TLSv1.3'],
]

const SSL30 = 0x0300

/**
 * The value of tlsmin or tlsmax: a word or a number; 0 leaves it to the library and gives undefined.
 * @throws ConfigError also for numbers that no version of TLS has, which Fabio takes for "no limit".
 */
export function parseTlsVersion(text: string, warn: (warning: string) => void): TlsVersion | undefined {
  const word = text.trim().toLowerCase()
  const number = parseUint16(word)
  if (word === 'ssl30' || number === SSL30) {
    warn(`"${text}" is no longer possible; using tls10`)
    return 'TLSv1'
  }
  if (number === 0) return undefined
  const known = TLS_VERSIONS.find(([name, id]) => name === word || id === number)
  if (known === undefined)
    throw new ConfigError(`${uint16Problem(word, number)}; expected tls10, tls11, tls12 or tls13`)
  return known[2]
}

/** The number on the wire, 0 for undefined. */
export function tlsVersionId(version: TlsVersion | undefined): number {
  return TLS_VERSIONS.find(([, , name]) => name === version)?.[1] ?? 0
}

/**
 * The value of tlsciphers: names or numbers, comma separated.
 * @throws ConfigError for a name that Go does not know, and when none is left.
 */
export function parseTlsCiphers(text: string, warn: (warning: string) => void): readonly CipherSuite[] {
  const suites: CipherSuite[] = []
  for (const word of text.split(',').map(part => part.trim().toUpperCase())) {
    const number = parseUint16(word)
    const suite = number === undefined ? cipherSuiteNamed(word) : cipherSuiteNumbered(number)
    if (suite !== undefined) suites.push(suite)
    else if (number === undefined)
      throw new ConfigError(`${uint16Problem(word, number)}; expected names of cipher suites or their numbers`)
    else warn(`there is no cipher suite ${word}; it is left out`)
  }
  // An empty list would mean any suite, which is the opposite of what was asked for.
  if (suites.length === 0) throw new ConfigError(`tlsciphers "${text}" leaves no cipher suite`)
  return suites
}

function parseUint16(text: string): number | undefined {
  const reading = parseInteger(text, { signed: false, bits: 16 })
  return reading.ok ? reading.value : undefined
}

function uint16Problem(text: string, number: number | undefined): string {
  if (number !== undefined) return `there is no TLS version ${text}`
  const reading = parseInteger(text, { signed: false, bits: 16 })
  const isTooLarge = !reading.ok && reading.nearest > 0
  return `strconv.ParseUint: parsing "${text}": ${isTooLarge ? 'value out of range' : 'invalid syntax'}`
}
