import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCiphers } from 'node:tls'
import { CIPHER_SUITES } from '../../src/config/cipher-suites.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { parseTlsCiphers, parseTlsVersion, tlsVersionId } from '../../src/config/tls-settings.ts'

function collect<T>(parse: (warn: (warning: string) => void) => T): {
  readonly value: T
  readonly warnings: readonly string[]
} {
  const warnings: string[] = []
  const value = parse(warning => warnings.push(warning))
  return { value, warnings }
}

for (const { text, version, id } of [
  { text: 'tls10', version: 'TLSv1', id: 0x0301 },
  { text: ' TLS11 ', version: 'TLSv1.1', id: 0x0302 },
  { text: '0x0303', version: 'TLSv1.2', id: 0x0303 },
  { text: '772', version: 'TLSv1.3', id: 0x0304 },
  { text: '0', version: undefined, id: 0 },
]) {
  test(`tlsmin=${text} is ${version}`, () => {
    const { value, warnings } = collect(warn => parseTlsVersion(text, warn))
    assert.equal(value, version)
    assert.equal(tlsVersionId(value), id)
    assert.deepEqual(warnings, [])
  })
}

test('ssl30, which Fabio once took, means tls10 and is told', () => {
  assert.deepEqual(
    collect(warn => parseTlsVersion('ssl30', warn)),
    { value: 'TLSv1', warnings: ['"ssl30" is no longer possible; using tls10'] },
  )
})

for (const { text, message } of [
  { text: '10', message: 'there is no TLS version 10; expected tls10, tls11, tls12 or tls13' },
  {
    text: 'tls14',
    message: 'strconv.ParseUint: parsing "tls14": invalid syntax; expected tls10, tls11, tls12 or tls13',
  },
  {
    text: '65536',
    message: 'strconv.ParseUint: parsing "65536": value out of range; expected tls10, tls11, tls12 or tls13',
  },
]) {
  test(`tlsmin=${text} is refused`, () => {
    assert.throws(
      () => parseTlsVersion(text, assert.fail),
      error => error instanceof ConfigError && error.message === message,
    )
  })
}

test('cipher suites are given by name in any case, by number, or by their former name', () => {
  const { value } = collect(warn =>
    parseTlsCiphers('0xc02f, tls_ecdhe_rsa_with_aes_256_gcm_sha384,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', warn),
  )
  assert.deepEqual(
    value.map(({ openSslName }) => openSslName),
    ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305'],
  )
})

test('a number that is no cipher suite is left out and told', () => {
  const { value, warnings } = collect(warn => parseTlsCiphers('0x1234,0x1301', warn))
  assert.deepEqual(
    value.map(({ id }) => id),
    [0x1301],
  )
  assert.deepEqual(warnings, ['there is no cipher suite 0X1234; it is left out'])
})

for (const text of ['FOO', '', '0x1234']) {
  test(`tlsciphers=${text} is refused, because no suite at all would mean any suite`, () => {
    assert.throws(() => parseTlsCiphers(text, () => {}), ConfigError)
  })
}

test('the modern suites have the names that node:tls knows', () => {
  const known = new Set(getCiphers())
  const modern = CIPHER_SUITES.filter(({ name }) => name.includes('GCM') || name.includes('CHACHA20'))
  assert.deepEqual(
    modern.filter(({ openSslName }) => !known.has(openSslName.toLowerCase())),
    [],
  )
})

test('names and numbers of cipher suites are unique', () => {
  assert.equal(new Set(CIPHER_SUITES.map(({ name }) => name)).size, 25)
  assert.equal(new Set(CIPHER_SUITES.map(({ id }) => id)).size, 25)
})
