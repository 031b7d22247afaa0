/** A TLS cipher suite under its three names. */
export interface CipherSuite {
  /** Of IANA and Go: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`. */
  readonly name: string
  /** Of IANA. */
  readonly id: number
  /** Of OpenSSL, for the `ciphers` option of node:tls: `ECDHE-RSA-AES128-GCM-SHA256`. */
  readonly openSslName: string
}

/** All that Go knows, secure or not; which of them can be used is up to the TLS library of this process. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  suite('TLS_AES_128_GCM_SHA256', 0x1301, 'TLS_AES_128_GCM_SHA256'),
  suite('TLS_AES_256_GCM_SHA384', 0x1302, 'TLS_AES_256_GCM_SHA384'),
  suite('TLS_CHACHA20_POLY1305_SHA256', 0x1303, 'TLS_CHACHA20_POLY1305_SHA256'),
  suite('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 0xc009, 'ECDHE-ECDSA-AES128-SHA'),
  suite('TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 0xc00a, 'ECDHE-ECDSA-AES256-SHA'),
  suite('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 0xc013, 'ECDHE-RSA-AES128-SHA'),
  suite('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 0xc014, 'ECDHE-RSA-AES256-SHA'),
  suite('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 0xc02b, 'ECDHE-ECDSA-AES128-GCM-SHA256'),
  suite('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 0xc02c, 'ECDHE-ECDSA-AES256-GCM-SHA384'),
  suite('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 0xc02f, 'ECDHE-RSA-AES128-GCM-SHA256'),
  suite('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 0xc030, 'ECDHE-RSA-AES256-GCM-SHA384'),
  suite('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 0xcca8, 'ECDHE-RSA-CHACHA20-POLY1305'),
  suite('TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 0xcca9, 'ECDHE-ECDSA-CHACHA20-POLY1305'),
  suite('TLS_RSA_WITH_RC4_128_SHA', 0x0005, 'RC4-SHA'),
  suite('TLS_RSA_WITH_3DES_EDE_CBC_SHA', 0x000a, 'DES-CBC3-SHA'),
  suite('TLS_RSA_WITH_AES_128_CBC_SHA', 0x002f, 'AES128-SHA'),
  suite('TLS_RSA_WITH_AES_256_CBC_SHA', 0x0035, 'AES256-SHA'),
  suite('TLS_RSA_WITH_AES_128_CBC_SHA256', 0x003c, 'AES128-SHA256'),
  suite('TLS_RSA_WITH_AES_128_GCM_SHA256', 0x009c, 'AES128-GCM-SHA256'),
  suite('TLS_RSA_WITH_AES_256_GCM_SHA384', 0x009d, 'AES256-GCM-SHA384'),
  suite('TLS_ECDHE_ECDSA_WITH_RC4_128_SHA', 0xc007, 'ECDHE-ECDSA-RC4-SHA'),
  suite('TLS_ECDHE_RSA_WITH_RC4_128_SHA', 0xc011, 'ECDHE-RSA-RC4-SHA'),
  suite('TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', 0xc012, 'ECDHE-RSA-DES-CBC3-SHA'),
  suite('TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 0xc023, 'ECDHE-ECDSA-AES128-SHA256'),
  suite('TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 0xc027, 'ECDHE-RSA-AES128-SHA256'),
]

/** By name in any case. Fabio up to 1.6.1 had the two ChaCha names without their ending. */
export function cipherSuiteNamed(text: string): CipherSuite | undefined {
  const name = text.toUpperCase()
  return CIPHER_SUITES.find(
    suite => suite.name === name || (name.endsWith('_CHACHA20_POLY1305') && suite.name === `${name}_SHA256`),
  )
}

export function cipherSuiteNumbered(id: number): CipherSuite | undefined {
  return CIPHER_SUITES.find(suite => suite.id === id)
}

function suite(name: string, id: number, openSslName: string): CipherSuite {
  return { name, id, openSslName }
}
