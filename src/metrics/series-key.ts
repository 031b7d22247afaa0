import type { Labels } from './metrics.ts'

/**
 * One text per set of labels, for use as a Map key. Values come from outside, so each carries its length: no value can
 * look like a separator.
 */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const [name, value] of labels) key += `${name}=${value.length}:${value};`
  return key
}
