import { BackOff, pause } from '../../consul/back-off.ts'
import type { ConsulClient } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import type { CatalogInstance } from '../../consul/decode.ts'
import type { ChangeCause } from '../../history/route-history.ts'
import type { Log } from '../../log/log.ts'
import type { RouteSink } from '../registry.ts'
import { reportFault } from './background.ts'
import { findChangedServices } from './changed-services.ts'
import type { HealthChange } from './check-mirror.ts'
import { buildDownRoutes } from './down-routes.ts'
import { InstanceCatalog } from './instance-catalog.ts'
import type { KeptTags } from './kept-tags.ts'
import { describeEvent, describeOut, type InstanceHealth, instanceKey, isRouted } from './passing.ts'
import { buildServiceRoutes, type TagRules } from './service-routes.ts'

export interface ServiceRoutingOptions {
  readonly client: ConsulClient
  readonly parallel: number
  readonly rules: TagRules
  /** Only with `registry.keepgood`. */
  readonly keptTags: KeptTags | undefined
  /** `proxy.noroute.known = 503`: routes of services without a healthy instance lead nowhere, instead of being gone. */
  readonly tellsDown: boolean
  readonly log: Log
  readonly signal: AbortSignal
  readonly sink: RouteSink
  /** What was given to the sink belongs together now. */
  readonly onChange: (causes: readonly ChangeCause[]) => void
  /** Once: all routed instances that the first list of checks told of are in the sink. */
  readonly onComplete: () => void
}

/** Which instances are healthy, and where they are: brings the two together, and tells the sink what changed. */
export class ServiceRouting {
  readonly #options: ServiceRoutingOptions
  readonly #catalog: InstanceCatalog
  readonly #health = new Map<string, InstanceHealth>()
  /** By service and key. */
  readonly #services = new Map<string, Map<string, InstanceHealth>>()
  /** By service and key, what the sink has. */
  readonly #routed = new Map<string, Map<string, CatalogInstance>>()
  /** By key, how many routes the sink has of an instance. */
  readonly #routeCounts = new Map<string, number>()
  #routes = 0
  #routedBefore = 0
  #isStaged = false
  /** Of what is staged. */
  readonly #causes: ChangeCause[] = []
  /** Keys of what the sink has of services that are down. */
  readonly #down = new Set<string>()
  #commitTimer: NodeJS.Timeout | undefined
  #isComplete = false
  #hasHealth = false
  #isCatalogNews = false
  #verifying: Promise<void> | undefined

  constructor(options: ServiceRoutingOptions) {
    this.#options = options
    this.#catalog = new InstanceCatalog({
      ...options,
      isRouted: key => isRouted(this.#health.get(key)),
      onAnswer: service => {
        if (!this.#services.has(service)) this.#catalog.forget(service)
        this.#stage(service)
        this.#settle()
      },
    })
    options.signal.addEventListener('abort', () => clearTimeout(this.#commitTimer), { once: true })
  }

  /** What a new list of checks says. Asks only for services of which it shows something new. */
  updateHealth(changes: readonly HealthChange[]): void {
    const affected = new Set<string>()
    const unknown = new Set<string>()
    for (const { key, now } of changes) {
      const then = this.#health.get(key)
      this.#remember(key, then, now)
      if (isRouted(then) !== isRouted(now)) this.#noteCause(now ?? then, describeEvent(then, now))
      if (then !== undefined) affected.add(then.service)
      if (now === undefined) continue
      affected.add(now.service)
      const isRegisteredAnew = then !== undefined && (then.service !== now.service || then.signature !== now.signature)
      const isWanted = isRouted(now) || this.#options.tellsDown
      if (isWanted && (isRegisteredAnew || this.#catalog.find(now.service, key) === undefined)) unknown.add(now.service)
      if (this.#options.log.isOn('DEBUG')) this.#options.log.debug(`consul: ${describeOut(now)}`)
    }
    this.#hasHealth = true
    for (const service of affected) if (!this.#services.has(service)) this.#catalog.forget(service)
    for (const service of unknown) this.#catalog.load(service)
    for (const service of affected) this.#stage(service)
    this.#settle()
  }

  /** Where requests for a service go that is known, and has no healthy instance. */
  #stageDown(service: string, isServed: boolean): void {
    const { sink, rules, tellsDown } = this.#options
    if (!tellsDown) return
    const key = `\0down\0${service}`
    const known = isServed ? [] : [...this.instancesOf(service)].flatMap(instance => instance.known ?? [])
    const told = buildDownRoutes(known, rules)
    if (told.length === 0 && !this.#down.delete(key)) return
    this.#isStaged = true
    if (told.length === 0) return sink.removeInstance(key)
    this.#down.add(key)
    sink.setInstance(key, told)
  }

  #noteCause(health: InstanceHealth | undefined, event: string): void {
    if (health === undefined || this.#causes.length === MAX_CAUSES) return
    const { service, serviceId, node } = health
    this.#causes.push({ kind: 'instance', name: `${serviceId} of ${service} on ${node}`, event })
  }

  #remember(key: string, then: InstanceHealth | undefined, now: InstanceHealth | undefined): void {
    if (then !== undefined && then.service !== now?.service) {
      const instances = this.#services.get(then.service)
      if (instances?.delete(key) && instances.size === 0) this.#services.delete(then.service)
    }
    if (now === undefined) {
      this.#health.delete(key)
      this.#options.keptTags?.forget(key)
      return
    }
    this.#health.set(key, now)
    const instances = this.#services.get(now.service)
    if (instances === undefined) this.#services.set(now.service, new Map([[key, now]]))
    else instances.set(key, now)
  }

  /** The instances of a service that have a route tag, and what the catalogue says of them. */
  *instancesOf(service: string): Generator<{ health: InstanceHealth; known: CatalogInstance | undefined }> {
    for (const [key, health] of this.#services.get(service) ?? []) {
      yield { health, known: this.#catalog.find(service, key) }
    }
  }

  /** Some instance was registered, changed or removed, somewhere in the datacenter. */
  catalogChanged(): void {
    this.#catalog.outdate()
    this.#isCatalogNews = true
    this.#startVerifying()
  }

  /** Services without an address of their own are reached at the address of their node. */
  updateNodes(addresses: ReadonlyMap<string, string>): void {
    this.#catalog.outdate()
    for (const { service, instance } of this.#catalog.instances()) {
      const address = addresses.get(instance.node)
      if (instance.serviceAddress === '' && address !== undefined && address !== instance.nodeAddress)
        this.#catalog.load(service)
    }
  }

  /** How many routes the sink has. */
  get size(): number {
    return this.#routes
  }

  /** How many of them are this instance's. */
  routesOf(key: string): number {
    return this.#routeCounts.get(key) ?? 0
  }

  /** Everything was asked for that the first list of checks told of. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** All instances that are routed. */
  *instances(): Generator<CatalogInstance> {
    for (const instances of this.#routed.values()) yield* instances.values()
  }

  /** Routes what was routed when these were written down. The first list of checks decides about each of them. */
  restore(instances: readonly CatalogInstance[]): void {
    const services = new Set<string>()
    for (const instance of instances) {
      const { node, serviceId, serviceName: service } = instance
      const key = instanceKey(node, serviceId)
      if (this.#health.has(key)) continue
      this.#catalog.seed(instance)
      // No check has this signature, so that the catalogue is asked about it as soon as there is a list.
      this.#remember(key, undefined, { key, node, serviceId, service, out: undefined, signature: '' })
      services.add(service)
    }
    for (const service of services) this.#stage(service)
    this.#commit()
  }

  /** The keys of all instances that are known, routed or not. */
  keys(): Iterable<string> {
    return this.#health.keys()
  }

  #countRoutes(key: string, count: number): void {
    this.#routes += count - this.routesOf(key)
    if (count === 0) this.#routeCounts.delete(key)
    else this.#routeCounts.set(key, count)
  }

  #startVerifying(): void {
    if (this.#verifying !== undefined) return
    this.#verifying = this.#verify()
      .catch(reportFault('service versions', this.#options.log))
      .finally(() => {
        this.#verifying = undefined
        // What came between the end of the loop and here.
        if (this.#isCatalogNews && !this.#options.signal.aborted) this.#startVerifying()
      })
  }

  async #verify(): Promise<void> {
    const { client, signal, log } = this.#options
    const backOff = new BackOff({ minMs: 500, maxMs: 10_000 })
    while (this.#isCatalogNews && !signal.aborted) {
      this.#isCatalogNews = false
      const startedAt = performance.now()
      try {
        const changed = await findChangedServices(client, this.#catalog.instances(), signal)
        for (const service of changed) this.#catalog.load(service)
        backOff.reset()
        // In a datacenter where something is registered all the time, at most a fifth of the time is spent on it.
        await pause(4 * (performance.now() - startedAt), signal)
      } catch (cause) {
        if (!(cause instanceof ConsulError)) throw cause
        log.debug(`consul: Error reading the versions of services. ${cause.message}`)
        this.#isCatalogNews = true
        await pause(backOff.nextMs(), signal)
      }
    }
  }

  #stage(service: string): void {
    const { sink, rules, keptTags } = this.#options
    const instances = [...(this.#services.get(service)?.values() ?? [])].filter(isRouted)
    const wanted = new Set(instances.map(({ key }) => key))
    const routed = this.#routed.get(service) ?? new Map<string, CatalogInstance>()
    for (const key of routed.keys()) {
      if (wanted.has(key)) continue
      sink.removeInstance(sinkKey(service, key))
      this.#countRoutes(key, 0)
      routed.delete(key)
      this.#isStaged = true
    }
    for (const { key } of instances) {
      const instance = this.#catalog.find(service, key)
      if (instance === undefined) this.#catalog.loadLater(service)
      if (instance === undefined || routed.get(key) === instance) continue
      const { definitions, problems } = keptTags?.routesOf(key, instance, rules) ?? buildServiceRoutes(instance, rules)
      sink.setInstance(sinkKey(service, key), definitions, problems)
      if (routed.has(key)) this.#noteCause(this.#health.get(key), 'has other tags or another address')
      this.#countRoutes(key, definitions.length)
      routed.set(key, instance)
      this.#isStaged = true
    }
    this.#stageDown(service, instances.length > 0)
    if (routed.size === 0) this.#routed.delete(service)
    else this.#routed.set(service, routed)
  }

  /**
   * Changes of one moment become visible in one moment: when blue goes and green comes, the sink has both before it is told.
   * But a query that hangs holds the others back for a moment only.
   */
  #settle(): void {
    const { signal, onComplete } = this.#options
    if (this.#catalog.isIdle) this.#commit()
    else if (this.#isStaged && !signal.aborted) this.#commitTimer ??= setTimeout(() => this.#commit(), SETTLE_MS)
    if (this.#isComplete || !this.#hasHealth || !this.#catalog.isComplete) return
    this.#isComplete = true
    onComplete()
  }

  #commit(): void {
    clearTimeout(this.#commitTimer)
    this.#commitTimer = undefined
    if (!this.#isStaged || this.#options.signal.aborted) return
    this.#isStaged = false
    if (this.#routed.size === 0 && this.#routedBefore > 0) {
      this.#options.log.warn(
        `consul: None of ${this.#routedBefore} routed services is left: no checks, or none that passes, or a token that may not see them`,
      )
    }
    this.#routedBefore = this.#routed.size
    this.#options.onChange(this.#causes.splice(0))
  }
}

/** More would be read by nobody. */
const MAX_CAUSES = 50
const SETTLE_MS = 500

/** With the service, for an instance may be registered under another name the next moment. */
function sinkKey(service: string, key: string): string {
  return `${key}\0${service}`
}
