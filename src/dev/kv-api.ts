import { ApiError, badRequest, notBuilt } from './api-error.ts'
import {
  type Answer,
  type ApiMethod,
  type Call,
  type Endpoint,
  type Handler,
  type IndexedRead,
  json,
} from './endpoint.ts'
import type { JsonObject } from './json-text.ts'
import type { KvEntry, KvStore } from './kv-store.ts'

/** Consul's limit for one value. */
const MAX_VALUE_BYTES = 512 * 1024

/** /v1/kv/…: keys are what follows in the path, slashes and all. */
export function kvEndpoint(store: KvStore): Endpoint {
  return {
    path: '/v1/kv/',
    handlers: new Map<ApiMethod, Handler>([
      ['GET', call => read(store, call)],
      ['PUT', call => write(store, call)],
      ['DELETE', call => remove(store, call)],
    ]),
    maxBodyBytes: MAX_VALUE_BYTES,
  }
}

function read(store: KvStore, { rest, query }: Call): IndexedRead {
  if (query.has('keys')) {
    const separator = query.get('separator') ?? ''
    return readUnder(store, rest, () => {
      const keys = keysUnder(store, rest, separator)
      return keys.length === 0 && rest !== '' ? { kind: 'missing' } : json(keys)
    })
  }
  if (query.has('recurse')) {
    return readUnder(store, rest, () => {
      const entries = store.list(rest)
      return entries.length === 0 ? { kind: 'missing' } : json(entries.map(entryView))
    })
  }
  if (rest === '') throw badRequest('Missing key name')
  const answer = (): Answer => {
    const entry = store.get(rest)
    if (entry === undefined) return { kind: 'missing' }
    return query.has('raw') ? { kind: 'raw', body: entry.value } : json([entryView(entry)])
  }
  return { kind: 'indexed', tellsConsistency: false, index: () => store.indexOf(rest), answer }
}

function readUnder(store: KvStore, prefix: string, answer: () => Answer): IndexedRead {
  return { kind: 'indexed', tellsConsistency: false, index: () => store.indexUnder(prefix), answer }
}

function write(store: KvStore, { rest, query, body }: Call): Answer {
  if (rest === '') throw badRequest('Missing key name')
  refuseConflict(query, ['acquire', 'cas', 'release'])
  if (query.has('acquire') || query.has('release')) throw notBuilt('Sessions, and locks with acquire or release, are')
  const flags = query.has('flags') ? parseUint64(query.get('flags') ?? '') : 0n
  const cas = query.has('cas') ? parseUint64(query.get('cas') ?? '') : undefined
  return json(store.put(rest, body, { flags, cas }))
}

function remove(store: KvStore, { rest, query }: Call): Answer {
  refuseConflict(query, ['cas', 'recurse'])
  if (query.has('recurse')) {
    store.deleteUnder(rest)
    return json(true)
  }
  if (rest === '') throw badRequest('Missing key name')
  return json(store.delete(rest, query.has('cas') ? parseUint64(query.get('cas') ?? '') : undefined))
}

function entryView(entry: KvEntry): JsonObject {
  return {
    LockIndex: 0,
    Key: entry.key,
    Flags: entry.flags,
    Value: entry.value.length === 0 ? null : entry.value.toString('base64'),
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
  }
}

/** With a separator, what lies deeper than the next one is shown once, as the name of its folder. */
function keysUnder(store: KvStore, prefix: string, separator: string): readonly string[] {
  const keys = store.list(prefix).map(entry => entry.key)
  if (separator === '') return keys
  const shown = keys.map(key => {
    const end = key.indexOf(separator, prefix.length)
    return end < 0 ? key : key.slice(0, end + separator.length)
  })
  return [...new Set(shown)]
}

function refuseConflict(query: URLSearchParams, names: readonly string[]): void {
  const given = names.filter(name => query.has(name))
  if (given.length > 1) {
    throw badRequest(`Conflicting flags: ${given.map(name => `${name}=${query.get(name) ?? ''}`).join('&')}`)
  }
}

/** Go's strconv.ParseUint, with its words. */
function parseUint64(text: string): bigint {
  const failed = (reason: string): Error =>
    new ApiError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${reason}`, { status: 500 })
  if (!/^\d+$/u.test(text)) throw failed('invalid syntax')
  const value = BigInt(text)
  if (value >= 1n << 64n) throw failed('value out of range')
  return value
}
