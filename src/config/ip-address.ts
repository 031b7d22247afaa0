import { isIP } from 'node:net'

/** An address with the network it is in. */
export interface IpAddress {
  readonly family: 4 | 6
  /** Big-endian value of the 4 or 16 bytes. */
  readonly value: bigint
  readonly prefixLength: number
}

/** `10.1.2.3`, `10.0.0.0/8`, `fe80::1/10`; without a length, the address alone is the network. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const [, address = '', length] = /^([^/%]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  if (family !== 4 && family !== 6) return undefined
  const prefixLength = length === undefined ? bitsOf(family) : Number(length)
  if (prefixLength > bitsOf(family)) return undefined
  return { family, value: family === 4 ? parseIpv4(address) : parseIpv6(address), prefixLength }
}

export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128
}

/** The bits of the network part set. */
export function netmask({ family, prefixLength }: IpAddress): bigint {
  return hostmask(family, 0) ^ hostmask(family, prefixLength)
}

export function firstAddress(network: IpAddress): bigint {
  return network.value & netmask(network)
}

export function lastAddress(network: IpAddress): bigint {
  return network.value | hostmask(network.family, network.prefixLength)
}

/** Is the network of the second within that of the first? */
export function containsNetwork(outer: IpAddress, inner: IpAddress): boolean {
  return (
    outer.family === inner.family &&
    firstAddress(outer) <= firstAddress(inner) &&
    lastAddress(outer) >= lastAddress(inner)
  )
}

/** As Go prints an address: RFC 5952, and IPv4-mapped ones as IPv4. */
export function formatAddress(family: 4 | 6, value: bigint): string {
  if (family === 4) return formatIpv4(value)
  if (value >> 32n === 0xffffn) return formatIpv4(value & 0xffffffffn)
  const groups: string[] = []
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16))
  const zeros = longestZeros(groups)
  if (zeros.length < 2) return groups.join(':')
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

/** The address, with its network length unless it is alone in it. */
export function formatNetwork({ family, value, prefixLength }: IpAddress): string {
  const address = formatAddress(family, value)
  return prefixLength === bitsOf(family) ? address : `${address}/${prefixLength}`
}

function hostmask(family: 4 | 6, prefixLength: number): bigint {
  return (1n << BigInt(bitsOf(family) - prefixLength)) - 1n
}

function parseIpv4(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function parseIpv6(text: string): bigint {
  // An IPv4 tail is two more groups.
  const tail = /[^:]+\.[^:]+$/.exec(text)?.[0]
  const ipv4 = tail === undefined ? 0n : parseIpv4(tail)
  const whole =
    tail === undefined
      ? text
      : `${text.slice(0, -tail.length)}${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`
  const [head = '', rest] = whole.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = rest === undefined || rest === '' ? [] : rest.split(':')
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 0xffn)).join('.')
}

/** The first of the longest runs, RFC 5952 section 4.2. */
function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > longest.length) longest = { start, length }
  }
  return longest
}
