import type { OptionPairs, TargetSpec } from './command.ts'

/** What a route is sent to while its service is known and has no healthy instance (`proxy.noroute.known = 503`): nowhere. */
export const DOWN_SCHEME = 'down'
const DOWN_URL = `${DOWN_SCHEME}:///`
const NO_OPTIONS: OptionPairs = []

export function downTarget(service: string): TargetSpec {
  return { service, dst: DOWN_URL, fixedWeight: 0, tags: [], options: NO_OPTIONS }
}

/** A route with a target that serves is not down. */
export function withoutDown(targets: readonly TargetSpec[]): readonly TargetSpec[] {
  if (targets.length < 2 || !targets.some(isDown)) return targets
  const serving = targets.filter(target => !isDown(target))
  return serving.length === 0 ? targets : serving
}

function isDown({ dst }: TargetSpec): boolean {
  return dst === DOWN_URL
}
