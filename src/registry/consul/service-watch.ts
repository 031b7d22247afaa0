import { pause } from '../../consul/back-off.ts'
import type { ConsulClient, ReadOptions } from '../../consul/client.ts'
import { watch } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { InstanceReport } from '../instance-report.ts'
import type { HeldRoutes, SourceStatus } from '../registry.ts'
import type { CheckMirror } from './check-mirror.ts'
import { HealthGate, type HealthGateOptions } from './health-gate.ts'
import { reportInstance, reportWithoutRoutes } from './instance-report.ts'
import { instanceKey } from './passing.ts'
import { ServiceRouting, type ServiceRoutingOptions } from './service-routing.ts'
import { WatchedSource } from './watched-source.ts'

export interface ServiceWatchOptions
  extends ServiceRoutingOptions,
    Pick<HealthGateOptions, 'passing' | 'nodeName' | 'brake'> {
  /** `registry.consul.pollinterval`; 0 for blocking queries. */
  readonly pollIntervalMs: number
  /** `registry.consul.mininterval` */
  readonly minIntervalMs: number
}

/**
 * Three watches. The checks of the datacenter are the one that matters; the catalogue's index tells that an instance may be
 * registered with another address, port or tags; the nodes have the addresses of instances without one.
 */
export class ServiceWatch {
  readonly routing: ServiceRouting
  readonly #client: ConsulClient
  readonly #options: ServiceWatchOptions
  readonly #log: Log
  readonly #gate: HealthGate
  readonly #sources: Readonly<Record<'health' | 'catalog' | 'nodes', WatchedSource>>
  #isFiltered = false

  constructor(options: ServiceWatchOptions) {
    const { client, log } = options
    this.#client = client
    this.#options = options
    this.#log = log
    this.routing = new ServiceRouting(options)
    this.#gate = new HealthGate({ ...options, routing: this.routing })
    this.#sources = {
      health: new WatchedSource({ name: 'health state', failure: 'Error fetching health state.', log }),
      catalog: new WatchedSource({ name: 'catalog services', failure: 'Error fetching catalog services.', log }),
      nodes: new WatchedSource({ name: 'catalog nodes', failure: 'Error fetching catalog nodes.', log }),
    }
  }

  /** Whether the first query for the checks was answered; waits for it to be answered or to fail. */
  get firstContact(): Promise<boolean> {
    return this.#sources.health.firstContact
  }

  get held(): HeldRoutes | undefined {
    return this.#gate.held
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const catalog = Promise.withResolvers<void>()
    const nodes = Promise.withResolvers<void>()
    // The other two have their first answer before an instance is asked for: whatever changes from then on, they tell.
    const isGuarded = Promise.race([
      Promise.all([catalog.promise, nodes.promise]),
      pause(GUARD_LIMIT_MS, this.#options.signal),
    ])
    await Promise.all([
      this.#watchCatalog(catalog.resolve),
      this.#watchNodes(nodes.resolve),
      isGuarded.then(() => this.#watchHealth()),
    ])
  }

  status(): SourceStatus[] {
    return Object.values(this.#sources).map(source => source.status())
  }

  /** Every instance of a service that a check tells of, and why it is in or out. */
  instances(service: string): readonly InstanceReport[] {
    const { tagPrefix } = this.#options.rules
    const reports = [...this.routing.instancesOf(service)].map(({ health, known }) =>
      reportInstance(health, known, this.#gate.checks.checksOf(health.node, health.serviceId)),
    )
    const reported = new Set(reports.map(({ node, instance }) => instanceKey(node, instance)))
    for (const check of this.#gate.checks.checksOfService(service)) {
      const key = instanceKey(check.node, check.serviceId)
      if (reported.has(key)) continue
      reported.add(key)
      reports.push(reportWithoutRoutes(check, tagPrefix))
    }
    return reports
  }

  async #watchHealth(): Promise<void> {
    const gate = this.#gate
    const read = (options: ReadOptions) => {
      return this.#client.healthState(body => gate.take(body), { ...options, space: gate.takeSpace() })
    }
    const confirm = (mirror: CheckMirror) => gate.confirm(mirror)
    let index = 0n
    for await (const answer of watch({ ...this.#watching(), read, confirm, observer: this.#sources.health })) {
      this.#log.debug(`consul: Health changed to #${answer.index}`)
      this.#reportFilter(answer.isFilteredByAcl)
      gate.review({ isSuspect: answer.index < index })
      index = answer.index
    }
  }

  #watching(): { pollIntervalMs: number; minIntervalMs: number; signal: AbortSignal } {
    const { pollIntervalMs, minIntervalMs, signal } = this.#options
    return { pollIntervalMs, minIntervalMs, signal }
  }

  #reportFilter(isFiltered: boolean): void {
    if (isFiltered && !this.#isFiltered) this.#log.info('consul: The token may not see all health checks')
    this.#isFiltered = isFiltered
  }

  async #watchCatalog(onAnswer: () => void): Promise<void> {
    const read = (options: ReadOptions) => this.#client.catalogServices(options)
    for await (const _ of watch({ ...this.#watching(), read, observer: this.#sources.catalog })) {
      this.routing.catalogChanged()
      onAnswer()
    }
  }

  async #watchNodes(onAnswer: () => void): Promise<void> {
    const read = (options: ReadOptions) => this.#client.catalogNodes(options)
    for await (const answer of watch({ ...this.#watching(), read, observer: this.#sources.nodes })) {
      this.routing.updateNodes(answer.decode())
      onAnswer()
    }
  }
}

/** When the catalogue cannot be watched, the checks alone have to do. */
const GUARD_LIMIT_MS = 1000
