import type { SecureContextOptions } from 'node:tls'
import { CIPHER_SUITES } from '../config/cipher-suites.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'

/** What an exchange may know of the TLS of its connection. */
export interface TlsFacts {
  /** As Fabio names it: `tls13`. */
  readonly version: string
  /** The number of the cipher suite: `0x1301`. */
  readonly cipher: string
}

/** Those of Go, in its order of preference where the processor knows AES. */
const TLS13_SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
/** What is used of older ones unless said otherwise, likewise. */
const TLS12_SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
]
/** Only where `tlsciphers` names them: without forward secrecy, or weak. The best first, as in Go. */
const INSECURE_SUITES = [
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'ECDHE-RSA-DES-CBC3-SHA',
  'DES-CBC3-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'AES128-SHA256',
  'ECDHE-ECDSA-RC4-SHA',
  'ECDHE-RSA-RC4-SHA',
  'RC4-SHA',
]
/** Without one of these a connection may not speak HTTP/2 over TLS 1.2 (RFC 9113 §9.2.2). */
const HTTP2_SUITES = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256']

/** `tlsmin`, `tlsmax`, `tlsciphers` as node:tls wants them; what is not said is as in Go. */
export function tlsContextOptions(spec: ListenerSpec): SecureContextOptions {
  const { tlsMin, tlsMax } = spec
  const old = tlsMin === 'TLSv1' || tlsMin === 'TLSv1.1'
  // TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL allows on its lowest level only. Its usual one would refuse RSA keys of 1024
  // bits, which Go takes.
  const level = `@SECLEVEL=${old ? 0 : 1}`
  return {
    minVersion: tlsMin ?? (tlsMax === 'TLSv1' || tlsMax === 'TLSv1.1' ? tlsMax : 'TLSv1.2'),
    ...(tlsMax === undefined ? {} : { maxVersion: tlsMax }),
    // TLS 1.3 has suites of its own, which as in Go are not for choosing.
    ciphers: [...TLS13_SUITES, ...olderSuites(spec), level].join(':'),
    honorCipherOrder: true,
  }
}

function olderSuites({ tlsCiphers }: ListenerSpec): readonly string[] {
  if (tlsCiphers.length === 0) return TLS12_SUITES
  // The order in which they are written is none of preference, as in Go: a client of HTTP/2 must not get a suite it has to refuse.
  const named = new Set(tlsCiphers.map(({ openSslName }) => openSslName))
  return [...TLS12_SUITES, ...INSECURE_SUITES].filter(name => named.has(name))
}

/** Fabio refuses to start with such ciphers; here such a listener does not offer HTTP/2. */
export function mayOfferHttp2(spec: ListenerSpec): boolean {
  return spec.tlsMin === 'TLSv1.3' || olderSuites(spec).some(name => HTTP2_SUITES.includes(name))
}

const VERSIONS: ReadonlyMap<string, string> = new Map([
  ['TLSv1', 'tls10'],
  ['TLSv1.1', 'tls11'],
  ['TLSv1.2', 'tls12'],
  ['TLSv1.3', 'tls13'],
])
const CIPHERS: ReadonlyMap<string, string> = new Map(
  CIPHER_SUITES.map(({ name, id }) => [name, `0x${id.toString(16).padStart(4, '0')}`]),
)

/** @param cipher its name at IANA */
export function tlsFacts(version: string | null, cipher: string): TlsFacts {
  return { version: VERSIONS.get(version ?? '') ?? '0x0000', cipher: CIPHERS.get(cipher) ?? '0x0000' }
}
