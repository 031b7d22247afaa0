// The PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt): what a balancer before us
// says of the connection it passes on, and what we say to an upstream that wants to know.

import { isIPv4, isIPv6 } from 'node:net'

export interface ProxyHeader {
  readonly kind: 'header'
  /** Bytes of the header: what follows belongs to the connection. */
  readonly length: number
  /** undefined when the sender speaks for itself (LOCAL, UNKNOWN): then the socket's own addresses hold. */
  readonly client: ProxyAddress | undefined
  readonly server: ProxyAddress | undefined
}

export interface ProxyAddress {
  readonly address: string
  readonly port: number
}

export type ProxyHeaderResult =
  | ProxyHeader
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  /** The connection does not begin with a header. */
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly reason: string }

/** The longest line of version 1, with its CR LF. */
const MAX_V1_BYTES = 107
const V1_START = Buffer.from('PROXY ', 'latin1')
const V2_START = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])
const V2_HEAD_BYTES = 16
/** Addresses take 216 bytes at the most; the rest is for extensions (TLVs), which are passed over. */
const MAX_V2_BYTES = 4096

const INCOMPLETE: ProxyHeaderResult = { kind: 'incomplete' }
const NONE: ProxyHeaderResult = { kind: 'none' }

export function parseProxyHeader(bytes: Buffer, end: number): ProxyHeaderResult {
  if (end === 0) return INCOMPLETE
  const start = bytes[0] === V1_START[0] ? V1_START : V2_START
  const known = Math.min(end, start.length)
  for (let i = 0; i < known; i++) if (bytes[i] !== start[i]) return NONE
  if (end < start.length) return INCOMPLETE
  return start === V1_START ? parseV1(bytes, end) : parseV2(bytes, end)
}

function malformed(reason: string): ProxyHeaderResult {
  return { kind: 'malformed', reason }
}

function parseV1(bytes: Buffer, end: number): ProxyHeaderResult {
  const text = bytes.toString('latin1', 0, Math.min(end, MAX_V1_BYTES))
  const lineEnd = text.indexOf('\r\n')
  if (lineEnd === -1) return end >= MAX_V1_BYTES ? malformed('PROXY line too long') : INCOMPLETE
  const length = lineEnd + 2
  const words = text.slice(0, lineEnd).split(' ')
  const family = words[1]
  // UNKNOWN: whatever else stands in the line is to be passed over.
  if (family === 'UNKNOWN') return { kind: 'header', length, client: undefined, server: undefined }
  if ((family !== 'TCP4' && family !== 'TCP6') || words.length !== 6) return malformed('malformed PROXY line')
  const client = parseAddress(family, words[2], words[4])
  const server = parseAddress(family, words[3], words[5])
  if (client === undefined || server === undefined) return malformed('malformed address in PROXY line')
  return { kind: 'header', length, client, server }
}

function parseAddress(family: string, address = '', port = ''): ProxyAddress | undefined {
  // A sender with both kinds of sockets is known to write IPv4 addresses behind TCP6.
  if (!isIPv4(address) && (family === 'TCP4' || !isIPv6(address))) return undefined
  if (!/^(0|[1-9][0-9]{0,4})$/.test(port)) return undefined
  const number = Number(port)
  return number > 65_535 ? undefined : { address: isIPv4(address) ? address : plainIPv6(address), port: number }
}

/** One form for each address, as version 2 gives them: RFC 5952, without a zone, and IPv4 as such. */
function plainIPv6(address: string): string {
  return readIPv6(bytesOfIPv6(address), 0)
}

function bytesOfIPv6(address: string): Buffer {
  const [unzoned = ''] = address.split('%')
  const bytes = Buffer.alloc(16)
  const [front = '', back = ''] = unzoned.split('::')
  const head = wordsOf(front)
  const tail = wordsOf(back)
  for (const [i, word] of head.entries()) bytes.writeUInt16BE(word, i * 2)
  for (const [i, word] of tail.entries()) bytes.writeUInt16BE(word, 16 - (tail.length - i) * 2)
  return bytes
}

/** The 16-bit words of a part of an IPv6 address, whose last may be written as IPv4. */
function wordsOf(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap(word => {
    if (!word.includes('.')) return [Number.parseInt(word, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function parseV2(bytes: Buffer, end: number): ProxyHeaderResult {
  if (end < V2_HEAD_BYTES) return INCOMPLETE
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 0x0f
  if (version !== 2) return malformed(`PROXY version ${version}`)
  if (command > 1) return malformed(`PROXY command ${command}`)
  const length = V2_HEAD_BYTES + bytes.readUInt16BE(14)
  if (length > MAX_V2_BYTES) return malformed('PROXY header too long')
  if (end < length) return INCOMPLETE
  const addresses = bytes.subarray(V2_HEAD_BYTES, length)
  const family = bytes[13]! >> 4
  const local: ProxyHeader = { kind: 'header', length, client: undefined, server: undefined }
  if (command === 0) return local
  if (family === 1) return addressesOf(length, addresses, 4)
  if (family === 2) return addressesOf(length, addresses, 16)
  // A Unix socket has no address that anything here could use.
  if (family === 3) return addresses.length >= 216 ? local : malformed('PROXY addresses too short')
  return malformed('PROXY header without address family')
}

function addressesOf(length: number, addresses: Buffer, size: 4 | 16): ProxyHeaderResult {
  if (addresses.length < size * 2 + 4) return malformed('PROXY addresses too short')
  const read = size === 4 ? readIPv4 : readIPv6
  return {
    kind: 'header',
    length,
    client: { address: read(addresses, 0), port: addresses.readUInt16BE(size * 2) },
    server: { address: read(addresses, size), port: addresses.readUInt16BE(size * 2 + 2) },
  }
}

function readIPv4(bytes: Buffer, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
}

/** RFC 5952: lower case, no leading zeros, the longest run of zeros as `::`. */
function readIPv6(bytes: Buffer, at: number): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(at + i * 2))
  if (words.slice(0, 5).every(word => word === 0) && words[5] === 0xffff) return readIPv4(bytes, at + 12)
  let best = { start: -1, length: 1 }
  for (let i = 0; i < 8; i++) {
    let zeros = 0
    while (i + zeros < 8 && words[i + zeros] === 0) zeros++
    if (zeros > best.length) best = { start: i, length: zeros }
  }
  const text = words.map(word => word.toString(16))
  if (best.start === -1) return text.join(':')
  return `${text.slice(0, best.start).join(':')}::${text.slice(best.start + best.length).join(':')}`
}

export type ProxyVersion = 1 | 2

/** The header that tells an upstream who is connected to us, as Latin-1 text. */
export function formatProxyHeader(version: ProxyVersion, client: ProxyAddress, server: ProxyAddress): string {
  // One header holds addresses of one family: the IPv4 one of a mixed pair is written in its IPv6 form.
  const isV4 = isIPv4(client.address) && isIPv4(server.address)
  return version === 1 ? formatV1(client, server, isV4) : formatV2(client, server, isV4)
}

function formatV1(client: ProxyAddress, server: ProxyAddress, isV4: boolean): string {
  const [from, to] = isV4 ? [client.address, server.address] : [mapped(client.address), mapped(server.address)]
  return `PROXY ${isV4 ? 'TCP4' : 'TCP6'} ${from} ${to} ${client.port} ${server.port}\r\n`
}

function formatV2(client: ProxyAddress, server: ProxyAddress, isV4: boolean): string {
  const ends = [client, server]
  const addresses = ends.map(({ address }) => (isV4 ? bytesOfIPv4(address) : bytesOfIPv6(mapped(address))))
  const ports = Buffer.alloc(4)
  for (const [i, { port }] of ends.entries()) ports.writeUInt16BE(port, i * 2)
  const body = Buffer.concat([...addresses, ports])
  // Version 2, PROXY; the family, a stream; how long what follows is.
  const head = Buffer.from([0x21, isV4 ? 0x11 : 0x21, 0, body.length])
  return Buffer.concat([V2_START, head, body]).toString('latin1')
}

function bytesOfIPv4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

function mapped(address: string): string {
  return isIPv4(address) ? `::ffff:${address}` : (address.split('%')[0] ?? '')
}
