import type { ChangeCause } from '../history/route-history.ts'
import type { RouteDiff } from '../route/route-diff.ts'

/** One change as the API tells it. */
export interface HistoryRow {
  readonly version: number
  readonly time: number
  readonly causes: readonly ChangeCause[]
  /** How many routes changed. */
  readonly count: number
  /** The first of them. */
  readonly routes: readonly RouteDiff[]
}
