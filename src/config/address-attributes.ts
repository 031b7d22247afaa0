import { bitsOf, firstAddress, formatAddress, formatNetwork, lastAddress, netmask } from './ip-address.ts'
import type { InterfaceAddress } from './machine.ts'

/** What `attr` and `join` can say about an address. @throws Error */
export function attributeOf(address: InterfaceAddress, name: string): string {
  const attribute = ATTRIBUTES.get(name.toLowerCase())?.(address)
  if (attribute === undefined) throw new Error(`unsupported attribute name "${name}"`)
  return attribute
}

const ATTRIBUTES: ReadonlyMap<string, (address: InterfaceAddress) => string | undefined> = new Map([
  ['name', address => address.interfaceName],
  ['flags', address => address.interfaceFlags.join('|')],
  ['address', address => formatAddress(address.family, address.value)],
  ['host', address => formatAddress(address.family, address.value)],
  ['port', () => '0'],
  ['netmask', address => formatAddress(address.family, netmask(address))],
  ['network', address => formatAddress(address.family, firstAddress(address))],
  ['mask_bits', address => String(address.prefixLength)],
  ['binary', address => address.value.toString(2).padStart(bitsOf(address.family), '0')],
  ['hex', address => address.value.toString(16).padStart(bitsOf(address.family) / 4, '0')],
  ['first_usable', address => formatAddress(address.family, firstAddress(address) + reserved(address))],
  ['last_usable', address => formatAddress(address.family, lastAddress(address) - reserved(address))],
  ['octets', octets],
  ['size', address => String(lastAddress(address) - firstAddress(address) + 1n)],
  ['broadcast', address => (address.family === 4 ? formatAddress(4, lastAddress(address)) : undefined)],
  ['uint32', address => (address.family === 4 ? String(address.value) : undefined)],
  ['uint128', address => (address.family === 6 ? String(address.value) : undefined)],
  ['string', address => formatNetwork(address)],
  ['type', address => `IPv${address.family}`],
])

/** IPv4 networks larger than a pair keep their first and last address for themselves. */
function reserved({ family, prefixLength }: InterfaceAddress): bigint {
  return family === 4 && prefixLength < 31 ? 1n : 0n
}

function octets({ family, value }: InterfaceAddress): string {
  const bytes: string[] = []
  for (let shift = BigInt(bitsOf(family) - 8); shift >= 0n; shift -= 8n) bytes.push(String((value >> shift) & 0xffn))
  return bytes.join(' ')
}

/** The `math` function: a new address from an old one. @throws Error */
export function shiftAddress(address: InterfaceAddress, operation: string, text: string): InterfaceAddress {
  switch (operation.toLowerCase()) {
    case 'address':
      return { ...address, value: BigInt.asUintN(bitsOf(address.family), address.value + parseSigned(text, operation)) }
    case 'network': {
      // Counted from the ends of the network, and never out of it.
      const step = parseSigned(text, operation)
      const hosts = lastAddress(address) - firstAddress(address)
      return {
        ...address,
        value: step >= 0n ? firstAddress(address) + (step & hosts) : lastAddress(address) - ((-step - 1n) & hosts),
      }
    }
    case 'mask': {
      const length = /^[0-9]{1,3}$/.test(text) ? Number(text) : Number.NaN
      if (!(length <= bitsOf(address.family))) {
        throw new Error(`parameter for operation "mask" must be between 0 and ${bitsOf(address.family)}: "${text}"`)
      }
      const prefixLength = Math.min(length, address.prefixLength)
      return { ...address, value: firstAddress({ ...address, prefixLength: length }), prefixLength }
    }
    default:
      throw new Error(`unsupported math operation: "${operation}"`)
  }
}

function parseSigned(text: string, operation: string): bigint {
  if (!/^[+-][0-9]{1,19}$/.test(text))
    throw new Error(`operation "${operation}" needs a whole number with its sign (+/-): "${text}"`)
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.slice(1))
}
