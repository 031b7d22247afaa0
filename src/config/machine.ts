import { readFileSync } from 'node:fs'
import { availableParallelism, networkInterfaces, tmpdir } from 'node:os'
import { type IpAddress, parseIpAddress } from './ip-address.ts'

/** An address of this machine and the interface it belongs to. */
export interface InterfaceAddress extends IpAddress {
  readonly interfaceName: string
  /** As the kernel counts the interfaces. */
  readonly interfaceIndex: number
  /** Go's words, in its order: up, broadcast, loopback, pointtopoint, multicast, running. */
  readonly interfaceFlags: readonly string[]
}

/** What the configuration depends on besides what the operator says. */
export interface Machine {
  /** In the order of the interfaces, IPv4 before IPv6 within one. */
  readonly addresses: readonly InterfaceAddress[]
  /** Interface of the default route. */
  readonly defaultInterface: string | undefined
  readonly cores: number
  readonly temporaryDirectory: string
  /** Ports of TCP services by name. */
  readonly services: ReadonlyMap<string, number>
}

export function readMachine(): Machine {
  const routes = readText('/proc/net/route')
  return {
    addresses: readAddresses(),
    defaultInterface: routes === undefined ? undefined : parseDefaultInterface(routes),
    cores: availableParallelism(),
    temporaryDirectory: tmpdir(),
    services: parseServices(readText('/etc/services') ?? ''),
  }
}

/** Linux: the interface whose destination and mask are both 0, of the least metric. Fields: interface destination gateway flags refcnt use metric mask. */
export function parseDefaultInterface(routes: string): string | undefined {
  const defaults = routes
    .split('\n')
    .map(line => line.split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))
  return defaults[0]?.[0]
}

/** Known without /etc/services, which containers often lack. */
const COMMON_SERVICES: readonly (readonly [string, number])[] = [
  ['domain', 53],
  ['ftp', 21],
  ['ftps', 990],
  ['http', 80],
  ['https', 443],
  ['imap2', 143],
  ['imaps', 993],
  ['pop3', 110],
  ['pop3s', 995],
  ['smtp', 25],
  ['submissions', 465],
  ['ssh', 22],
  ['telnet', 23],
]

/** Lines like `http 80/tcp www # comment`. */
export function parseServices(text: string): ReadonlyMap<string, number> {
  const services = new Map(COMMON_SERVICES)
  for (const line of text.split('\n')) {
    const [, name, port, aliases = ''] = /^([^\s#]+)\s+([0-9]{1,5})\/tcp\b([^#]*)/.exec(line) ?? []
    if (name === undefined) continue
    for (const word of [name, ...aliases.split(/\s+/).filter(alias => alias !== '')]) services.set(word, Number(port))
  }
  return services
}

function readAddresses(): readonly InterfaceAddress[] {
  const addresses: InterfaceAddress[] = []
  for (const [label, entries = []] of Object.entries(networkInterfaces())) {
    // `eth0:1` is a second label of eth0, not an interface.
    const interfaceName = label.replace(/:.*/, '')
    const folder = `/sys/class/net/${interfaceName}`
    const interfaceIndex = Number(readText(`${folder}/ifindex`) ?? 0)
    const bits = readText(`${folder}/flags`)
    for (const { cidr, internal, family } of entries) {
      const address = parseIpAddress(cidr ?? '')
      if (address === undefined) continue
      const interfaceFlags = bits === undefined ? guessFlags(internal, family === 'IPv4') : flagWords(Number(bits))
      addresses.push({ ...address, interfaceName, interfaceIndex, interfaceFlags })
    }
  }
  return addresses.sort((a, b) => a.interfaceIndex - b.interfaceIndex || a.family - b.family)
}

/** IFF_UP and so on of net/if.h, in the order of Go's words. */
const FLAG_BITS: readonly (readonly [number, string])[] = [
  [0x1, 'up'],
  [0x2, 'broadcast'],
  [0x8, 'loopback'],
  [0x10, 'pointtopoint'],
  [0x1000, 'multicast'],
  [0x40, 'running'],
]

function flagWords(bits: number): readonly string[] {
  return FLAG_BITS.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word)
}

/** Where there is no /sys: Node lists interfaces only that are up and running. */
function guessFlags(internal: boolean, isIpv4: boolean): readonly string[] {
  if (internal) return ['up', 'loopback', 'multicast', 'running']
  return isIpv4 ? ['up', 'broadcast', 'multicast', 'running'] : ['up', 'multicast', 'running']
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // not Linux, or a container without it: there are other ways
  }
}
