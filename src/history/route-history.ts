import type { TargetSpec } from '../route/command.ts'

/** Why the table changed. */
export interface ChangeCause {
  /** `text`: a key of the KV store, a file or an option; `instance`: of a service. */
  readonly kind: 'instance' | 'text'
  /** The key, or `shop-1 of shop on n7`. */
  readonly name: string
  /** What happened to it: `service:shop-1 is critical`. */
  readonly event: string
}

export interface RecordedRoute {
  readonly host: string
  readonly path: string
  /** Empty: the route was not there. */
  readonly before: readonly TargetSpec[]
  /** Empty: the route is not there any more. */
  readonly after: readonly TargetSpec[]
}

/** One change of the table. */
export interface RecordedChange {
  /** Counts from 1 with every start of the process. */
  readonly version: number
  /** Epoch milliseconds. */
  readonly time: number
  readonly causes: readonly ChangeCause[]
  /** How many routes changed. */
  readonly count: number
  /** Which, and how; empty where they were too many to keep. */
  readonly routes: readonly RecordedRoute[]
}

const MAX_CHANGES = 1000
/** Of all changes together; a change with more of them is kept as a number. */
const MAX_ROUTES = 50_000

/** The last changes of the table, and with them the tables of before. Bounded. */
export class RouteHistory {
  /** Is told what was kept of each change. */
  onRecorded: ((change: RecordedChange) => void) | undefined
  readonly #changes: RecordedChange[] = []
  #routes = 0
  /** From here on the changes of this process are complete. */
  #completeFrom = Number.POSITIVE_INFINITY

  /** Changes of an earlier process, oldest first. */
  restore(changes: readonly RecordedChange[]): void {
    for (const change of changes) this.#add(change)
  }

  record(change: RecordedChange): void {
    const isKept = change.routes.length <= MAX_ROUTES / 2
    const kept = isKept ? change : { ...change, routes: [] }
    this.#add(kept)
    // Before the first change of this process there was another one, and nobody knows what its last table was.
    if (this.#completeFrom === Number.POSITIVE_INFINITY || !isKept) this.#completeFrom = change.time
    this.onRecorded?.(kept)
  }

  /** Newest first. */
  list(limit = MAX_CHANGES): readonly RecordedChange[] {
    return this.#changes.slice(-limit).reverse()
  }

  /**
   * What the routes that changed since were at that time, by host and path; all others were as they are. Undefined when the history
   * does not reach back so far.
   */
  since(time: number): ReadonlyMap<string, RecordedRoute> | undefined {
    if (time < this.#completeFrom) return undefined
    const routes = new Map<string, RecordedRoute>()
    for (const change of this.list()) {
      if (change.time <= time) break
      for (const route of change.routes) routes.set(`${route.host}\n${route.path}`, route)
    }
    return routes
  }

  #add(change: RecordedChange): void {
    this.#changes.push(change)
    this.#routes += change.routes.length
    while (this.#changes.length > MAX_CHANGES || this.#routes > MAX_ROUTES) {
      const gone = this.#changes.shift()
      if (gone === undefined) return
      this.#routes -= gone.routes.length
      if (gone.time >= this.#completeFrom) this.#completeFrom = gone.time
    }
  }
}
