/** Indexes of targets, in the order they are picked. */
export type Ring = Uint16Array | Uint32Array

/**
 * The share of traffic of each target, 0 to 1, from the fixed weights asked for, where 0 asks for none: those targets share
 * what the others leave. Fixed weights that sum up to more than 1, or to less with nobody to take the rest, are scaled.
 */
export function computeWeights(fixedWeights: readonly number[]): readonly number[] {
  const fixed = proportions(fixedWeights)
  const count = fixed.length
  const fixedCount = fixed.filter(weight => weight > 0).length
  if (fixedCount === 0) return fixed.map(() => 1 / count)

  const sum = sumOf(fixed)
  const scale = sum > 1 || (fixedCount === count && sum < 1) ? 1 / sum : 1
  const dynamic = fixedCount === count ? 0 : Math.max(0, (1 - sum) / (count - fixedCount))
  return fixed.map(weight => (weight > 0 ? weight * scale : dynamic))
}

// The sum of huge weights overflows, and so does the inverse of a tiny one. Where they are scaled anyway, only their
// proportions count, and the largest is as good a unit as any.
function proportions(weights: readonly number[]): readonly number[] {
  const usable = weights.map(weight => (weight > 0 && weight < Infinity ? weight : 0))
  const sum = sumOf(usable)
  const isTiny = 1 / sum === Infinity && usable.every(weight => weight > 0)
  if (sum < Infinity && !isTiny) return usable
  const largest = usable.reduce((a, b) => Math.max(a, b), 0)
  return usable.map(weight => weight / largest)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** So many slots make up all the traffic. The ring may have a few less or more: slots are whole, and each target has one. */
const SLOTS = 10_000

/**
 * Spreads the targets evenly over a ring, slot for slot as Fabio does, so that walking it is weighted round robin. With no
 * fixed weight at all it is the list of targets. Shares are never reduced: 0.5 and 0.5 asked for take 5000 slots each.
 */
export function buildRing(fixedWeights: readonly number[]): Ring {
  if (!fixedWeights.some(weight => weight > 0)) return listRing(fixedWeights.length)

  const slots = computeWeights(fixedWeights).map(weight => (weight > 0 ? Math.max(1, Math.trunc(SLOTS * weight)) : 0))
  const length = sumOf(slots)
  const ring = newRing(length, fixedWeights.length)
  const free = new FreeSlots(length)
  // Fewest slots first: there is still room to space them out.
  const order = [...slots.keys()].sort((a, b) => (slots[a] ?? 0) - (slots[b] ?? 0))
  for (const target of order) {
    const count = slots[target] ?? 0
    if (count === 0) continue
    const step = Math.floor(length / count)
    let next = 0
    for (let i = 0; i < count; i++) {
      const slot = free.takeFrom(next)
      ring[slot] = target
      next = (slot + step) % length
    }
  }
  return ring
}

function listRing(length: number): Ring {
  const ring = newRing(length, length)
  for (let i = 0; i < length; i++) ring[i] = i
  return ring
}

function newRing(length: number, targets: number): Ring {
  return targets > 0xffff ? new Uint32Array(length) : new Uint16Array(length)
}

/** Finds the next free slot without trying the taken ones one by one, which would take a minute for 60,000 targets. */
class FreeSlots {
  /** Where to look on: the slot itself while it is free. One more than there are slots, to notice the end. */
  readonly #next: Uint32Array

  constructor(length: number) {
    this.#next = Uint32Array.from({ length: length + 1 }, (_, index) => index)
  }

  /** Takes the first free slot at or behind `start`, from the beginning again behind the end. */
  takeFrom(start: number): number {
    const last = this.#next.length - 1
    let slot = this.#find(start)
    if (slot === last) slot = this.#find(0)
    this.#next[slot] = slot + 1
    return slot
  }

  #find(start: number): number {
    let slot = start
    for (let next = this.#next[slot] ?? slot; next !== slot; next = this.#next[slot] ?? slot) {
      // Every slot passed is made to point further ahead, so that the next search is shorter.
      this.#next[slot] = this.#next[next] ?? next
      slot = next
    }
    return slot
  }
}
