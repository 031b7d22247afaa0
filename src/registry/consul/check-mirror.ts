import type { HealthCheck } from '../../consul/decode.ts'
import type { ListChange } from '../../consul/list-reader.ts'
import {
  type CountedCheck,
  evaluateInstance,
  evaluateNode,
  type InstanceHealth,
  instanceKey,
  isCounted,
  isSpecial,
  type NodeState,
  type PassingRules,
} from './passing.ts'
import { carryOver, HOLD_MS, type KnownCheck } from './restarted-check.ts'

/** What became of one instance; undefined: it has no check that counts any more. */
export interface HealthChange {
  readonly key: string
  readonly now: InstanceHealth | undefined
}

/**
 * All health checks of a datacenter as Consul told them last, and what follows from them for instances with a route tag. A change
 * costs what it changes: the instances whose checks differ, or all of a node where a check of the node does.
 */
export class CheckMirror {
  readonly #rules: PassingRules
  readonly #checks = new Map<string, MirroredCheck>()
  readonly #nodes = new Map<string, MirroredNode>()
  readonly #health = new Map<string, InstanceHealth>()
  /** Checks that are not as they were when they were last settled. */
  readonly #unsettled = new Set<MirroredCheck>()
  /** Checks that keep the state of before. */
  readonly #held = new Set<MirroredCheck>()

  constructor(rules: PassingRules) {
    this.#rules = rules
  }

  /** How many checks there are. */
  get size(): number {
    let size = 0
    for (const { check } of this.#checks.values()) if (check !== undefined) size++
    return size
  }

  /** Does the list have the check that Consul makes when this node joins? */
  hasNode(name: string): boolean {
    return this.#checks.get(checkKey(name, 'serfHealth'))?.check !== undefined
  }

  get isEmpty(): boolean {
    return !this.#checks.values().some(({ check }) => check !== undefined)
  }

  /** Takes a new list over. Nothing follows from it before settle(). */
  apply({ removed, added }: ListChange<HealthCheck>): void {
    for (const check of removed) {
      const mirrored = this.#checks.get(checkKey(check.node, check.checkId))
      if (mirrored?.check !== check) continue
      mirrored.check = undefined
      this.#unsettled.add(mirrored)
    }
    for (const check of added) {
      const key = checkKey(check.node, check.checkId)
      const mirrored = this.#checks.get(key) ?? new MirroredCheck(key)
      this.#checks.set(key, mirrored)
      mirrored.check = check
      this.#unsettled.add(mirrored)
    }
  }

  /** What follows from all lists since the last time. `now` in milliseconds of any clock. */
  settle(now: number): readonly HealthChange[] {
    for (const held of this.#held) if (now >= (held.known?.heldSince ?? 0) + HOLD_MS) this.#unsettled.add(held)
    const places = new Map<string, Place>()
    for (const mirrored of this.#unsettled) this.#settleCheck(mirrored, now, places)
    this.#unsettled.clear()
    const changes: HealthChange[] = []
    for (const [key, place] of places) {
      const before = this.#health.get(key)
      const after = this.#evaluate(place)
      if (after === undefined) this.#health.delete(key)
      else this.#health.set(key, after)
      if (!areAlike(before, after)) changes.push({ key, now: after })
    }
    return changes
  }

  /** When a check that keeps the state of before has to be looked at again. */
  get heldUntil(): number | undefined {
    let until: number | undefined
    for (const { known } of this.#held)
      until = Math.min(until ?? Number.POSITIVE_INFINITY, (known?.heldSince ?? 0) + HOLD_MS)
    return until
  }

  /** Every instance with a route tag, as of the last settle(). */
  get health(): ReadonlyMap<string, InstanceHealth> {
    return this.#health
  }

  /** The checks of an instance that count, those of its node included. */
  checksOf(node: string, serviceId: string): readonly CountedCheck[] {
    const mirrored = this.#nodes.get(node)
    if (mirrored === undefined) return []
    const own = [...countedOf(mirrored.instances.get(serviceId) ?? [])]
    const ofNode = [...countedOf(mirrored.special)].filter(({ check }) => check.serviceId === '')
    return [...own, ...ofNode]
  }

  /** The checks of a service, also those that do not count because no tag is a route. Goes through all checks. */
  *checksOfService(service: string): Generator<HealthCheck> {
    for (const { check } of this.#checks.values()) if (check?.serviceName === service) yield check
  }

  #settleCheck(mirrored: MirroredCheck, now: number, places: Map<string, Place>): void {
    this.#forgetCounted(mirrored, places)
    const { check } = mirrored
    this.#held.delete(mirrored)
    if (check === undefined) {
      this.#checks.delete(mirrored.key)
      return
    }
    mirrored.known = carryOver(check, mirrored.known, now)
    if (mirrored.known.heldSince !== undefined) this.#held.add(mirrored)
    if (!isCounted(check, this.#rules)) return
    mirrored.counted = { check, status: mirrored.known.status }
    this.#noteCounted(mirrored, mirrored.counted, places)
  }

  #noteCounted(mirrored: MirroredCheck, { check }: CountedCheck, places: Map<string, Place>): void {
    const node = this.#nodes.get(check.node) ?? new MirroredNode()
    this.#nodes.set(check.node, node)
    if (isSpecial(check)) this.#touchNode(check.node, node, places, () => node.special.add(mirrored))
    // Every one that counts, not only the checks of services.
    if (check.serviceId === '') return
    const checks = node.instances.get(check.serviceId) ?? new Set()
    node.instances.set(check.serviceId, checks.add(mirrored))
    touch(places, check.node, check.serviceId)
  }

  #forgetCounted(mirrored: MirroredCheck, places: Map<string, Place>): void {
    const { counted } = mirrored
    if (counted === undefined) return
    mirrored.counted = undefined
    const { node: name, serviceId } = counted.check
    const node = this.#nodes.get(name)
    if (node === undefined) return
    if (isSpecial(counted.check)) this.#touchNode(name, node, places, () => node.special.delete(mirrored))
    if (serviceId !== '') {
      const checks = node.instances.get(serviceId)
      checks?.delete(mirrored)
      if (checks?.size === 0) node.instances.delete(serviceId)
      touch(places, name, serviceId)
    }
    if (node.special.size === 0 && node.instances.size === 0) this.#nodes.delete(name)
  }

  #touchNode(name: string, node: MirroredNode, places: Map<string, Place>, change: () => void): void {
    change()
    node.state = undefined
    for (const serviceId of node.instances.keys()) touch(places, name, serviceId)
  }

  #evaluate(place: Place): InstanceHealth | undefined {
    const node = this.#nodes.get(place.node)
    const checks = node?.instances.get(place.serviceId)
    if (node === undefined || checks === undefined) return undefined
    node.state ??= evaluateNode(countedOf(node.special))
    return evaluateInstance(place, [...countedOf(checks)], node.state, this.#rules)
  }
}

interface Place {
  readonly node: string
  readonly serviceId: string
}

class MirroredCheck {
  readonly key: string
  /** As Consul told it last; undefined: it is gone. */
  check: HealthCheck | undefined
  /** As it was settled. */
  known: KnownCheck | undefined
  counted: CountedCheck | undefined

  constructor(key: string) {
    this.key = key
  }
}

class MirroredNode {
  readonly special = new Set<MirroredCheck>()
  /** By service ID. */
  readonly instances = new Map<string, Set<MirroredCheck>>()
  /** Undefined: to be evaluated again. */
  state: NodeState | undefined
}

function* countedOf(checks: Iterable<MirroredCheck>): Generator<CountedCheck> {
  for (const { counted } of checks) if (counted !== undefined) yield counted
}

function touch(places: Map<string, Place>, node: string, serviceId: string): void {
  const key = instanceKey(node, serviceId)
  if (!places.has(key)) places.set(key, { node, serviceId })
}

/** Consul's check IDs are unique on a node. */
function checkKey(node: string, checkId: string): string {
  return `${node}\0${checkId}`
}

/** Outputs may differ: they are for people. */
function areAlike(a: InstanceHealth | undefined, b: InstanceHealth | undefined): boolean {
  return (
    a === b ||
    (a !== undefined &&
      b !== undefined &&
      a.service === b.service &&
      a.signature === b.signature &&
      a.out?.kind === b.out?.kind)
  )
}
