import type { TargetSpec } from '../route/command.ts'
import { areEqualTags } from '../route/target-spec.ts'
import type { RemoveStep, WeighStep, WideRemoveStep } from './route-steps.ts'

type Selector = Pick<RemoveStep, 'service' | 'tags'>

/** The targets of one route while its commands are run. */
export class TargetList {
  #targets: TargetSpec[] = []
  /** Places in the list by service and URL, once there are many. */
  #places: Map<string, number[]> | undefined

  get targets(): readonly TargetSpec[] {
    return this.#targets
  }

  /**
   * Drops a target that is there already. Options are not compared: those of the first stay.
   * @returns the one that is there already
   */
  add(target: TargetSpec): TargetSpec | undefined {
    const known = this.#find(target)
    if (known !== undefined) return known
    this.#targets.push(target)
    if (this.#places !== undefined) this.#register(this.#places, this.#targets.length - 1)
    return undefined
  }

  remove(step: RemoveStep | WideRemoveStep): void {
    const dst = step.kind === 'remove' ? step.dst : undefined
    const left = this.#targets.filter(target => !isSelected(target, step) || (dst ?? target.dst) !== target.dst)
    if (left.length === this.#targets.length) return
    this.#targets = left
    this.#places = undefined
  }

  /** Shares the weight among the selected targets, and says how many those are. */
  weigh(step: WeighStep): number {
    const count = this.#targets.filter(target => isSelected(target, step)).length
    const fixedWeight = step.weight / count
    this.#targets = this.#targets.map(target =>
      isSelected(target, step) && target.fixedWeight !== fixedWeight ? { ...target, fixedWeight } : target,
    )
    return count
  }

  #find(target: TargetSpec): TargetSpec | undefined {
    if (this.#targets.length < MANY) return this.#targets.find(other => isSameTarget(other, target))
    if (this.#places === undefined) {
      this.#places = new Map()
      for (const place of this.#targets.keys()) this.#register(this.#places, place)
    }
    const places = this.#places.get(addressOf(target)) ?? []
    const place = places.find(each => isSameTarget(this.#targets[each], target))
    return place === undefined ? undefined : this.#targets[place]
  }

  #register(places: Map<string, number[]>, place: number): void {
    const target = this.#targets[place]
    if (target === undefined) return
    const address = addressOf(target)
    const same = places.get(address)
    if (same === undefined) places.set(address, [place])
    else same.push(place)
  }
}

/** From so many targets on, a new one is looked for by address instead of compared with each. */
const MANY = 16

function isSelected(target: TargetSpec, { service, tags }: Selector): boolean {
  return (service === undefined || target.service === service) && tags.every(tag => target.tags.includes(tag))
}

function isSameTarget(a: TargetSpec | undefined, b: TargetSpec): boolean {
  return (
    a !== undefined &&
    a.service === b.service &&
    a.dst === b.dst &&
    a.fixedWeight === b.fixedWeight &&
    areEqualTags(a.tags, b.tags)
  )
}

function addressOf({ service, dst }: TargetSpec): string {
  return `${service}\n${dst}`
}
