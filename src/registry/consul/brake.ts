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

/** How far a list of checks is to be believed. */
export interface Credibility {
  /** A second look says the same: nothing is held. */
  readonly isConfirmed: boolean
  /** It comes from a Consul that counts anew, and may have lost its data: each withdrawal is held, however few they are. */
  readonly isSuspect: boolean
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
    return this.#countRoutes(this.#held.keys())
  }

  /**
   * What may happen of these changes, and of those held before. What is held stays so, however much of it has come back, until it is
   * confirmed: services return one after the other, and the ones that are still missing are no fewer lost for that.
   */
  admit(changes: readonly HealthChange[], { isConfirmed, isSuspect }: Credibility): readonly HealthChange[] {
    const admitted: HealthChange[] = []
    const withdrawals = new Map<string, HealthChange>()
    for (const change of changes) {
      const { key, now } = change
      const wasHeld = this.#held.delete(key)
      if (isRouted(now) || this.#options.countRoutes(key) === 0) admitted.push(change)
      else if (wasHeld) this.#held.set(key, change)
      else withdrawals.set(key, change)
    }
    if (isConfirmed) {
      admitted.push(...this.#held.values(), ...withdrawals.values())
      this.#held.clear()
    } else if (this.#isTooMuch(withdrawals, isSuspect)) {
      for (const [key, change] of withdrawals) this.#held.set(key, change)
    } else {
      admitted.push(...withdrawals.values())
    }
    return admitted
  }

  #isTooMuch(withdrawals: ReadonlyMap<string, HealthChange>, isSuspect: boolean): boolean {
    const { percent, routes, total } = this.#options
    if (isSuspect) return percent < 100
    const lost = this.heldRoutes + this.#countRoutes(withdrawals.keys())
    return lost >= routes && lost * 100 > percent * total()
  }

  #countRoutes(keys: Iterable<string>): number {
    let routes = 0
    for (const key of keys) routes += this.#options.countRoutes(key)
    return routes
  }
}
