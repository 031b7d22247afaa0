import type { IpWords } from './ip-address.ts'
import { isMappedIpv4, parseIpAddress, parseIpv4, parseIpv6 } from './ip-address.ts'

/**
 * Which client addresses a route lets in: the `allow=` or `deny=` option of a target.
 *
 * Own comparison of numbers instead of `net.BlockList`, which makes an object for every address it is asked about
 * (bench/route-lookup.bench.ts measures both).
 */
export class AccessRules {
  readonly #blocks: readonly Block[]
  readonly #inBlockIsAllowed: boolean

  constructor(blocks: readonly Block[], { inBlockIsAllowed }: { inBlockIsAllowed: boolean }) {
    this.#blocks = blocks
    this.#inBlockIsAllowed = inBlockIsAllowed
  }

  /** Whether a client of this address may use the route. An address that is none may not: who it is cannot be said. */
  allows(address: string): boolean {
    const zone = address.indexOf('%') // `fe80::1%eth0`, which names the link a local address is of
    const words = parseIpAddress(zone < 0 ? address : address.slice(0, zone))
    if (words === undefined) return false
    for (const block of this.#blocks) {
      if (contains(block, words)) return this.#inBlockIsAllowed
    }
    return !this.#inBlockIsAllowed
  }
}

/** A range of addresses: those which have the bits of `network` under `mask`. */
export interface Block {
  readonly network: IpWords
  readonly mask: IpWords
}

/** The rules do not parse. The message is the one Fabio logs. */
export class AccessRuleError extends Error {}

/** What a target gets whose rules do not parse: a typing error must not open a route to everybody, as it does in Fabio. */
export const DENY_EVERYBODY = new AccessRules([], { inBlockIsAllowed: true })

/** Parses the values of `allow=` and `deny=`, of which an empty one is none. Undefined without rules. Throws an AccessRuleError. */
export function parseAccessRules({ allow, deny }: { allow: string; deny: string }): AccessRules | undefined {
  if (allow !== '' && deny !== '') {
    throw new AccessRuleError('specifying allow and deny on the same route is not supported')
  }
  if (allow !== '') return new AccessRules(allow.split(',').map(parseItem), { inBlockIsAllowed: true })
  if (deny !== '') return new AccessRules(deny.split(',').map(parseItem), { inBlockIsAllowed: false })
  return undefined
}

function parseItem(item: string): Block {
  const colon = item.indexOf(':')
  if (colon < 0) throw new AccessRuleError(`invalid access item, expected <type>:<data>, got [${item}]`)
  const type = item.slice(0, colon)
  if (type.trim().toLowerCase() !== 'ip') throw new AccessRuleError(`unknown access item type: ${type}`)

  const value = item.slice(colon + 1).trim()
  const block = value.includes('/') ? parseCidr(value) : parseSingle(value)
  if (block !== undefined) return block
  if (!value.includes('/')) throw new AccessRuleError(`failed to parse IP ${value}`)
  throw new AccessRuleError(`failed to parse CIDR ${item} with error: invalid CIDR address: ${value}`)
}

function parseSingle(address: string): Block | undefined {
  const words = parseIpAddress(address)
  return words && { network: words, mask: maskOf(words.length * 32, words.length) }
}

function parseCidr(cidr: string): Block | undefined {
  const slash = cidr.indexOf('/')
  const address = cidr.slice(0, slash)
  const digits = cidr.slice(slash + 1)
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits)) return undefined
  const bits = Number(digits)

  if (!address.includes(':')) {
    const word = parseIpv4(address)
    return word === undefined || bits > 32 ? undefined : blockOf([word], bits)
  }
  const words = parseIpv6(address)
  if (words === undefined || bits > 128) return undefined
  // A block of IPv4 addresses in their IPv6 form holds what the IPv4 block holds.
  return isMappedIpv4(words) && bits >= 96 ? blockOf([words[3]], bits - 96) : blockOf(words, bits)
}

function blockOf(words: IpWords, bits: number): Block {
  const mask = maskOf(bits, words.length)
  return { network: masked(words, mask), mask }
}

function maskOf(bits: number, words: 1 | 4): IpWords {
  const word = (index: number) => {
    const ones = Math.min(32, Math.max(0, bits - index * 32))
    return ones === 0 ? 0 : (0xffffffff << (32 - ones)) >>> 0
  }
  return words === 1 ? [word(0)] : [word(0), word(1), word(2), word(3)]
}

function masked(words: IpWords, mask: IpWords): IpWords {
  const word = (index: number) => ((words[index] ?? 0) & (mask[index] ?? 0)) >>> 0
  return words.length === 1 ? [word(0)] : [word(0), word(1), word(2), word(3)]
}

function contains({ network, mask }: Block, words: IpWords): boolean {
  if (network.length !== words.length) return false
  for (let i = 0; i < words.length; i++) {
    if (((words[i] ?? 0) & (mask[i] ?? 0)) >>> 0 !== network[i]) return false
  }
  return true
}
