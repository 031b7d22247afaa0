import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Calls an endpoint that has nothing to say but yes. */
export async function put(url: string, body: object | string = ''): Promise<void> {
  const reply = await fetch(url, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) })
  assert.equal(reply.status, 200, await reply.text())
}

export interface Seen {
  readonly index: number
  readonly value: unknown
}

/** A read, waiting for news when an index is given. */
export async function read(
  url: string,
  options: { readonly index?: number; readonly wait?: string } = {},
): Promise<Seen> {
  const target = new URL(url)
  if (options.index !== undefined) target.searchParams.set('index', String(options.index))
  if (options.wait !== undefined) target.searchParams.set('wait', options.wait)
  const reply = await fetch(target)
  const value: unknown = reply.status === 404 ? undefined : await reply.json()
  return { index: Number(reply.headers.get('x-consul-index')), value }
}

/** Watches until the value is what was waited for, as a client does: each read with the index of the last. */
export async function watchUntil(url: string, isIt: (value: unknown) => boolean): Promise<Seen> {
  let seen = await read(url)
  while (!isIt(seen.value)) seen = await read(url, { index: seen.index })
  return seen
}

/** For what the local agent knows and nobody can wait for. */
export async function pollUntil(url: string, isIt: (value: unknown) => boolean): Promise<unknown> {
  for (;;) {
    const { value } = await read(url)
    if (isIt(value)) return value
    await sleep(20)
  }
}

/** The value at a path of keys inside an answer. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? new Map(Object.entries(inner)).get(String(key)) : undefined,
    value,
  )
}
