import type { RouteChange } from './change.ts'

/**
 * Gives every route with more than one target a number of its own, for its shared pick count (picker.ts), and takes it back
 * when the route is gone. Numbers are given out once, on the way to the threads: all of them must see the same.
 */
export class RouteSlots {
  readonly #capacity: number
  readonly #slots = new Map<string, number>()
  readonly #returned: number[] = []
  #unused = 0

  /** `capacity`: how many numbers there are. A route that finds none left goes without. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The same changes with their slots. */
  assign(changes: readonly RouteChange[]): readonly RouteChange[] {
    return changes.map(change => {
      const slot = this.#slotFor(change)
      return slot === undefined ? change : { ...change, slot }
    })
  }

  #slotFor({ host, path, targets }: RouteChange): number | undefined {
    const key = host + path
    const slot = this.#slots.get(key)
    if (targets.length === 0) {
      if (slot !== undefined) this.#returned.push(slot)
      this.#slots.delete(key)
      return undefined
    }
    if (slot !== undefined || targets.length === 1) return slot
    const given = this.#returned.pop() ?? (this.#unused < this.#capacity ? this.#unused++ : undefined)
    if (given !== undefined) this.#slots.set(key, given)
    return given
  }
}
