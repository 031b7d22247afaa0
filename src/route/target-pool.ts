import type { TargetSpec } from './command.ts'
import type { Target } from './target.ts'
import { areEqualSpecs } from './target-spec.ts'

interface Dropper<T> {
  dropTarget?(target: T): void
}

/** The targets one route had before an edit and those made for it since: a spec that comes again gets the target it had. */
export class TargetPool<T extends Target> {
  readonly #before: readonly T[]
  #all: readonly T[]
  #chosen: readonly T[]

  constructor(before: readonly T[]) {
    this.#before = before
    this.#all = before
    this.#chosen = before
  }

  /** A target for each spec, in their order; made where there is none yet. */
  choose(specs: readonly TargetSpec[], makeTarget: (spec: TargetSpec) => T): readonly T[] {
    const chosen = this.#all.length > FEW ? this.#matchMany(specs) : this.#matchFew(specs)
    const made: T[] = []
    const targets = specs.map((spec, index) => {
      const known = chosen[index]
      if (known !== undefined) return known
      const target = makeTarget(spec)
      made.push(target)
      return target
    })
    if (made.length > 0) this.#all = [...this.#all, ...made]
    this.#chosen = targets
    return targets
  }

  /** Whether a target was not chosen the last time. */
  get hasUnused(): boolean {
    return this.#chosen.length < this.#all.length
  }

  /** To be called when the targets chosen last are in use. */
  dropUnused(dropper: Dropper<T>): void {
    if (dropper.dropTarget === undefined) return
    const used = new Set(this.#chosen)
    for (const target of this.#all) {
      if (!used.has(target)) dropper.dropTarget(target)
    }
  }

  /** To be called when the targets chosen last will not be used after all. */
  dropMade(dropper: Dropper<T>): void {
    for (const target of this.#all.slice(this.#before.length)) dropper.dropTarget?.(target)
  }

  // Two targets of a route may have equal specs, so each is taken once.
  #matchFew(specs: readonly TargetSpec[]): readonly (T | undefined)[] {
    const left = [...this.#all]
    return specs.map(spec => {
      const place = left.findIndex(target => areEqualSpecs(target.spec, spec))
      return place < 0 ? undefined : left.splice(place, 1)[0]
    })
  }

  #matchMany(specs: readonly TargetSpec[]): readonly (T | undefined)[] {
    const left = Map.groupBy(this.#all, target => keyOf(target.spec))
    return specs.map(spec => {
      const candidates = left.get(keyOf(spec)) ?? []
      const place = candidates.findIndex(target => areEqualSpecs(target.spec, spec))
      return place < 0 ? undefined : candidates.splice(place, 1)[0]
    })
  }
}

/** Up to so many targets are compared one by one. */
const FEW = 8

function keyOf(spec: TargetSpec): string {
  return `${spec.service}\n${spec.dst}`
}
