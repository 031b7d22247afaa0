import { compareBytes } from './byte-order.ts'

/** What an answer can hold. A Map is for names that come from outside; bigint is for Consul's 64-bit flags. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | JsonObject

/** Keys of our own, in the order they are shown. An undefined value leaves its key out, as Go's omitempty does. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

const INDENT = '    '

/**
 * JSON as `consul agent -dev` writes it: four blanks of indentation, the keys of a map sorted, a line feed at the end.
 * JSON.stringify knows neither maps nor 64-bit integers.
 */
export function formatJson(value: JsonValue): string {
  return `${formatValue(value, '')}\n`
}

function formatValue(value: JsonValue, margin: string): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return formatList(value, margin)
  if (value instanceof Map) {
    const pairs = [...value].sort(([a], [b]) => compareBytes(a, b))
    return formatPairs(pairs, margin)
  }
  return formatPairs(Object.entries(value), margin)
}

function formatList(values: readonly JsonValue[], margin: string): string {
  if (values.length === 0) return '[]'
  const inner = margin + INDENT
  return `[\n${values.map(value => inner + formatValue(value, inner)).join(',\n')}\n${margin}]`
}

function formatPairs(pairs: readonly (readonly [string, JsonValue | undefined])[], margin: string): string {
  const inner = margin + INDENT
  const lines: string[] = []
  for (const [key, value] of pairs) {
    if (value !== undefined) lines.push(`${inner}${JSON.stringify(key)}: ${formatValue(value, inner)}`)
  }
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${margin}}`
}

/** Array.isArray does not narrow a readonly list. */
function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}
