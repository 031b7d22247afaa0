import { HEADER } from '../../wire/header-names.ts'

/**
 * Headers of one connection, never passed on (RFC 9110 §7.6.1), and framing, which is always computed anew.
 * Indexed by header number.
 */
export const HOP_BY_HOP = new Uint8Array(256)
for (const id of [
  HEADER.connection,
  HEADER.contentLength,
  HEADER.keepAlive,
  HEADER.proxyConnection,
  HEADER.proxyAuthenticate,
  HEADER.proxyAuthorization,
  HEADER.te,
  HEADER.trailer,
  HEADER.transferEncoding,
  HEADER.upgrade,
  HEADER.http2Settings,
  HEADER.withdrawn,
]) {
  HOP_BY_HOP[id] = 1
}

/** Headers that a client must not have removed by naming them in Connection (CVE-2025-48865). Always in lower case. */
export const PROTECTED = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-prefix',
  'x-real-ip',
])
