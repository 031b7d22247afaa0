import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BasicCredentials, parseBasicCredentials } from '../../src/auth/basic-credentials.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { basic } from './credentials.ts'

const bytes = fc.uint8Array({ maxLength: 60 }).map(array => Buffer.from(array).toString('latin1'))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Character by character, in groups of four, as the RFC draws it. */
function naively(header: string): BasicCredentials | undefined {
  if (header.slice(0, 6).toLowerCase() !== 'basic ') return undefined
  const text = [...header.slice(6)].filter(character => character !== '\r' && character !== '\n')
  const out: number[] = []
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4)
    const isLast = at + 4 >= text.length
    const padding = !isLast || group.at(-1) !== '=' ? 0 : group.at(-2) === '=' ? 2 : 1
    const values = group.slice(0, 4 - padding).map(character => ALPHABET.indexOf(character))
    if (group.length < 4 || values.includes(-1)) return undefined
    const number = values.reduce((sum, value, i) => sum + value * 64 ** (3 - i), 0)
    out.push(...[number >> 16, (number >> 8) & 255, number & 255].slice(0, 3 - padding))
  }
  const decoded = String.fromCharCode(...out)
  const colon = decoded.indexOf(':')
  return colon === -1 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

test('what a client wrote is what is read', () => {
  const user = bytes.map(text => text.replaceAll(':', ''))
  fc.assert(
    fc.property(user, bytes, (name, password) => {
      assert.deepEqual(parseBasicCredentials(basic(name, password)), { user: name, password })
    }),
    fuzzRuns(2_000),
  )
})

test('any header is read as the naive reader reads it', () => {
  const scheme = fc.constantFrom('Basic ', 'basic ', 'BASIC ', 'Basic', 'Basic  ', 'Bearer ', '')
  const damaged = fc
    .tuple(bytes, fc.nat(), fc.constantFrom('=', '==', ' ', '-', '_', '\r\n', 'é', 'A', ''))
    .map(([text, at, by]) => {
      const base64 = Buffer.from(text, 'latin1').toString('base64')
      const place = at % (base64.length + 1)
      return base64.slice(0, place) + by + base64.slice(place + by.length)
    })
  fc.assert(
    fc.property(scheme, fc.oneof(damaged, bytes), (start, rest) => {
      assert.deepEqual(parseBasicCredentials(start + rest), naively(start + rest))
    }),
    fuzzRuns(5_000),
  )
})
