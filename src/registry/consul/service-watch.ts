import { pause } from '../../consul/back-off.ts'
import type { ConsulClient, ReadOptions } from '../../consul/client.ts'
import type { HealthCheck } from '../../consul/decode.ts'
import { watch } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'
import { AgentPresence } from './agent-presence.ts'
import { evaluateChecks, type PassingRules } from './passing.ts'
import { RestartedChecks } from './restarted-checks.ts'
import { ServiceRouting, type ServiceRoutingOptions } from './service-routing.ts'
import { WatchedSource } from './watched-source.ts'

export interface ServiceWatchOptions extends ServiceRoutingOptions {
  readonly passing: PassingRules
  /** `registry.consul.pollinterval`; 0 for blocking queries. */
  readonly pollIntervalMs: number
  readonly nodeName: string
}

/**
 * Three watches. The checks of the datacenter are the one that matters; the catalogue's index tells that an instance may be
 * registered with another address, port or tags; the nodes have the addresses of instances without one.
 */
export class ServiceWatch {
  readonly #client: ConsulClient
  readonly #options: ServiceWatchOptions
  readonly #log: Log
  readonly #routing: ServiceRouting
  readonly #presence: AgentPresence
  readonly #restarted = new RestartedChecks()
  readonly #sources: Readonly<Record<'health' | 'catalog' | 'nodes', WatchedSource>>
  #reviewTimer: NodeJS.Timeout | undefined
  #isFiltered = false

  constructor(options: ServiceWatchOptions) {
    const { client, log, signal, nodeName } = options
    this.#client = client
    this.#options = options
    this.#log = log
    this.#routing = new ServiceRouting(options)
    const askNodeName = async () => (await client.agentSelf({ signal })).nodeName
    this.#presence = new AgentPresence({ nodeName, askNodeName })
    this.#sources = {
      health: new WatchedSource({ name: 'health state', failure: 'Error fetching health state.', log }),
      catalog: new WatchedSource({ name: 'catalog services', failure: 'Error fetching catalog services.', log }),
      nodes: new WatchedSource({ name: 'catalog nodes', failure: 'Error fetching catalog nodes.', log }),
    }
    signal.addEventListener('abort', () => clearTimeout(this.#reviewTimer), { once: true })
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

  async #watchHealth(): Promise<void> {
    const { pollIntervalMs, signal } = this.#options
    const read = (options: ReadOptions) => this.#client.healthState(options)
    const confirm = (checks: readonly HealthCheck[]) => this.#presence.confirm(checks, performance.now())
    for await (const answer of watch({ read, confirm, pollIntervalMs, signal, observer: this.#sources.health })) {
      this.#log.debug(`consul: Health changed to #${answer.index}`)
      this.#reportFilter(answer.isFilteredByAcl)
      this.#review(answer.decode())
    }
  }

  #reportFilter(isFiltered: boolean): void {
    if (isFiltered && !this.#isFiltered) this.#log.info('consul: The token may not see all health checks')
    this.#isFiltered = isFiltered
  }

  #review(checks: readonly HealthCheck[]): void {
    clearTimeout(this.#reviewTimer)
    const now = performance.now()
    const carried = this.#restarted.carryOver(checks, now)
    if (carried.until !== undefined) this.#reviewTimer = setTimeout(() => this.#review(checks), carried.until - now + 1)
    this.#routing.updateHealth(evaluateChecks(carried.checks, this.#options.passing))
  }

  async #watchCatalog(onAnswer: () => void): Promise<void> {
    const { pollIntervalMs, signal } = this.#options
    const read = (options: ReadOptions) => this.#client.catalogServices(options)
    for await (const _ of watch({ read, pollIntervalMs, signal, observer: this.#sources.catalog })) {
      this.#routing.catalogChanged()
      onAnswer()
    }
  }

  async #watchNodes(onAnswer: () => void): Promise<void> {
    const { pollIntervalMs, signal } = this.#options
    const read = (options: ReadOptions) => this.#client.catalogNodes(options)
    for await (const answer of watch({ read, pollIntervalMs, signal, observer: this.#sources.nodes })) {
      this.#routing.updateNodes(answer.decode())
      onAnswer()
    }
  }
}

/** When the catalogue cannot be watched, the checks alone have to do. */
const GUARD_LIMIT_MS = 1000
