// The headers the data path must know by name. A head parser gives each header line one of these numbers, so that
// nothing later compares names as strings.

export const HEADER = {
  other: 0,
  host: 1,
  connection: 2,
  contentLength: 3,
  transferEncoding: 4,
  expect: 5,
  proxyConnection: 6,
  te: 7,
  trailer: 8,
  keepAlive: 9,
  upgrade: 10,
  proxyAuthenticate: 11,
  proxyAuthorization: 12,
  xForwardedFor: 13,
  xForwardedProto: 14,
  xForwardedPort: 15,
  xForwardedHost: 16,
  xForwardedPrefix: 17,
  xRealIp: 18,
  forwarded: 19,
  accept: 20,
  acceptEncoding: 21,
  authorization: 22,
  contentType: 23,
  contentEncoding: 24,
  contentRange: 25,
  cacheControl: 26,
  date: 27,
  vary: 28,
  strictTransportSecurity: 29,
  http2Settings: 30,
  idempotencyKey: 31,
  xIdempotencyKey: 32,
  etag: 33,
  secWebsocketKey: 34,
  /** No name: of lines that count as never sent. */
  withdrawn: 35,
} as const

export type HeaderId = (typeof HEADER)[keyof typeof HEADER]

const NAMES: readonly (readonly [string, HeaderId])[] = [
  ['host', HEADER.host],
  ['connection', HEADER.connection],
  ['content-length', HEADER.contentLength],
  ['transfer-encoding', HEADER.transferEncoding],
  ['expect', HEADER.expect],
  ['upgrade', HEADER.upgrade],
  ['te', HEADER.te],
  ['trailer', HEADER.trailer],
  ['keep-alive', HEADER.keepAlive],
  ['proxy-connection', HEADER.proxyConnection],
  ['proxy-authenticate', HEADER.proxyAuthenticate],
  ['proxy-authorization', HEADER.proxyAuthorization],
  ['x-forwarded-for', HEADER.xForwardedFor],
  ['x-forwarded-proto', HEADER.xForwardedProto],
  ['x-forwarded-port', HEADER.xForwardedPort],
  ['x-forwarded-host', HEADER.xForwardedHost],
  ['x-forwarded-prefix', HEADER.xForwardedPrefix],
  ['x-real-ip', HEADER.xRealIp],
  ['forwarded', HEADER.forwarded],
  ['accept', HEADER.accept],
  ['accept-encoding', HEADER.acceptEncoding],
  ['authorization', HEADER.authorization],
  ['content-type', HEADER.contentType],
  ['content-encoding', HEADER.contentEncoding],
  ['content-range', HEADER.contentRange],
  ['cache-control', HEADER.cacheControl],
  ['date', HEADER.date],
  ['vary', HEADER.vary],
  ['strict-transport-security', HEADER.strictTransportSecurity],
  ['http2-settings', HEADER.http2Settings],
  ['idempotency-key', HEADER.idempotencyKey],
  ['x-idempotency-key', HEADER.xIdempotencyKey],
  ['etag', HEADER.etag],
  ['sec-websocket-key', HEADER.secWebsocketKey],
]

/** RFC 9110 §5.6.2 `tchar`, folded to lower case: the code of the folded character, or 0 for what no name may hold. */
export const TOKEN = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN[char.charCodeAt(0)] = char.toLowerCase().charCodeAt(0)
}

// Two multiplications of the folded bytes make the slot. The constants are the first ones that put every name above into a
// slot of its own, so a look-up is one comparison; the constructor check below keeps that true when a name is added.
export const HASH_SEED = 5381
export const HASH_FACTOR = 33
const SLOT_BITS = 9
const SLOT_SHIFT = 32 - SLOT_BITS

/** The slot of a name whose folded bytes were mixed as `h = imul(h, HASH_FACTOR) + byte`. */
export function headerSlot(hash: number, spread: number): number {
  return Math.imul(hash, spread) >>> SLOT_SHIFT
}

function hashOf(name: string): number {
  let hash = HASH_SEED
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, HASH_FACTOR) + name.charCodeAt(i)) | 0
  return hash
}

function findSpread(): number {
  for (let spread = 0x9e3779b1; ; spread = (spread + 2) >>> 0) {
    const slots = new Set(NAMES.map(([name]) => headerSlot(hashOf(name), spread)))
    if (slots.size === NAMES.length) return spread
  }
}

export const HASH_SPREAD = findSpread()
export const SLOT_IDS = new Uint8Array(1 << SLOT_BITS)
export const SLOT_NAMES: string[] = new Array<string>(1 << SLOT_BITS).fill('')
for (const [name, id] of NAMES) {
  const slot = headerSlot(hashOf(name), HASH_SPREAD)
  SLOT_IDS[slot] = id
  SLOT_NAMES[slot] = name
}

/** The number of a name in any case, `HEADER.other` for a name the data path need not know. */
export function headerId(name: string): HeaderId {
  const folded = name.toLowerCase()
  const slot = headerSlot(hashOf(folded), HASH_SPREAD)
  return SLOT_NAMES[slot] === folded ? (SLOT_IDS[slot] as HeaderId) : HEADER.other
}
