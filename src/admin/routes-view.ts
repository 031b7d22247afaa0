import type { OptionPairs } from '../route/command.ts'

/** One target of one route as it serves now. Immutable: a change to the table makes a new row. */
export interface RouteRow {
  readonly service: string
  /** `''` for routes of any host, `:3306` for a port. */
  readonly host: string
  readonly path: string
  readonly dst: string
  readonly options: OptionPairs
  readonly tags: readonly string[]
  /** The share of its route's requests, 0 to 1. */
  readonly weight: number
}

/** What the admin server reads of the routing table. */
export interface RoutesView {
  /** Grows with every change of the table. */
  readonly version: number
  /** Hosts ascending by byte value, the routes of a host in matching order, targets as they were added. */
  targets(): Iterable<RouteRow>
  /** The table in the command language, one `route add` a line. */
  raw(): string
  /** Calls `listener` after each change, until the function that comes back is called. */
  subscribe(listener: () => void): () => void
}
