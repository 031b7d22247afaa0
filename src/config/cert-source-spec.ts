import { ConfigError } from './config-error.ts'
import { durationProblem, parseDurationMs } from './duration.ts'
import { type KeyDescription, type KeyValueMap, unknownKeyWarnings } from './key-value-list.ts'
import { hideSecret, hideUrlCredentials } from './secrets.ts'

const TYPES = ['file', 'path', 'http', 'consul', 'vault', 'vault-pki'] as const
export type CertSourceType = (typeof TYPES)[number]

/** One entry of proxy.cs. Texts are '' when not given. */
export interface CertSourceSpec {
  readonly name: string
  readonly type: CertSourceType
  readonly certPath: string
  readonly keyPath: string
  readonly clientCaPath: string
  readonly caUpgradeCn: string
  /** 0 loads once. */
  readonly refreshMs: number
  /** `file:<path>` or `env:<name>`. */
  readonly vaultFetchToken: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export const CERT_SOURCE_KEYS: readonly KeyDescription[] = [
  { key: 'cs', value: 'name', defaultText: '', since: '', summary: 'name that listeners refer to; required' },
  {
    key: 'type',
    value: TYPES.join(', '),
    defaultText: '',
    since: '',
    summary: 'where certificates come from; required; vault-pki since 1.5.3',
  },
  {
    key: 'cert',
    value: 'text',
    defaultText: '',
    since: '',
    summary: 'file, directory, URL or path of the certificates; required',
  },
  { key: 'key', value: 'file', defaultText: 'cert', since: '', summary: 'file of the private key, for type=file' },
  {
    key: 'clientca',
    value: 'text',
    defaultText: '',
    since: '',
    summary: 'authorities of client certificates, which are then mandatory',
  },
  {
    key: 'caupgcn',
    value: 'text',
    defaultText: '',
    since: '',
    summary: 'common name of an issuer whose certificates in clientca count as authorities though they do not say so',
  },
  {
    key: 'refresh',
    value: 'duration',
    defaultText: '3s',
    since: '',
    summary: 'how often to look for changes; not for file and consul',
  },
  { key: 'hdr', value: 'Name: value', defaultText: '', since: '', summary: 'header of the requests, for type=http' },
  {
    key: 'vaultfetchtoken',
    value: 'file:path, env:NAME',
    defaultText: '',
    since: '1.5.12',
    summary: 'where the Vault token is read from',
  },
]

const DEFAULT_REFRESH = '3s'

/** @throws ConfigError */
export function parseCertSourceSpec(map: KeyValueMap, warn: (warning: string) => void): CertSourceSpec {
  const name = map.get('cs') ?? ''
  const certPath = map.get('cert') ?? ''
  const type = map.get('type') ?? ''
  if (name === '') throw new ConfigError(`missing 'cs' in ${printed(map)}`)
  for (const warning of unknownKeyWarnings(map, CERT_SOURCE_KEYS, `certificate source ${name}`)) warn(warning)
  if (certPath === '') throw new ConfigError(`missing 'cert' in ${printed(map)}`)
  if (type === '') throw new ConfigError(`missing 'type' in ${printed(map)}`)
  const knownType = TYPES.find(known => known === type)
  if (knownType === undefined) throw new ConfigError(`unknown cert source type ${type}; expected ${TYPES.join(', ')}`)
  const refresh = map.get('refresh') ?? DEFAULT_REFRESH
  const refreshMs = parseDurationMs(refresh)
  if (refreshMs === undefined) throw new ConfigError(`${durationProblem(refresh)}; refresh needs a duration such as 3s`)
  return {
    name,
    type: knownType,
    certPath,
    keyPath: map.get('key') ?? '',
    clientCaPath: map.get('clientca') ?? '',
    caUpgradeCn: map.get('caupgcn') ?? '',
    refreshMs: knownType === 'file' || knownType === 'consul' ? 0 : refreshMs,
    vaultFetchToken: map.get('vaultfetchtoken') ?? '',
    headers: parseHeaders(map.get('hdr')),
  }
}

function parseHeaders(text: string | undefined): readonly (readonly [string, string])[] {
  if (text === undefined) return []
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t\P{Cc}]*)$/u.exec(text) ?? []
  if (name === undefined || value === undefined) throw new ConfigError('invalid header in hdr; expected "Name: value"')
  return [[name, value]]
}

/** As Go prints a map, without what may be secret. */
function printed(map: KeyValueMap): string {
  const pairs = [...map]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${key === 'hdr' ? hideSecret(value) : hideUrlCredentials(value)}`)
  return `map[${pairs.join(' ')}]`
}
