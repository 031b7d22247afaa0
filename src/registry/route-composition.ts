import type { RouteChange } from '../route/change.ts'
import type { TargetSpec } from '../route/command.ts'
import { compareBytes } from '../route/go-text.ts'
import type { HostPath } from '../route/host-path.ts'
import { withoutDown } from '../route/known-down.ts'
import { areEqualSpecs } from '../route/target-spec.ts'
import type { DroppedTarget } from './route-conflicts.ts'
import type { Step, WeighStep, WideRemoveStep } from './route-steps.ts'
import { compareSteps } from './route-steps.ts'
import { TargetList } from './route-target-list.ts'

/** Is told of what becomes of commands while routes are worked out. */
export interface CompositionObserver {
  /** For every weight looked at: whether it selects a target. */
  onWeigh(step: WeighStep, isMatched: boolean): void
  /** Targets with options of their own that were left out because they are there already; none when there are none any more. */
  onDropped(route: HostPath, dropped: readonly DroppedTarget[]): void
}

/** A target that a service announced. */
export interface ServiceAdd extends HostPath {
  readonly target: TargetSpec
  /** The command as text: those of services come in descending byte order of it. */
  readonly line: string
}

/**
 * Works out the targets of every route from what defines them, as if one document with all commands were run: service lines
 * first, then the commands of texts in their order. Only routes that something was said about since are worked out anew.
 */
export class RouteComposition {
  readonly #routes = new Map<string, RouteState>()
  readonly #stale = new Set<RouteState>()
  /** How many adds of a service each route has; the route itself where that is one add of one, as with most services of a large table. */
  readonly #routesByService = new Map<string, RouteState | Map<RouteState, number>>()
  /** Removes that are for all routes, by service; those that are for any service under undefined. */
  readonly #wideRemoves = new Map<string | undefined, Set<WideRemoveStep>>()

  addOfService(add: ServiceAdd): void {
    const route = this.#routeAt(add)
    route.serviceAdds.add(add)
    this.#countService(route, add.target.service, 1)
    this.#stale.add(route)
  }

  removeOfService(add: ServiceAdd): void {
    const route = this.#routeAt(add)
    route.serviceAdds.delete(add)
    this.#countService(route, add.target.service, -1)
    this.#stale.add(route)
  }

  addStep(step: Step): void {
    if (step.kind === 'wide-remove') {
      const same = this.#wideRemoves.get(step.service)
      if (same === undefined) this.#wideRemoves.set(step.service, new Set([step]))
      else same.add(step)
      this.#markRoutesOf(step.service)
      return
    }
    const route = this.#routeAt(step.at)
    route.addStep(step)
    if (step.kind === 'add') this.#countService(route, step.target.service, 1)
    this.#stale.add(route)
  }

  removeStep(step: Step): void {
    if (step.kind === 'wide-remove') {
      const same = this.#wideRemoves.get(step.service)
      if (same?.delete(step) && same.size === 0) this.#wideRemoves.delete(step.service)
      this.#markRoutesOf(step.service)
      return
    }
    const route = this.#routeAt(step.at)
    route.deleteStep(step)
    if (step.kind === 'add') this.#countService(route, step.target.service, -1)
    this.#stale.add(route)
  }

  /** The routes that are not as they were the last time. */
  takeChanges(observer: CompositionObserver): readonly RouteChange[] {
    const changes: RouteChange[] = []
    for (const route of this.#stale) {
      const targets = this.#compose(route, observer)
      if (!areEqualLists(targets, route.targets)) changes.push({ host: route.host, path: route.path, targets })
      route.targets = targets
      if (route.isEmpty) this.#routes.delete(route.host + route.path)
    }
    this.#stale.clear()
    return changes
  }

  #compose(route: RouteState, { onWeigh, onDropped }: CompositionObserver): readonly TargetSpec[] {
    const steps = this.#stepsOf(route)
    const adds = route.serviceAdds.inOrder()
    const [only] = adds
    if (only !== undefined && adds.length === 1 && steps.length === 0) {
      if (route.hasDropped) onDropped(route, [])
      route.hasDropped = false
      return [only.target] // as it is with most routes
    }

    const list = new TargetList()
    const dropped: DroppedTarget[] = []
    const add = (target: TargetSpec) => {
      const kept = list.add(target)
      if (kept !== undefined && kept.options !== target.options) dropped.push({ target, kept })
    }
    for (const { target } of adds) add(target)
    for (const step of steps) {
      switch (step.kind) {
        case 'add':
          add(step.target)
          break
        case 'remove':
        case 'wide-remove':
          list.remove(step)
          break
        case 'weigh':
          onWeigh(step, list.weigh(step) > 0)
          break
      }
    }
    if (route.hasDropped || dropped.length > 0) onDropped(route, dropped)
    route.hasDropped = dropped.length > 0
    return withoutDown(list.targets)
  }

  /** All steps that concern a route, in the order of the document. */
  #stepsOf(route: RouteState): readonly Step[] {
    const steps: Step[] = [...route.steps]
    if (this.#wideRemoves.size > 0) {
      for (const service of new Set([...route.services(), undefined])) {
        for (const step of this.#wideRemoves.get(service) ?? []) steps.push(step)
      }
    }
    return steps.length > 1 ? steps.sort(compareSteps) : steps
  }

  #routeAt({ host, path }: HostPath): RouteState {
    const key = host + path
    const known = this.#routes.get(key)
    if (known !== undefined) return known
    const route = new RouteState(host, path)
    this.#routes.set(key, route)
    return route
  }

  #countService(route: RouteState, service: string, difference: 1 | -1): void {
    const known = this.#routesByService.get(service)
    if (known === undefined && difference === 1) {
      this.#routesByService.set(service, route)
      return
    }
    const routes = known instanceof RouteState ? new Map([[known, 1]]) : (known ?? new Map<RouteState, number>())
    const count = (routes.get(route) ?? 0) + difference
    if (count > 0) routes.set(route, count)
    else routes.delete(route)
    if (routes.size === 0) this.#routesByService.delete(service)
    else this.#routesByService.set(service, routes)
  }

  #markRoutesOf(service: string | undefined): void {
    const known = service === undefined ? undefined : this.#routesByService.get(service)
    if (known instanceof RouteState) {
      this.#stale.add(known)
      return
    }
    const routes = service === undefined ? this.#routes.values() : known?.keys()
    for (const route of routes ?? []) this.#stale.add(route)
  }
}

/** Most routes have none, or one: a set would take ten times the memory. */
const FEW = 8

class RouteState {
  readonly host: string
  readonly path: string
  readonly serviceAdds = new ServiceAdds()
  /** As it was told last. */
  targets: readonly TargetSpec[] = []
  /** Some of its targets were left out because they are there already. */
  hasDropped = false
  #steps: readonly Step[] | Set<Step> = []

  constructor(host: string, path: string) {
    this.host = host
    this.path = path
  }

  get isEmpty(): boolean {
    return this.serviceAdds.isEmpty && (this.#steps instanceof Set ? this.#steps.size : this.#steps.length) === 0
  }

  get steps(): Iterable<Step> {
    return this.#steps
  }

  addStep(step: Step): void {
    if (this.#steps instanceof Set) this.#steps.add(step)
    else if (this.#steps.length < FEW) this.#steps = this.#steps.concat(step)
    else this.#steps = new Set([...this.#steps, step])
  }

  deleteStep(step: Step): void {
    if (this.#steps instanceof Set) this.#steps.delete(step)
    else this.#steps = this.#steps.filter(one => one !== step)
  }

  *services(): Generator<string> {
    for (const { target } of this.serviceAdds.inOrder()) yield target.service
    for (const step of this.steps) if (step.kind === 'add') yield step.target.service
  }
}

/** The adds of services on one route. Sorted when asked for, which is quick when little has changed since. */
class ServiceAdds {
  #adds: ServiceAdd[] = []
  #isSorted = true
  #deleted: Set<ServiceAdd> | undefined

  get isEmpty(): boolean {
    return this.#adds.length === (this.#deleted?.size ?? 0)
  }

  add(add: ServiceAdd): void {
    this.#adds.push(add)
    this.#isSorted = this.#adds.length === 1
  }

  delete(add: ServiceAdd): void {
    this.#deleted ??= new Set()
    this.#deleted.add(add)
  }

  inOrder(): readonly ServiceAdd[] {
    const deleted = this.#deleted
    if (deleted !== undefined) {
      this.#adds = this.#adds.filter(add => !deleted.has(add))
      this.#deleted = undefined
    }
    if (!this.#isSorted) {
      this.#adds.sort((a, b) => compareBytes(b.line, a.line))
      this.#isSorted = true
    }
    return this.#adds
  }
}

function areEqualLists(a: readonly TargetSpec[], b: readonly TargetSpec[]): boolean {
  return a.length === b.length && a.every((spec, index) => spec === b[index] || areEqualSpecs(spec, b[index] ?? spec))
}
