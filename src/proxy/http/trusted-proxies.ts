import type { ProxyConfig } from '../../config/config.ts'
import { type AccessRules, parseAccessRules } from '../../route/access-rules.ts'
import { HEADER, type HeaderId } from '../../wire/header-names.ts'

/** What a proxy before us says of the client. */
const FORWARDED: readonly HeaderId[] = [
  HEADER.xForwardedFor,
  HEADER.xForwardedProto,
  HEADER.xForwardedPort,
  HEADER.xForwardedHost,
  HEADER.xForwardedPrefix,
  HEADER.xRealIp,
  HEADER.forwarded,
]
/** Their names in metadata of gRPC. */
const FORWARDED_NAMES: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-real-ip',
  'forwarded',
])
/** The one that Fabio 1.8 takes from nobody. */
const OF_1_8: readonly HeaderId[] = [HEADER.xForwardedProto]

/** `proxy.trustedproxies` and `proxy.compat`: whose word counts about where a request came from. */
export class TrustedProxies {
  /** undefined trusts everybody, as Fabio up to 1.7. */
  private readonly listed: AccessRules | undefined
  private readonly byDefault: readonly HeaderId[] | undefined

  constructor({ trustedProxies, compat }: Pick<ProxyConfig, 'trustedProxies' | 'compat'>) {
    const allow = trustedProxies.map(block => `ip:${block}`).join(',')
    this.listed = parseAccessRules({ allow, deny: '' })
    this.byDefault = this.listed !== undefined ? FORWARDED : compat === '1.8' ? OF_1_8 : undefined
  }

  /** Does a PROXY header of this address count? */
  has(address: string): boolean {
    return this.listed?.allows(address) ?? true
  }

  /** What counts of the metadata of a gRPC call, names and values in turn. Nothing is put in the place of what does not: calls are relayed. */
  metadata(address: string, fields: string[]): string[] {
    if (this.has(address)) return fields
    return fields.filter((_, i) => !FORWARDED_NAMES.has(fields[i - (i % 2)]!))
  }

  /** The headers of this client that are replaced; undefined for none. */
  withdrawn(address: string): readonly HeaderId[] | undefined {
    return this.listed?.allows(address) === true ? undefined : this.byDefault
  }
}
