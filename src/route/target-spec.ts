import type { OptionPairs, TargetSpec } from './command.ts'

/** Whether two specs are the same target. */
export function areEqualSpecs(a: TargetSpec, b: TargetSpec): boolean {
  return (
    a === b ||
    (a.service === b.service &&
      a.dst === b.dst &&
      a.fixedWeight === b.fixedWeight &&
      areEqualTags(a.tags, b.tags) &&
      areEqualOptions(a.options, b.options))
  )
}

/** Whether the tags are the same and in the same order. */
export function areEqualTags(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((tag, index) => tag === b[index]))
}

function areEqualOptions(a: OptionPairs, b: OptionPairs): boolean {
  return (
    a === b ||
    (a.length === b.length && a.every(([name, value], index) => name === b[index]?.[0] && value === b[index]?.[1]))
  )
}

/** The same target for less memory: what crosses threads brings empty lists of its own, and most specs have two. */
export function withSharedLists(spec: TargetSpec): TargetSpec {
  const { service, dst, fixedWeight, tags, options } = spec
  return {
    service,
    dst,
    fixedWeight,
    tags: tags.length === 0 ? EMPTY : tags,
    options: options.length === 0 ? EMPTY : options,
  }
}

const EMPTY: readonly never[] = []
