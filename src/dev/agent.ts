import type { Log } from '../log/log.ts'
import { AgentCheck } from './agent-check.ts'
import { ApiError } from './api-error.ts'
import type { Catalog } from './catalog.ts'
import type { CheckDefinition, CheckStatus } from './check-definition.ts'
import type { ServiceDefinition } from './service-definition.ts'

/** The settings of a Consul agent of the same names, in milliseconds. */
export interface AgentOptions {
  /** How long a change of a check's output alone is kept back, about; a change of status never is. */
  readonly checkUpdateIntervalMs: number
  /** How often services are looked for that were critical for too long … */
  readonly checkReapIntervalMs: number
  /** … and the least time that counts as too long, whatever the check says. */
  readonly checkDeregisterIntervalMinMs: number
  readonly log: Log
}

const SERVICE_MAINTENANCE = '_service_maintenance:'
const NODE_MAINTENANCE = '_node_maintenance'
const RESERVED_CHECK = 'serfHealth'
const NO_REASON = 'but no reason was provided. This is a default message.'

/**
 * The local agent: services and checks that were registered with it. It runs the checks and tells the catalog what is
 * new. Where Consul's agent does that a moment later, this one is done when the call returns.
 */
export class Agent implements Disposable {
  readonly #catalog: Catalog
  readonly #options: AgentOptions
  readonly #services = new Map<string, ServiceDefinition>()
  readonly #checks = new Map<string, AgentCheck>()
  readonly #reaper: NodeJS.Timeout

  constructor(catalog: Catalog, options: AgentOptions) {
    this.#catalog = catalog
    this.#options = options
    this.#reaper = setInterval(() => this.#reap(), options.checkReapIntervalMs)
  }

  get services(): ReadonlyMap<string, ServiceDefinition> {
    return this.#services
  }

  get checks(): ReadonlyMap<string, AgentCheck> {
    return this.#checks
  }

  /** Checks the service had and that are not named now stay, unless they are to be replaced. */
  registerService(
    service: ServiceDefinition,
    checks: readonly CheckDefinition[],
    options: { readonly replaceExistingChecks: boolean },
  ): void {
    for (const check of checks) refuseReserved(check)
    const named = new Set(checks.map(check => check.id))
    this.#services.set(service.id, service)
    const registered = checks.map(check => this.#putCheck(check))
    this.#catalog.register(
      service,
      registered.map(check => check.publish()),
    )
    if (!options.replaceExistingChecks) return
    for (const check of this.#checksOf(service.id))
      if (!named.has(check.definition.id)) this.deregisterCheck(check.definition.id)
  }

  /** What is not registered is not missed. */
  deregisterService(id: string): void {
    for (const check of this.#checksOf(id)) {
      check[Symbol.dispose]()
      this.#checks.delete(check.definition.id)
    }
    if (this.#services.delete(id)) this.#catalog.deregisterService(id)
  }

  registerCheck(check: CheckDefinition): void {
    refuseReserved(check)
    if (check.serviceId !== '' && !this.#services.has(check.serviceId)) {
      throw new ApiError(`ServiceID ${JSON.stringify(check.serviceId)} does not exist`, { status: 500 })
    }
    this.#catalog.register(undefined, [this.#putCheck(check).publish()])
  }

  deregisterCheck(id: string): void {
    const check = this.#checks.get(id)
    if (check === undefined) return
    check[Symbol.dispose]()
    this.#checks.delete(id)
    this.#catalog.deregisterCheck(id)
  }

  /** The service behind a TTL check has reported. */
  reportTtl(id: string, status: CheckStatus, output: string): void {
    const check = this.#checks.get(id)
    if (!check?.hear(status, output)) {
      throw new ApiError(`CheckID ${JSON.stringify(id)} does not have associated TTL`, { status: 500 })
    }
  }

  /** Maintenance is a critical check without a probe. Its first reason stays until it ends. */
  setServiceMaintenance(serviceId: string, isOn: boolean, reason: string): void {
    if (!this.#services.has(serviceId)) {
      throw new ApiError(`No service registered with ID ${JSON.stringify(serviceId)}`, { status: 404 })
    }
    const notes = reason || `Maintenance mode is enabled for this service, ${NO_REASON}`
    const id = SERVICE_MAINTENANCE + serviceId
    this.#setMaintenance({ id, name: 'Service Maintenance Mode', serviceId, notes }, isOn)
  }

  setNodeMaintenance(isOn: boolean, reason: string): void {
    const notes = reason || `Maintenance mode is enabled for this node, ${NO_REASON}`
    this.#setMaintenance({ id: NODE_MAINTENANCE, name: 'Node Maintenance Mode', serviceId: '', notes }, isOn)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#reaper)
    for (const check of this.#checks.values()) check[Symbol.dispose]()
  }

  #setMaintenance(check: Pick<CheckDefinition, 'id' | 'name' | 'serviceId' | 'notes'>, isOn: boolean): void {
    if (!isOn) return this.deregisterCheck(check.id)
    if (this.#checks.has(check.id)) return
    this.registerCheck({ ...check, type: 'maintenance', probe: undefined, status: 'critical', deregisterAfterMs: 0 })
  }

  /** A check that is registered again keeps its result, whatever the new definition begins with, as in Consul. */
  #putCheck(definition: CheckDefinition): AgentCheck {
    const present = this.#checks.get(definition.id)
    present?.[Symbol.dispose]()
    const check = new AgentCheck(definition, {
      result: present ?? { status: definition.status, output: '' },
      service: this.#services.get(definition.serviceId),
      checkUpdateIntervalMs: this.#options.checkUpdateIntervalMs,
      publish: result => this.#catalog.register(undefined, [result]),
    })
    this.#checks.set(definition.id, check)
    return check
  }

  #checksOf(serviceId: string): readonly AgentCheck[] {
    return [...this.#checks.values()].filter(check => check.definition.serviceId === serviceId)
  }

  #reap(): void {
    for (const { definition, criticalSince } of this.#checks.values()) {
      const { id, serviceId, deregisterAfterMs } = definition
      if (serviceId === '' || deregisterAfterMs <= 0 || criticalSince === undefined) continue
      const limitMs = Math.max(deregisterAfterMs, this.#options.checkDeregisterIntervalMinMs)
      if (performance.now() - criticalSince < limitMs) continue
      this.#options.log.info(
        `dev registry: Check "${id}" for service "${serviceId}" has been critical for too long; deregistered service`,
      )
      this.deregisterService(serviceId)
    }
  }
}

/** The health of the node itself is not for others to write. */
function refuseReserved(check: CheckDefinition): void {
  if (check.id.toLowerCase() !== RESERVED_CHECK.toLowerCase()) return
  throw new ApiError(`Check ID ${JSON.stringify(check.id)} is reserved`, { status: 400 })
}
