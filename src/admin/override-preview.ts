import type { Rejection } from '../route/command.ts'
import type { RouteDiff } from '../route/route-diff.ts'

/** What an override would do to the table. */
export interface OverridePreview {
  /** What keeps it from being stored. */
  readonly rejections: readonly Rejection[]
  /** Routes that would change; the first ones when there are very many. */
  readonly routes: readonly PreviewedRoute[]
  readonly totals: {
    readonly routes: number
    readonly added: number
    readonly removed: number
    readonly reweighted: number
  }
  /** Undefined where requests are not counted: `metrics.target` is empty. */
  readonly requests: PreviewedRequests | undefined
}

export interface PreviewedRoute extends RouteDiff {
  /** In the window; undefined where requests are not counted. */
  readonly requests: number | undefined
}

export interface PreviewedRequests {
  /** The window that was counted, in seconds. */
  readonly seconds: number
  readonly total: number
  /** How many of them would have gone elsewhere. Those that a new route would take from another one are not among them. */
  readonly moved: number
}

/** Fewer would be seen, more would be read by nobody. */
const MAX_ROUTES = 500

/** Brings together what changes and how much it is used. */
export function describePreview(
  rejections: readonly Rejection[],
  diffs: readonly RouteDiff[],
  counted: { readonly seconds: number; readonly total: number; of(route: RouteDiff): number } | undefined,
): OverridePreview {
  const count = (change: string) =>
    diffs.reduce((sum, { targets }) => sum + targets.filter(target => target.change === change).length, 0)
  const moved = diffs.reduce((sum, diff) => sum + (counted?.of(diff) ?? 0) * diff.moved, 0)
  return {
    rejections,
    routes: diffs.slice(0, MAX_ROUTES).map(diff => ({ ...diff, requests: counted?.of(diff) })),
    totals: {
      routes: diffs.length,
      added: count('added'),
      removed: count('removed'),
      reweighted: count('reweighted'),
    },
    requests: counted && { seconds: counted.seconds, total: counted.total, moved: Math.round(moved) },
  }
}
