import type { RouteCommand, TargetSpec } from '../route/command.ts'
import { compareBytes, trimSpace } from '../route/go-text.ts'
import type { HostPath } from '../route/host-path.ts'
import { splitSource } from '../route/host-path.ts'
import { parseTags } from '../route/parse-commands.ts'
import { parseTargetUrl } from '../route/target-url.ts'
import type { RouteLine } from './route-text.ts'

/** A command of a text, ready to be run. Its line says where in the document it stands. */
export type Step = AddStep | RemoveStep | WideRemoveStep | WeighStep

export interface AddStep {
  readonly kind: 'add'
  readonly line: RouteLine
  readonly at: HostPath
  readonly target: TargetSpec
}

/** From one route. */
export interface RemoveStep {
  readonly kind: 'remove'
  readonly line: RouteLine
  readonly at: HostPath
  /** Undefined: of any service. */
  readonly service: string | undefined
  /** Undefined: with any URL. */
  readonly dst: string | undefined
  readonly tags: readonly string[]
}

/** From all routes. */
export interface WideRemoveStep {
  readonly kind: 'wide-remove'
  readonly line: RouteLine
  /** Undefined: of any service. */
  readonly service: string | undefined
  readonly tags: readonly string[]
}

export interface WeighStep {
  readonly kind: 'weigh'
  readonly line: RouteLine
  readonly at: HostPath
  /** Undefined: of any service. */
  readonly service: string | undefined
  readonly tags: readonly string[]
  /** For all selected targets together; 0 asks for none. */
  readonly weight: number
}

/** Orders as the document does: texts by their names, lines by their numbers. */
export function compareSteps({ line: a }: Step, { line: b }: Step): number {
  return a.source === b.source ? a.number - b.number : compareBytes(a.source, b.source)
}

/** Makes a command without fatal faults (check-command.ts) ready. */
export function toStep(command: RouteCommand, line: RouteLine): Step {
  switch (command.kind) {
    case 'add':
      return { kind: 'add', line, at: splitSource(command.src), target: canonicalTarget(command.target) }
    case 'remove': {
      const { service, src, dst, tags } = command
      // Tags are looked for everywhere, whatever else is said.
      if (tags.length > 0 || (src ?? dst) === undefined) return { kind: 'wide-remove', line, service, tags }
      const url = dst === undefined ? undefined : parseTargetUrl(dst).text
      return { kind: 'remove', line, at: splitSource(src ?? ''), service, dst: url, tags }
    }
    case 'weigh': {
      const { service, tags } = command
      return { kind: 'weigh', line, at: splitSource(command.src), service, tags, weight: Math.max(command.weight, 0) }
    }
  }
}

/**
 * The target as the rest of the program sees it: its URL as Go writes it, so that `HTTP://h` and `http://h` are one; a tag
 * with commas as several tags, which is what becomes of it in the text of a command.
 */
export function canonicalTarget(target: TargetSpec): TargetSpec {
  const dst = parseTargetUrl(target.dst).text
  const fixedWeight = Math.max(target.fixedWeight, 0)
  const tags = target.tags.every(isWholeTag) ? target.tags : parseTags(target.tags.join(','))
  const isCanonical = dst === target.dst && fixedWeight === target.fixedWeight && tags === target.tags
  return isCanonical ? target : { ...target, dst, fixedWeight, tags }
}

function isWholeTag(tag: string): boolean {
  return tag !== '' && !tag.includes(',') && trimSpace(tag) === tag
}
