import type { KeyValue } from '../../consul/decode.ts'
import { trimSpace } from '../../route/go-text.ts'

/** `/fabio/config/` → `fabio/config`: what keys in Consul begin with. */
export function normalizeKvPath(kvPath: string): string {
  return kvPath.replace(/^\//, '').replace(/\/+$/, '')
}

/** Is the key the path itself, or below it? `fabio/config-old` is not below `fabio/config`, though Fabio reads it. */
export function isKeyBelow(key: string, path: string): boolean {
  return path === '' || key === path || key.startsWith(`${path}/`)
}

export interface KeyTexts {
  /** Key → trimmed value, in ascending order of the keys, without those that hold nothing. */
  readonly texts: ReadonlyMap<string, string>
  /** Keys that only begin with the same characters. */
  readonly strangers: readonly string[]
}

export function selectKeyTexts(pairs: readonly KeyValue[], path: string): KeyTexts {
  const own = pairs.filter(({ key }) => isKeyBelow(key, path))
  const strangers = pairs.filter(({ key }) => !isKeyBelow(key, path)).map(({ key }) => key)
  return { texts: new Map(own.map(({ key, value }) => [key, trimSpace(value)])), strangers }
}
