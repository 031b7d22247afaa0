import { containsNetwork, formatNetwork, type IpAddress, parseIpAddress } from './ip-address.ts'
import type { InterfaceAddress, Machine } from './machine.ts'
import { translateRe2 } from './re2.ts'
import { networksOfRfc, unforwardableNetworks } from './rfc-networks.ts'

type Matches = (address: InterfaceAddress) => boolean

/** The test that `include` and `exclude` make: `"type" "IPv4"`, `"name" "^eth"`. `|` separates alternatives. @throws Error */
export function selector(kind: string, parameter: string): Matches {
  switch (kind.toLowerCase()) {
    case 'address':
      return matching(parameter, formatNetwork)
    case 'name':
      return matching(parameter, address => address.interfaceName)
    case 'port':
      return matching(parameter, () => '0')
    case 'flag':
    case 'flags':
      return flagSelector(parameter)
    case 'network':
      return withinAny(parameter.split('|').map(parseNetwork))
    case 'rfc':
    case 'rfcs':
      return withinAny(parameter.split('|').flatMap(blocksOfRfc))
    case 'size':
      return sizeSelector(parameter)
    case 'type':
      return typeSelector(parameter)
    default:
      throw new Error(`invalid selector "${kind}"`)
  }
}

export function isForwardable(address: IpAddress): boolean {
  return !unforwardableNetworks().some(network => containsNetwork(network, address))
}

export function isPrivate(address: IpAddress): boolean {
  return blocksOfRfc('6890').some(network => containsNetwork(network, address))
}

/** Neither loopback, link-local, multicast nor unspecified; private addresses count. Go's IsGlobalUnicast. */
export function isGlobalUnicast(address: IpAddress): boolean {
  return !NOT_GLOBAL_UNICAST.some(network =>
    containsNetwork(network, { ...address, prefixLength: address.family === 4 ? 32 : 128 }),
  )
}

function matching(expression: string, textOf: (address: InterfaceAddress) => string): Matches {
  const pattern = new RegExp(translateRe2(expression))
  return address => pattern.test(textOf(address))
}

function withinAny(networks: readonly IpAddress[]): Matches {
  return address => networks.some(network => containsNetwork(network, address))
}

function parseNetwork(text: string): IpAddress {
  const network = parseIpAddress(text)
  if (network === undefined) throw new Error(`unable to create an IP address from "${text}"`)
  return network
}

function blocksOfRfc(number: string): readonly IpAddress[] {
  const networks = /^[0-9]{1,9}$/.test(number) ? networksOfRfc(Number(number)) : undefined
  if (networks === undefined) throw new Error(`unsupported RFC ${number}`)
  return networks
}

function sizeSelector(text: string): Matches {
  if (!/^[0-9]{1,3}$/.test(text) || Number(text) > 128) throw new Error(`invalid size argument "${text}"`)
  return address => address.prefixLength === Number(text)
}

function typeSelector(text: string): Matches {
  const types = text.toLowerCase().split('|')
  for (const type of types) {
    if (!['ip', 'ipv4', 'ipv6', 'unix'].includes(type)) throw new Error(`unsupported type "${type}"`)
  }
  return address => types.includes('ip') || types.includes(`ipv${address.family}`)
}

const NOT_GLOBAL_UNICAST = [
  '0.0.0.0',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::/10',
  'ff00::/8',
].map(parseNetwork)

/** What a flag says about an address, rather than about its interface. */
const ADDRESS_FLAGS: ReadonlyMap<string, Matches> = new Map([
  ['forwardable', isForwardable],
  ['global unicast', isGlobalUnicast],
  ['interface-local multicast', withinAny(['ff01::/16', 'ff11::/16'].map(parseNetwork))],
  ['link-local multicast', withinAny(['224.0.0.0/24', 'ff02::/16'].map(parseNetwork))],
  ['link-local unicast', withinAny(['169.254.0.0/16', 'fe80::/10'].map(parseNetwork))],
  ['loopback', withinAny(['127.0.0.0/8', '::1'].map(parseNetwork))],
  ['multicast', withinAny(['224.0.0.0/4', 'ff00::/8'].map(parseNetwork))],
  ['unspecified', withinAny(['0.0.0.0', '::'].map(parseNetwork))],
])

const INTERFACE_FLAGS: ReadonlyMap<string, string> = new Map([
  ['broadcast', 'broadcast'],
  ['loopback', 'loopback'],
  ['multicast', 'multicast'],
  ['point-to-point', 'pointtopoint'],
  ['up', 'up'],
])

/** As in go-sockaddr, an address matches when its interface has all the flags, or when it has any of the address flags. */
function flagSelector(text: string): Matches {
  const words = text.toLowerCase().split('|')
  const unknown = words.find(word => word !== 'down' && !ADDRESS_FLAGS.has(word) && !INTERFACE_FLAGS.has(word))
  if (unknown !== undefined) throw new Error(`Unknown interface flag: "${unknown}"`)
  const wanted = words.flatMap(word => INTERFACE_FLAGS.get(word) ?? [])
  const asksInterface = wanted.length > 0 || words.includes('down')
  const tests = words.flatMap(word => ADDRESS_FLAGS.get(word) ?? [])
  return address =>
    (asksInterface && wanted.every(flag => address.interfaceFlags.includes(flag))) || tests.some(test => test(address))
}

/** Sorts by clauses such as `default,-type,size`; earlier clauses win, ties stay in order. @throws Error */
export function sortAddresses(
  addresses: readonly InterfaceAddress[],
  clauses: string,
  machine: Machine,
): readonly InterfaceAddress[] {
  const orders = clauses.split(',').map(clause => {
    const [, sign = '', name = ''] = /^\s*([+-]?)(.*?)\s*$/s.exec(clause.toLowerCase()) ?? []
    const order = ORDERS.get(name)
    if (order === undefined) throw new Error(`unknown sort type: "${clause}"`)
    return (a: InterfaceAddress, b: InterfaceAddress) => (sign === '-' ? -1 : 1) * order(a, b, machine)
  })
  return addresses.toSorted((a, b) => {
    for (const order of orders) {
      const difference = order(a, b)
      if (difference !== 0) return difference
    }
    return 0
  })
}

type Order = (a: InterfaceAddress, b: InterfaceAddress, machine: Machine) => number

const ORDERS: ReadonlyMap<string, Order> = new Map<string, Order>([
  ['address', (a, b) => (a.family === b.family ? compare(a.value, b.value) : 0)],
  [
    'default',
    (a, b, machine) =>
      before(a.interfaceName === machine.defaultInterface, b.interfaceName === machine.defaultInterface),
  ],
  ['name', (a, b) => compare(a.interfaceName, b.interfaceName)],
  ['port', () => 0],
  ['private', (a, b) => before(isPrivate(a), isPrivate(b))],
  ['size', (a, b) => (a.family === b.family ? a.prefixLength - b.prefixLength : 0)],
  ['type', (a, b) => a.family - b.family],
])

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function before(a: boolean, b: boolean): number {
  return Number(b) - Number(a)
}
