import type { TargetSpec } from './command.ts'
import type { HostPath } from './host-path.ts'
import type { RouteDiff, TargetDifference } from './route-diff.ts'
import { computeWeights } from './weights.ts'

/** Two states of the targets of a route, compared. */
export function diffRoute(
  route: HostPath & { readonly before: readonly TargetSpec[]; readonly after: readonly TargetSpec[] },
): RouteDiff {
  const { host, path } = route
  const before = sharesOf(route.before)
  const after = sharesOf(route.after)
  const targets = [...new Set([...before.keys(), ...after.keys()])].map(key =>
    diffTarget(before.get(key), after.get(key)),
  )
  const lost = targets.reduce((sum, target) => sum + Math.max(0, target.before - target.after), 0)
  const change = route.before.length === 0 ? 'added' : route.after.length === 0 ? 'removed' : 'changed'
  return { host, path, change, targets, moved: Math.min(1, lost) }
}

interface Share {
  readonly spec: TargetSpec
  readonly share: number
}

/** By service, URL and tags: what makes it the same target to a person. */
function sharesOf(specs: readonly TargetSpec[]): ReadonlyMap<string, Share> {
  const weights = computeWeights(specs.map(({ fixedWeight }) => fixedWeight))
  const shares = new Map<string, Share>()
  for (const [index, spec] of specs.entries()) {
    const key = JSON.stringify([spec.service, spec.dst, spec.tags])
    shares.set(key, { spec, share: (shares.get(key)?.share ?? 0) + (weights[index] ?? 0) })
  }
  return shares
}

/** Shares are sums of fractions: below this they are equal. */
const SAME = 1e-9

function diffTarget(before: Share | undefined, after: Share | undefined): TargetDifference {
  const spec = (after ?? before)?.spec
  const { service = '', dst = '', tags = [] } = spec ?? {}
  const shares = { before: before?.share ?? 0, after: after?.share ?? 0 }
  return { service, dst, tags, change: changeOf(before, after), ...shares }
}

function changeOf(before: Share | undefined, after: Share | undefined): TargetDifference['change'] {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  if (Math.abs(before.share - after.share) > SAME) return 'reweighted'
  return JSON.stringify(before.spec.options) === JSON.stringify(after.spec.options) ? 'same' : 'options'
}
