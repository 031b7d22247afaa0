import type { CertSourceSpec } from './cert-source-spec.ts'
import type { CipherSuite } from './cipher-suites.ts'
import { ConfigError } from './config-error.ts'
import { durationProblem, parseDurationMs } from './duration.ts'
import { type KeyDescription, type KeyValueMap, unknownKeyWarnings } from './key-value-list.ts'
import { type ListenAddress, parseListenAddress } from './listen-address.ts'
import { parseTlsCiphers, parseTlsVersion, type TlsVersion } from './tls-settings.ts'

export type ListenerProtocol =
  | 'http'
  | 'https'
  | 'tcp'
  | 'tcp+sni'
  | 'tcp-dynamic'
  | 'https+tcp+sni'
  | 'grpc'
  | 'grpcs'
  | 'prometheus'

/** One entry of proxy.addr, or ui.addr. */
export interface ListenerSpec {
  /** As written, with templates filled in: `:9999`, `[::1]:80`. */
  readonly addr: string
  /** Without brackets; '' for every address of the machine, IPv4 and IPv6. May be a name. */
  readonly host: string
  readonly port: number
  readonly proto: ListenerProtocol
  /** Name in proxy.certSources. */
  readonly certSource: string | undefined
  /** 0 for no limit, as the following two. */
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly idleTimeoutMs: number
  /** No default certificate for names that have none. */
  readonly strictMatch: boolean
  /** undefined leaves the choice to the TLS library. */
  readonly tlsMin: TlsVersion | undefined
  readonly tlsMax: TlsVersion | undefined
  /** In the order written; empty leaves the choice to the TLS library. */
  readonly tlsCiphers: readonly CipherSuite[]
  /** A PROXY header may come first. */
  readonly proxyProtocol: boolean
  readonly proxyHeaderTimeoutMs: number
  /** How often a tcp-dynamic listener compares its ports with the table; positive there. */
  readonly refreshMs: number
  /** The ports a tcp-dynamic listener may open. */
  readonly ports: PortRange
  /** HTTP/2 in the clear is taken too, with prior knowledge (RFC 9113 §3.3). */
  readonly h2c: boolean
}

export interface PortRange {
  readonly from: number
  readonly to: number
}

export interface ListenerContext {
  readonly certSources: ReadonlyMap<string, CertSourceSpec>
  /** What rt and wt are when not said. */
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly services: ReadonlyMap<string, number>
  expandTemplate(text: string): string
  warn(warning: string): void
  inform(text: string): void
}

interface Protocol {
  readonly certSource: 'required' | 'possible' | 'impossible'
}

const PROTOCOLS: Readonly<Record<ListenerProtocol, Protocol>> = {
  http: { certSource: 'impossible' },
  https: { certSource: 'required' },
  tcp: { certSource: 'possible' },
  'tcp+sni': { certSource: 'impossible' },
  'tcp-dynamic': { certSource: 'possible' },
  'https+tcp+sni': { certSource: 'required' },
  grpc: { certSource: 'impossible' },
  grpcs: { certSource: 'required' },
  prometheus: { certSource: 'possible' },
}

export const LISTENER_KEYS: readonly KeyDescription[] = [
  key('', '`[host]:port`', '', '', 'the address, also as `addr=`; no host means all addresses; templates are possible'),
  key('addr', '`[host]:port`', '', '', 'the same'),
  key('proto', Object.keys(PROTOCOLS).join(', '), 'http', '', 'protocol; https when there is a cs'),
  key('cs', 'name', '', '', 'certificate source of proxy.cs'),
  key('rt', 'duration', 'proxy.readtimeout', '', 'time to read a request; for tcp, time without data from the client'),
  key('wt', 'duration', 'proxy.writetimeout', '', 'the same for writing'),
  key('it', 'duration', '0s', '1.5.14', 'time an idle keep-alive connection is kept; 0 means rt'),
  key('strictmatch', 'true, false', 'false', '', 'no default certificate for server names that have none'),
  key('tlsmin', 'tls10, tls11, tls12, tls13', '', '', 'lowest version of TLS'),
  key('tlsmax', 'tls10, tls11, tls12, tls13', '', '', 'highest version of TLS'),
  key('tlsciphers', 'names, in quotes', '', '', 'cipher suites by name or number'),
  key('pxyproto', 'true, false', 'false', '1.5.11', 'reads the PROXY header of a load balancer'),
  key('pxytimeout', 'duration', '250ms', '1.5.11', 'time for that header'),
  key('refresh', 'duration', '5s', '1.5.14', 'tcp-dynamic: how often ports are compared with the table'),
  key('ports', 'from-to', '1-65535', 'ours', 'tcp-dynamic: the ports that may be opened'),
  key('h2c', 'true, false', 'false', 'ours', 'http: takes HTTP/2 in the clear too, with prior knowledge'),
]

const DEFAULT_PROXY_HEADER_TIMEOUT_MS = 250

/** Fabio has none and then loops without a pause; this is the value of its documentation. */
const DEFAULT_REFRESH_MS = 5000
const MIN_REFRESH_MS = 100

/** @throws ConfigError */
export function parseListenerSpec(map: KeyValueMap, context: ListenerContext): ListenerSpec {
  const written = map.get('') ?? map.get('addr') ?? ''
  if (written === '') throw new ConfigError('need listening host:port')
  const addr = context.expandTemplate(written)
  for (const warning of unknownKeyWarnings(map, LISTENER_KEYS, `listener ${addr}`)) context.warn(warning)
  const proto = parseProtocol(map)
  const certSource = parseCertSource(map, proto, context)
  const warnAbout = (name: string) => (warning: string) => context.warn(`listener ${addr}: ${name}: ${warning}`)
  const tlsMin = parseTlsVersion(map.get('tlsmin') ?? '0', warnAbout('tlsmin'))
  const tlsMax = parseTlsVersion(map.get('tlsmax') ?? '0', warnAbout('tlsmax'))
  if (tlsMin !== undefined && tlsMax !== undefined && tlsMin > tlsMax) {
    throw new ConfigError(`listener ${addr}: tlsmin ${map.get('tlsmin')} is above tlsmax ${map.get('tlsmax')}`)
  }
  const ciphers = map.get('tlsciphers')
  const proxyProtocol = parseSwitch(map, 'pxyproto', warnAbout('pxyproto'))
  return {
    addr,
    ...parseAddress(addr, context),
    proto,
    certSource: certSource?.name,
    readTimeoutMs: parseDuration(map, 'rt', context.readTimeoutMs),
    writeTimeoutMs: parseDuration(map, 'wt', context.writeTimeoutMs),
    idleTimeoutMs: parseDuration(map, 'it', 0),
    strictMatch: parseStrictMatch(map, certSource, addr, context),
    tlsMin,
    tlsMax,
    tlsCiphers: ciphers === undefined ? [] : parseTlsCiphers(ciphers, warnAbout('tlsciphers')),
    proxyProtocol,
    proxyHeaderTimeoutMs: parseDuration(map, 'pxytimeout', 0) || (proxyProtocol ? DEFAULT_PROXY_HEADER_TIMEOUT_MS : 0),
    refreshMs: parseRefresh(map, proto),
    ports: parsePorts(map.get('ports')),
    h2c: parseSwitch(map, 'h2c', warnAbout('h2c')),
  }
}

function isProtocol(text: string): text is ListenerProtocol {
  return Object.hasOwn(PROTOCOLS, text)
}

function parseProtocol(map: KeyValueMap): ListenerProtocol {
  const text = map.get('proto') ?? (map.has('cs') ? 'https' : 'http')
  if (!isProtocol(text))
    throw new ConfigError(`unknown protocol "${text}"; expected ${Object.keys(PROTOCOLS).join(', ')}`)
  return text
}

function parseCertSource(
  map: KeyValueMap,
  proto: ListenerProtocol,
  context: ListenerContext,
): CertSourceSpec | undefined {
  const name = map.get('cs')
  if (name === undefined) {
    if (PROTOCOLS[proto].certSource === 'required') throw new ConfigError(`proto '${proto}' requires cert source`)
    return undefined
  }
  const source = context.certSources.get(name)
  if (source === undefined) throw new ConfigError(`unknown certificate source "${name}"`)
  if (PROTOCOLS[proto].certSource === 'impossible') {
    throw new ConfigError(
      "cert source requires proto 'https', 'tcp', 'tcp-dynamic', 'https+tcp+sni', 'prometheus', or 'grpcs'",
    )
  }
  return source
}

function parseStrictMatch(
  map: KeyValueMap,
  source: CertSourceSpec | undefined,
  addr: string,
  context: ListenerContext,
): boolean {
  const strict = parseSwitch(map, 'strictmatch', warning => context.warn(`listener ${addr}: strictmatch: ${warning}`))
  if (strict || source?.type !== 'vault-pki') return strict
  // Otherwise the first certificate that was issued would be shown to clients that ask for any other name.
  context.inform(`vault-pki requires strictmatch; enabling strictmatch for listener ${addr}`)
  return true
}

function parseAddress(addr: string, context: ListenerContext): ListenAddress {
  const address = parseListenAddress(addr, context.services)
  if (address !== undefined) return address
  throw new ConfigError(`listen: Fail to resolve tcp addr. ${addr}; expected host:port, :port or [IPv6 address]:port`)
}

function parsePorts(text: string | undefined): PortRange {
  if (text === undefined) return { from: 1, to: 65_535 }
  const [, from = '', to = from] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text.trim()) ?? []
  const range = { from: Number(from), to: Number(to) }
  if (from === '' || range.from < 1 || range.to > 65_535 || range.from > range.to)
    throw new ConfigError(`ports "${text}" is no range of ports; expected for instance 20000-29999`)
  return range
}

function parseRefresh(map: KeyValueMap, proto: ListenerProtocol): number {
  const refreshMs = parseDuration(map, 'refresh', 0)
  if (proto !== 'tcp-dynamic') return refreshMs
  return refreshMs <= 0 ? DEFAULT_REFRESH_MS : Math.max(refreshMs, MIN_REFRESH_MS)
}

function parseDuration(map: KeyValueMap, name: string, otherwise: number): number {
  const text = map.get(name)
  if (text === undefined) return otherwise
  const value = parseDurationMs(text)
  if (value === undefined) throw new ConfigError(`${durationProblem(text)}; ${name} needs a duration such as 30s`)
  return value
}

/** Only the word true switches on. */
function parseSwitch(map: KeyValueMap, name: string, warn: (warning: string) => void): boolean {
  const text = map.get(name)
  if (text !== undefined && text !== 'true' && text !== 'false')
    warn(`"${text}" counts as false; only true switches it on`)
  return text === 'true'
}

function key(name: string, value: string, defaultText: string, since: string, summary: string): KeyDescription {
  return { key: name, value, defaultText, since, summary }
}
