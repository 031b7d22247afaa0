import type { HealthChange } from './check-mirror.ts'
import { isRouted } from './passing.ts'

export interface BrakeOptions {
  /** `registry.brake.percent`: more than this share of the routes is held back … */
  readonly percent: number
  /** `registry.brake.routes`: … when it is at least so many. */
  readonly routes: number
  /** How many routes an instance has now. */
  readonly countRoutes: (key: string) => number
  /** How many there are. */
  readonly total: () => number
}

/**
 * Holds back what would withdraw most of the routes at once: much more often a Consul that lost its data or its agents than the news
 * that nothing works any more. What comes, changes or comes back goes through meanwhile.
 */
export class Brake {
  readonly #options: BrakeOptions
  /** Withdrawals, by instance. */
  readonly #held = new Map<string, HealthChange>()

  constructor(options: BrakeOptions) {
    this.#options = options
  }

  /** Instances that are routed although the last list says otherwise. */
  get held(): number {
    return this.#held.size
  }

  /** The routes they have. */
  get heldRoutes(): number {
    let routes = 0
    for (const key of this.#held.keys()) routes += this.#options.countRoutes(key)
    return routes
  }

  /** What may happen of these changes, and of those held before. `isConfirmed`: a second look says the same, so nothing is held. */
  admit(changes: readonly HealthChange[], { isConfirmed }: { readonly isConfirmed: boolean }): readonly HealthChange[] {
    const admitted: HealthChange[] = []
    for (const change of changes) {
      const { key, now } = change
      this.#held.delete(key)
      if (isRouted(now) || this.#options.countRoutes(key) === 0) admitted.push(change)
      else this.#held.set(key, change)
    }
    if (!isConfirmed && this.#isTooMuch()) return admitted
    admitted.push(...this.#held.values())
    this.#held.clear()
    return admitted
  }

  #isTooMuch(): boolean {
    const { percent, routes, total } = this.#options
    const lost = this.heldRoutes
    return lost >= routes && lost * 100 > percent * total()
  }
}
