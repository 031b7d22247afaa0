import type { Route } from './table.ts'
import type { Target } from './target.ts'

/** Picks a target of a route. */
export type Picker = <T extends Target>(route: Route<T>) => T

/** Counts the picks of each route: 0, 1, 2 …; may start over at 0 after a long time. */
export interface PickCounter {
  next(route: Route): number
}

/** `proxy.strategy`: `rnd` picks at random, `rr` goes round the ring of the route. A single target is picked without counting. */
export function createPicker(strategy: 'rnd' | 'rr', counter: PickCounter): Picker {
  return strategy === 'rnd' ? pickRandom : route => pickInTurn(route, counter)
}

function pickRandom<T extends Target>(route: Route<T>): T {
  if (route.only !== undefined) return route.only
  const { ring } = route
  return route.targetAt(Math.floor(Math.random() * ring.length))
}

function pickInTurn<T extends Target>(route: Route<T>, counter: PickCounter): T {
  return route.only ?? route.targetAt(counter.next(route))
}

/** Counts in the route itself: right where one thread serves all requests. */
export const countPerThread: PickCounter = { next: route => route.turn.count++ }

/**
 * Counts in memory that threads share, one 32-bit number a route at `route.slot`, so that targets take turns across threads
 * as they do in one. A route without slot is counted per thread. After 4,294,967,295 picks the count starts over.
 */
export function countAcrossThreads(memory: SharedArrayBuffer): PickCounter {
  const counts = new Uint32Array(memory)
  return {
    next(route) {
      const { slot } = route
      return slot >= 0 && slot < counts.length ? Atomics.add(counts, slot, 1) : countPerThread.next(route)
    },
  }
}
