// The functions of address templates: those of go-sockaddr, which Fabio uses, and the builtin ones of Go's templates that
// make sense for an address.

import { attributeOf, shiftAddress } from './address-attributes.ts'
import { isForwardable, isPrivate, selector, sortAddresses } from './address-selectors.ts'
import { formatAddress } from './ip-address.ts'
import type { InterfaceAddress, Machine } from './machine.ts'

type Addresses = readonly InterfaceAddress[]

export type TemplateValue = string | number | boolean | Addresses

/** @throws Error with a reason when an argument is wrong; the template adds where. */
type TemplateFunction = (args: readonly TemplateValue[], machine: Machine) => TemplateValue

export const ADDRESS_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['GetAllInterfaces', (args, machine) => none(args, machine.addresses)],
  ['GetDefaultInterfaces', (args, machine) => none(args, defaultAddresses(machine))],
  ['GetPrivateInterfaces', (args, machine) => none(args, preferredAddresses(machine).filter(isPrivate))],
  [
    'GetPublicInterfaces',
    (args, machine) =>
      none(
        args,
        preferredAddresses(machine).filter(address => !isPrivate(address)),
      ),
  ],
  ['GetPrivateIP', (args, machine) => none(args, firstText(preferredAddresses(machine).filter(isPrivate)))],
  [
    'GetPublicIP',
    (args, machine) => none(args, firstText(preferredAddresses(machine).filter(address => !isPrivate(address)))),
  ],
  [
    'GetPrivateIPs',
    (args, machine) =>
      none(
        args,
        texts(bySize(machine.addresses, machine).filter(address => isPrivate(address) && isForwardable(address))),
      ),
  ],
  [
    'GetPublicIPs',
    (args, machine) => none(args, texts(bySize(machine.addresses, machine).filter(address => !isPrivate(address)))),
  ],
  ['GetInterfaceIP', (args, machine) => firstText(bySize(onInterface(args, machine).filter(isForwardable), machine))],
  ['GetInterfaceIPs', (args, machine) => texts(bySize(onInterface(args, machine), machine))],
  ['include', args => addresses(args, 2).filter(selector(word(args, 0), word(args, 1)))],
  [
    'exclude',
    args => {
      const matches = selector(word(args, 0), word(args, 1))
      return addresses(args, 2).filter(address => !matches(address))
    },
  ],
  ['sort', (args, machine) => sortAddresses(addresses(args, 1), word(args, 0), machine)],
  ['unique', args => unique(word(args, 0), addresses(args, 1))],
  ['limit', args => addresses(args, 1).slice(0, wholeNumber(args, 0, { least: 0 }))],
  ['offset', args => offset(wholeNumber(args, 0, { least: -Infinity }), addresses(args, 1))],
  ['math', args => addresses(args, 2).map(address => shiftAddress(address, word(args, 0), word(args, 1)))],
  ['attr', args => attribute(word(args, 0), addresses(args, 1))],
  [
    'join',
    args =>
      addresses(args, 2)
        .map(address => attributeOf(address, word(args, 0)))
        .join(word(args, 1)),
  ],
  ['and', args => args.find(arg => !isTrue(arg)) ?? args.at(-1) ?? false],
  ['or', args => args.find(isTrue) ?? args.at(-1) ?? false],
  ['not', args => !isTrue(args[0] ?? '')],
  ['eq', args => args.slice(1).some(arg => arg === args[0])],
  ['ne', args => args[0] !== args[1]],
  ['len', args => (typeof args[0] === 'string' || Array.isArray(args[0]) ? args[0].length : Number.NaN)],
  ['print', args => args.map(printed).join('')],
  ['printf', args => format(word(args, 0), args.slice(1))],
])

/** Go's truth: empty and zero are false. */
export function isTrue(value: TemplateValue): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** @throws Error for a list, which has no form that could be part of an address. */
export function printed(value: TemplateValue): string {
  if (typeof value === 'object') throw new Error('a list of addresses is no text; use attr or join')
  return String(value)
}

/** Of interfaces that are up, default route first, then IPv4, then large networks. */
function preferredAddresses(machine: Machine): Addresses {
  const usable = machine.addresses.filter(address => address.interfaceFlags.includes('up') && isForwardable(address))
  return sortAddresses(usable, 'default,type,size', machine)
}

function defaultAddresses(machine: Machine): Addresses {
  if (machine.defaultInterface === undefined) throw new Error('No default interface found')
  return machine.addresses.filter(address => address.interfaceName === machine.defaultInterface)
}

function bySize(list: Addresses, machine: Machine): Addresses {
  return sortAddresses(list, 'type,size', machine)
}

function onInterface(args: readonly TemplateValue[], machine: Machine): Addresses {
  return machine.addresses.filter(selector('name', word(args, 0)))
}

function firstText(list: Addresses): string {
  return texts(list.slice(0, 1))
}

function texts(list: Addresses): string {
  return list.map(address => formatAddress(address.family, address.value)).join(' ')
}

function unique(kind: string, list: Addresses): Addresses {
  const nameOf = kind.toLowerCase() === 'address' ? 'string' : kind
  if (nameOf !== 'string' && nameOf.toLowerCase() !== 'name') throw new Error(`unsupported unique constraint "${kind}"`)
  // Only neighbours are compared: the list is expected to be sorted.
  return list.filter((address, i) => {
    const previous = list[i - 1]
    return previous === undefined || attributeOf(previous, nameOf) !== attributeOf(address, nameOf)
  })
}

function offset(count: number, list: Addresses): Addresses {
  if (Math.abs(count) > list.length) {
    throw new Error(`unable to seek past the end: offset ${count} exceeds the number of addresses ${list.length}`)
  }
  return count < 0 ? list.slice(list.length + count) : list.slice(count)
}

function attribute(name: string, list: Addresses): string {
  const [first] = list
  return first === undefined ? '' : attributeOf(first, name)
}

function none<T extends TemplateValue>(args: readonly TemplateValue[], result: T): T {
  if (args.length > 0) throw new Error(`takes no arguments, got ${args.length}`)
  return result
}

function word(args: readonly TemplateValue[], index: number): string {
  const arg = args[index]
  if (typeof arg !== 'string') throw new Error(`argument ${index + 1} must be text in quotes`)
  return arg
}

function wholeNumber(args: readonly TemplateValue[], index: number, { least }: { readonly least: number }): number {
  const arg = args[index]
  if (typeof arg !== 'number' || arg < least) throw new Error(`argument ${index + 1} must be a whole number`)
  return arg
}

/** The list is the last argument, where the pipe puts it. */
function addresses(args: readonly TemplateValue[], index: number): Addresses {
  const arg = args[index]
  if (typeof arg !== 'object' || args.length !== index + 1)
    throw new Error(`argument ${index + 1}, the last, must be a list of addresses`)
  return arg
}

function format(pattern: string, args: readonly TemplateValue[]): string {
  let next = 0
  return pattern.replaceAll(/%(.?)/gs, (_whole, verb: string) => {
    if (verb === '%') return '%'
    const arg = args[next++]
    if (arg === undefined) throw new Error(`printf: nothing left for %${verb}`)
    if (verb === 'q') return JSON.stringify(printed(arg))
    if (verb === 's' || verb === 'd' || verb === 'v') return printed(arg)
    throw new Error(`printf: only %s, %d, %v, %q and %% are supported, not %${verb}`)
  })
}
