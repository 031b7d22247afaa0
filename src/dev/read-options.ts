import { parseDurationMs } from '../config/duration.ts'
import { ApiError, badRequest } from './api-error.ts'

/** How a read is to be answered, from its query string. */
export interface ReadOptions {
  /** Answer when the index is above this; 0: at once. */
  readonly index: bigint
  /** Answer when the hash is another; '': at once. */
  readonly hash: string
  /** … or when this time is over. */
  readonly waitMs: number
  readonly consistency: 'leader' | 'consistent' | 'stale'
}

const DEFAULT_WAIT_MS = 5 * 60_000
const LONGEST_WAIT_MS = 10 * 60_000

/** Throws ApiError with Consul's text. One server is always consistent, so consistency is only checked and said back. */
export function parseReadOptions(query: URLSearchParams): ReadOptions {
  const wait = query.get('wait') ?? ''
  const waitMs = wait === '' ? DEFAULT_WAIT_MS : parseDurationMs(wait)
  if (waitMs === undefined) throw badRequest('Invalid wait time')
  const index = query.get('index') ?? ''
  if (!/^\d{0,20}$/u.test(index)) throw badRequest('Invalid index')
  if (query.has('stale') && query.has('consistent')) {
    throw badRequest('Cannot specify ?stale with ?consistent, conflicting semantics.')
  }
  return {
    index: BigInt(index),
    hash: query.get('hash') ?? '',
    waitMs: jittered(waitMs <= 0 ? DEFAULT_WAIT_MS : Math.min(waitMs, LONGEST_WAIT_MS)),
    consistency: query.has('stale') ? 'stale' : query.has('consistent') ? 'consistent' : 'leader',
  }
}

/** Up to a sixteenth more, as Consul does, so that clients that began together do not come back together. */
function jittered(milliseconds: number): number {
  return milliseconds * (1 + Math.random() / 16)
}

/** What every call may say that this registry has no answer for. Silence would be a wrong answer. */
export function refuseUnknownScope(query: URLSearchParams, options: { readonly isOfOneDatacenter: boolean }): void {
  if ((query.get('ns') ?? '') !== '') {
    throw badRequest('Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature')
  }
  const datacenter = query.get('dc') ?? ''
  if (options.isOfOneDatacenter && datacenter !== '' && datacenter !== DATACENTER) {
    throw new ApiError('No path to datacenter', { status: 500 })
  }
  if ((query.get('filter') ?? '') !== '') throw badRequest('Filter expressions are not part of fabio -dev')
}

export const DATACENTER = 'dc1'

/** Go's strconv.ParseBool. undefined: neither. */
export function parseGoBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined
}
