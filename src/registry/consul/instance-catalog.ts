import { BackOff, pause } from '../../consul/back-off.ts'
import type { ConsulClient } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import type { CatalogInstance } from '../../consul/decode.ts'
import type { Log } from '../../log/log.ts'
import { reportFault } from './background.ts'
import { instanceKey } from './passing.ts'

export interface InstanceCatalogOptions {
  readonly client: ConsulClient
  /** `registry.consul.serviceMonitors`: how many services are asked for at a time. */
  readonly parallel: number
  readonly log: Log
  readonly signal: AbortSignal
  /** Is the instance routed? Then it is kept even if an answer lacks it: only its health checks say that it is gone. */
  readonly isRouted: (key: string) => boolean
  /** An answer about this service came, or failed to. */
  readonly onAnswer: (service: string) => void
}

export interface KnownInstance {
  /** The name it was asked for by. */
  readonly service: string
  /** The same object as before when nothing changed that routing depends on. */
  readonly instance: CatalogInstance
  /** Its `ModifyIndex`. */
  readonly version: number
}

/**
 * Remembers address, port and tags of the instances of routed services. Asks Consul about a service only when told to,
 * and keeps what it knew when that fails.
 */
export class InstanceCatalog {
  readonly #options: InstanceCatalogOptions
  readonly #services = new Map<string, Map<string, KnownInstance>>()
  readonly #waiting = new Set<string>()
  readonly #loading = new Map<string, { isOutdated: boolean }>()
  /** To be asked for again after a pause. */
  readonly #failing = new Map<string, 'refused' | 'lacking'>()
  readonly #backOff = new BackOff({ minMs: 500, maxMs: 30_000 })
  #isRetryDue = false

  constructor(options: InstanceCatalogOptions) {
    this.#options = options
  }

  find(service: string, key: string): CatalogInstance | undefined {
    return this.#services.get(service)?.get(key)?.instance
  }

  /** Nothing is being asked for. What failed is asked for later, and does not count. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#loading.size === 0
  }

  /** Every service that was asked for was answered about at least once. */
  get isComplete(): boolean {
    return this.isIdle && this.#failing.keys().every(service => this.#services.has(service))
  }

  *instances(): Iterable<KnownInstance> {
    for (const instances of this.#services.values()) yield* instances.values()
  }

  /** What was known at another time; asked about when it matters. */
  seed(instance: CatalogInstance): void {
    const { serviceName: service, node, serviceId } = instance
    const instances = this.#services.get(service) ?? new Map<string, KnownInstance>()
    this.#services.set(service, instances.set(instanceKey(node, serviceId), { service, instance, version: -1 }))
  }

  /** Asks for the instances of the service. If that is under way, once more: the answer may be older than the reason to ask. */
  load(service: string): void {
    const loading = this.#loading.get(service)
    if (loading !== undefined) loading.isOutdated = true
    else this.#waiting.add(service)
    this.#fill()
  }

  /** For an answer that lacks what the health checks promise: it came from a server that lags behind. */
  loadLater(service: string): void {
    if (!this.#waiting.has(service) && !this.#loading.has(service) && !this.#failing.has(service))
      this.#askAgain(service, 'lacking')
  }

  /** Something changed in Consul, and what is under way may show it as it was before. */
  outdate(): void {
    for (const loading of this.#loading.values()) loading.isOutdated = true
  }

  forget(service: string): void {
    this.#services.delete(service)
    this.#failing.delete(service)
    this.#waiting.delete(service)
  }

  #fill(): void {
    for (const service of this.#waiting) {
      if (this.#loading.size >= this.#options.parallel) return
      this.#waiting.delete(service)
      void this.#load(service).catch(reportFault(`catalog service ${service}`, this.#options.log))
    }
  }

  async #load(service: string): Promise<void> {
    const { client, log, signal, onAnswer } = this.#options
    const loading = { isOutdated: false }
    this.#loading.set(service, loading)
    try {
      const answer = await client.catalogService(service, { signal })
      const isWhole = this.#remember(service, answer.decode())
      if (this.#failing.get(service) === 'refused') log.info(`consul: Catalog service ${service} is readable again`)
      this.#failing.delete(service)
      if (!isWhole) this.#askAgain(service, 'lacking')
    } catch (cause) {
      if (!(cause instanceof ConsulError)) throw cause
      if (signal.aborted) return
      this.#reportFailure(service, cause)
      this.#askAgain(service, 'refused')
    } finally {
      this.#loading.delete(service)
    }
    if (loading.isOutdated) this.#waiting.add(service)
    this.#fill()
    onAnswer(service)
    if (this.#failing.size === 0) this.#backOff.reset()
  }

  #reportFailure(service: string, cause: ConsulError): void {
    if (this.#failing.get(service) === 'refused') return
    const { log } = this.#options
    const text = `consul: Error getting catalog service ${service}. ${cause.message}`
    // When Consul is away all of them fail, and the first few tell the story.
    if (this.#failing.size < MAX_REPORTED_FAILURES) log.warn(text)
    else log.debug(text)
  }

  #askAgain(service: string, reason: 'refused' | 'lacking'): void {
    this.#failing.set(service, reason)
    if (this.#isRetryDue) return
    this.#isRetryDue = true
    void pause(this.#backOff.nextMs(), this.#options.signal).then(() => {
      this.#isRetryDue = false
      if (this.#options.signal.aborted) return
      for (const service of this.#failing.keys()) if (!this.#loading.has(service)) this.#waiting.add(service)
      this.#fill()
    })
  }

  /** False: the answer lacks an instance that was known and has passing checks. */
  #remember(service: string, answer: readonly CatalogInstance[]): boolean {
    const before = this.#services.get(service)
    const instances = new Map<string, KnownInstance>()
    for (const instance of answer) {
      const key = instanceKey(instance.node, instance.serviceId)
      const known = before?.get(key)?.instance
      const isSame = known !== undefined && isRoutedAlike(known, instance)
      instances.set(key, { service, instance: isSame ? known : instance, version: instance.modifyIndex })
    }
    const missing = [...(before ?? [])].filter(([key]) => !instances.has(key) && this.#options.isRouted(key))
    for (const [key, known] of missing) instances.set(key, known)
    this.#services.set(service, instances)
    return missing.length === 0
  }
}

const MAX_REPORTED_FAILURES = 10

function isRoutedAlike(a: CatalogInstance, b: CatalogInstance): boolean {
  return (
    a.serviceName === b.serviceName &&
    a.serviceAddress === b.serviceAddress &&
    a.nodeAddress === b.nodeAddress &&
    a.servicePort === b.servicePort &&
    a.serviceTags.length === b.serviceTags.length &&
    a.serviceTags.every((tag, at) => tag === b.serviceTags[at])
  )
}
