import { ConfigError } from './config-error.ts'
import { parseBoolean } from './go-number.ts'
import { type KeyDescription, type KeyValueMap, unknownKeyWarnings } from './key-value-list.ts'

/** One entry of bgp.peers. */
export interface BgpPeerSpec {
  readonly address: string
  /** 0 when not given, which means 179. */
  readonly port: number
  readonly asn: number
  readonly multiHop: boolean
  readonly multiHopLength: number
  readonly password: string
}

export const BGP_PEER_KEYS: readonly KeyDescription[] = [
  { key: 'address', value: 'address', defaultText: '', since: '1.6.3', summary: 'address of the router; required' },
  { key: 'port', value: 'number', defaultText: '179', since: '1.6.3', summary: 'its port' },
  { key: 'asn', value: 'number', defaultText: '0', since: '1.6.3', summary: 'its autonomous system number' },
  { key: 'multihop', value: 'bool', defaultText: 'false', since: '1.6.3', summary: 'it is more than one hop away' },
  { key: 'multihoplength', value: 'number', defaultText: '2', since: '1.6.3', summary: 'most hops' },
  { key: 'password', value: 'text', defaultText: '', since: '1.6.3', summary: 'TCP MD5 password' },
]

const DEFAULT_MULTI_HOP_LENGTH = 2

/** @throws ConfigError */
export function parseBgpPeerSpec(map: KeyValueMap, warn: (warning: string) => void): BgpPeerSpec {
  const address = map.get('address') ?? ''
  for (const warning of unknownKeyWarnings(map, BGP_PEER_KEYS, `BGP peer ${address}`)) warn(warning)
  return {
    address,
    port: parseUint32(map, 'port', 0),
    asn: parseUint32(map, 'asn', 0),
    multiHop: parseSwitch(map, 'multihop'),
    multiHopLength: parseUint32(map, 'multihoplength', DEFAULT_MULTI_HOP_LENGTH),
    password: map.get('password') ?? '',
  }
}

function parseUint32(map: KeyValueMap, name: string, otherwise: number): number {
  const text = map.get(name)
  if (text === undefined) return otherwise
  if (!/^[0-9]+$/.test(text))
    throw new ConfigError(`strconv.ParseUint: parsing "${text}": invalid syntax; ${name} needs a number`)
  if (Number(text) > 0xffffffff)
    throw new ConfigError(`strconv.ParseUint: parsing "${text}": value out of range for ${name}`)
  return Number(text)
}

function parseSwitch(map: KeyValueMap, name: string): boolean {
  const text = map.get(name)
  if (text === undefined) return false
  const value = parseBoolean(text)
  if (value === undefined)
    throw new ConfigError(`strconv.ParseBool: parsing "${text}": invalid syntax; ${name} needs true or false`)
  return value
}
