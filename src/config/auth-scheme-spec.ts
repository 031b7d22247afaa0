import { ConfigError } from './config-error.ts'
import { durationProblem, parseDurationMs } from './duration.ts'
import { type KeyDescription, type KeyValueMap, unknownKeyWarnings } from './key-value-list.ts'

/** One entry of proxy.auth. */
export interface AuthSchemeSpec {
  readonly name: string
  readonly type: 'basic'
  /** The htpasswd file. */
  readonly file: string
  readonly realm: string
  /** 0 reads the file once; otherwise at least one second. */
  readonly refreshMs: number
}

export const AUTH_SCHEME_KEYS: readonly KeyDescription[] = [
  { key: 'name', value: 'name', defaultText: '', since: '1.5.11', summary: 'name that routes refer to; required' },
  { key: 'type', value: 'basic', defaultText: '', since: '1.5.11', summary: 'required' },
  { key: 'file', value: 'path', defaultText: '', since: '1.5.11', summary: 'htpasswd file; required' },
  { key: 'realm', value: 'text', defaultText: 'name', since: '1.5.11', summary: 'realm that clients are told' },
  {
    key: 'refresh',
    value: 'duration',
    defaultText: '0s',
    since: '1.5.11',
    summary: 'how often the file is read again, at least 1s; 0 for never',
  },
]

const SHORTEST_REFRESH_MS = 1000

/** @throws ConfigError */
export function parseAuthSchemeSpec(map: KeyValueMap, warn: (warning: string) => void): AuthSchemeSpec {
  const name = map.get('name') ?? ''
  const type = map.get('type') ?? ''
  const file = map.get('file') ?? ''
  if (name === '') throw new ConfigError("missing 'name' in auth")
  for (const warning of unknownKeyWarnings(map, AUTH_SCHEME_KEYS, `auth scheme ${name}`)) warn(warning)
  if (type === '') throw new ConfigError(`missing 'type' in auth '${name}'`)
  if (type !== 'basic') throw new ConfigError(`unknown auth type '${type}'; expected basic`)
  if (file === '') throw new ConfigError(`missing 'file' in auth '${name}'`)
  return { name, type, file, realm: map.get('realm') || name, refreshMs: parseRefresh(map.get('refresh') ?? '') }
}

function parseRefresh(text: string): number {
  if (text === '') return 0
  const refreshMs = parseDurationMs(text)
  if (refreshMs === undefined) throw new ConfigError(`${durationProblem(text)}; refresh needs a duration such as 30s`)
  return Math.max(refreshMs, SHORTEST_REFRESH_MS)
}
