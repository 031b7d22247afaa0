import { badRequest } from './api-error.ts'
import type { JsonValue } from './json-text.ts'

export type ApiMethod = 'GET' | 'PUT' | 'DELETE'

export interface Call {
  /** The path behind the endpoint's, decoded: the name, the ID, the key. */
  readonly rest: string
  readonly query: URLSearchParams
  /** Empty for GET and DELETE. */
  readonly body: Buffer
}

export type Answer =
  | { readonly kind: 'json'; readonly value: JsonValue }
  | { readonly kind: 'raw'; readonly body: Buffer }
  /** 200 without a body. */
  | { readonly kind: 'done' }
  /** 404 without a body. */
  | { readonly kind: 'missing' }

/** A read that a client can wait on: `?index=`. */
export interface IndexedRead {
  readonly kind: 'indexed'
  /** The KV store does not say how consistent its answer is; the catalog does. */
  readonly tellsConsistency: boolean
  /** Rises whenever the answer may have changed, and not for much else. */
  readonly index: () => number
  readonly answer: () => Answer
}

/** A read of the local agent that a client can wait on: `?hash=`. */
export interface HashedRead {
  readonly kind: 'hashed'
  readonly hash: () => string
  readonly answer: () => Answer
}

export type Handler = (call: Call) => Answer | IndexedRead | HashedRead

export interface Endpoint {
  /** With a slash at the end: everything below it, too. */
  readonly path: string
  readonly handlers: ReadonlyMap<ApiMethod, Handler>
  readonly maxBodyBytes: number
}

/** Registrations are small; Consul has no such limit. */
const MAX_BODY_BYTES = 2 * 1024 * 1024

export function get(path: string, handler: Handler): Endpoint {
  return { path, handlers: new Map([['GET', handler]]), maxBodyBytes: MAX_BODY_BYTES }
}

export function put(path: string, handler: Handler): Endpoint {
  return { path, handlers: new Map([['PUT', handler]]), maxBodyBytes: MAX_BODY_BYTES }
}

export function json(value: JsonValue): Answer {
  return { kind: 'json', value }
}

export const DONE: Answer = { kind: 'done' }

/** A read of the catalog. */
export function catalogRead(read: Pick<IndexedRead, 'index' | 'answer'>): IndexedRead {
  return { kind: 'indexed', tellsConsistency: true, ...read }
}

/** … about something whose name ends the path. `missing` is said when it does not. */
export function namedRead(call: Call, missing: string, read: Pick<IndexedRead, 'index' | 'answer'>): IndexedRead {
  if (call.rest === '') throw badRequest(missing)
  return catalogRead(read)
}
