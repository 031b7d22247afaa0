import { compareBytes } from './byte-order.ts'
import type { CheckDefinition, CheckStatus } from './check-definition.ts'
import type { ServiceDefinition } from './service-definition.ts'
import type { StateIndex } from './state-index.ts'

/** A service instance as the catalog has it. */
export interface ServiceRecord {
  readonly service: ServiceDefinition
  readonly createIndex: number
  readonly modifyIndex: number
}

/** A check as the catalog has it: its result, and the name and tags its service had when the result was written. */
export interface CheckRecord {
  readonly id: string
  readonly name: string
  readonly notes: string
  readonly type: CheckDefinition['type']
  readonly status: CheckStatus
  readonly output: string
  readonly serviceId: string
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  readonly createIndex: number
  readonly modifyIndex: number
}

export type CheckResult = Pick<CheckRecord, 'id' | 'name' | 'notes' | 'type' | 'status' | 'output' | 'serviceId'>

/**
 * What a Consul server knows of its only node: services, checks, and the indexes that watchers compare with. Those rise
 * exactly when Consul's do, so that a watcher of one kind is not woken by news of another. Service names and check IDs
 * are looked up without regard to case, as in Consul.
 */
export class Catalog {
  readonly #state: StateIndex
  readonly #services = new Map<string, ServiceRecord>()
  readonly #checks = new Map<string, CheckRecord>()
  readonly #serviceIndexes = new Map<string, number>()
  #servicesIndex: number
  #checksIndex: number
  #lastExtinction: number | undefined
  /** The node is made once and never changes. */
  readonly nodeIndex: number

  constructor(state: StateIndex) {
    this.#state = state
    this.nodeIndex = state.commit(index => index)
    this.#servicesIndex = this.nodeIndex
    this.#checksIndex = this.nodeIndex
  }

  /** For watchers of the list of services: rises with every change of a service, not of a check. */
  get servicesIndex(): number {
    return this.#servicesIndex
  }

  /** For watchers of health by state, node or service checks: rises with every change of any check. */
  get checksIndex(): number {
    return this.#checksIndex
  }

  /** For watchers of one service: rises when an instance or one of its checks changes, or a check of the node. */
  indexOf(serviceName: string): number {
    const index = this.#serviceIndexes.get(serviceName.toLowerCase()) ?? this.#lastExtinction
    return index ?? Math.max(this.#servicesIndex, this.#checksIndex)
  }

  services(): readonly ServiceRecord[] {
    return sorted(this.#services)
  }

  instances(serviceName: string): readonly ServiceRecord[] {
    const name = serviceName.toLowerCase()
    return this.services().filter(record => record.service.name.toLowerCase() === name)
  }

  checks(): readonly CheckRecord[] {
    return sorted(this.#checks)
  }

  /** A service and its checks become known, or change, at one index. */
  register(service: ServiceDefinition | undefined, checks: readonly CheckResult[]): void {
    this.#state.commit(index => {
      if (service !== undefined) this.#putService(service, index)
      for (const check of checks) this.#putCheck(check, index)
    })
  }

  deregisterService(id: string): void {
    const record = this.#services.get(id.toLowerCase())
    if (record === undefined) return
    this.#state.commit(index => {
      for (const [key, check] of this.#checks) {
        if (check.serviceId.toLowerCase() === id.toLowerCase()) this.#checks.delete(key)
      }
      this.#services.delete(id.toLowerCase())
      this.#checksIndex = index
      this.#servicesIndex = index
      this.#touchService(record.service.name, index)
    })
  }

  deregisterCheck(id: string): void {
    const check = this.#checks.get(id.toLowerCase())
    if (check === undefined) return
    this.#state.commit(index => {
      this.#checks.delete(id.toLowerCase())
      this.#checksIndex = index
      this.#touchServicesOf(check, index)
    })
  }

  #putService(service: ServiceDefinition, index: number): void {
    const key = service.id.toLowerCase()
    const present = this.#services.get(key)
    if (present !== undefined && isSameService(present.service, service)) return
    this.#services.set(key, { service, createIndex: present?.createIndex ?? index, modifyIndex: index })
    this.#servicesIndex = index
    this.#touchService(service.name, index)
    if (present !== undefined && present.service.name !== service.name) this.#touchService(present.service.name, index)
  }

  #putCheck(check: CheckResult, index: number): void {
    const key = check.id.toLowerCase()
    const present = this.#checks.get(key)
    const service = this.#services.get(check.serviceId.toLowerCase())?.service
    const record: CheckRecord = {
      ...check,
      serviceName: service?.name ?? '',
      serviceTags: service?.tags ?? [],
      createIndex: present?.createIndex ?? index,
      modifyIndex: index,
    }
    if (present !== undefined && isSameCheck(present, record)) return
    this.#checks.set(key, record)
    this.#checksIndex = index
    this.#touchServicesOf(record, index)
    if (present !== undefined && present.serviceId !== record.serviceId) this.#touchServicesOf(present, index)
  }

  /** A check of the node concerns every service on it. The name in the check is of when it was written: not looked at. */
  #touchServicesOf(check: CheckRecord, index: number): void {
    const concerned =
      check.serviceId === '' ? this.#services.values() : [this.#services.get(check.serviceId.toLowerCase())]
    for (const record of concerned) if (record !== undefined) this.#touchService(record.service.name, index)
  }

  /** Without an instance left, the name shares one index with all that are gone, so that names do not pile up. */
  #touchService(name: string, index: number): void {
    const key = name.toLowerCase()
    if (this.#services.values().some(({ service }) => service.name.toLowerCase() === key)) {
      this.#serviceIndexes.set(key, index)
    } else {
      this.#serviceIndexes.delete(key)
      this.#lastExtinction = index
    }
  }
}

function sorted<Record>(records: ReadonlyMap<string, Record>): readonly Record[] {
  return [...records].sort(([a], [b]) => compareBytes(a, b)).map(([, record]) => record)
}

function isSameService(a: ServiceDefinition, b: ServiceDefinition): boolean {
  return JSON.stringify(comparableService(a)) === JSON.stringify(comparableService(b))
}

/** Two fields are maps, which JSON leaves out. */
function comparableService(service: ServiceDefinition): object {
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compareBytes(a, b)
  const meta = [...(service.meta ?? [])].sort(byName)
  return { ...service, meta, taggedAddresses: [...service.taggedAddresses].sort(byName) }
}

function isSameCheck(a: CheckRecord, b: CheckRecord): boolean {
  return JSON.stringify({ ...a, modifyIndex: 0 }) === JSON.stringify({ ...b, modifyIndex: 0 })
}
