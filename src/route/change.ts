import type { TargetSpec } from './command.ts'

/**
 * The state of one route after a registry update: all its targets in order, or none (the route is gone).
 * The unit that travels from the control plane to the workers; what it does not name stays as it is.
 */
export interface RouteChange {
  /** The host key: lower-cased host with its port if it had one, `''` for routes of any host, `:3306` for a port. */
  readonly host: string
  readonly path: string
  readonly targets: readonly TargetSpec[]
  /** The place of the route's pick count in memory that threads share (route-slots.ts). Absent: counted per thread. */
  readonly slot?: number
}
