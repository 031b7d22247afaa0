import { pause } from '../../consul/back-off.ts'
import type { ConsulClient, ReadOptions } from '../../consul/client.ts'
import { decodeHealthChecks } from '../../consul/decode.ts'
import { ListReader } from '../../consul/list-reader.ts'
import { watch } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'
import { AgentPresence } from './agent-presence.ts'
import { CheckMirror } from './check-mirror.ts'
import type { PassingRules } from './passing.ts'
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
  readonly #reader = new ListReader('Node', decodeHealthChecks)
  readonly #mirror: CheckMirror
  readonly #sources: Readonly<Record<'health' | 'catalog' | 'nodes', WatchedSource>>
  #reviewTimer: NodeJS.Timeout | undefined
  #isFiltered = false
  /** The list that was read last is to be believed. */
  #isConfirmed = false

  constructor(options: ServiceWatchOptions) {
    const { client, log, signal, nodeName } = options
    this.#client = client
    this.#options = options
    this.#log = log
    this.#routing = new ServiceRouting(options)
    this.#mirror = new CheckMirror(options.passing)
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
    const read = (options: ReadOptions) => this.#client.healthState(body => this.#take(body), options)
    const confirm = (mirror: CheckMirror) => this.#presence.confirm(mirror, performance.now())
    for await (const answer of watch({ read, confirm, pollIntervalMs, signal, observer: this.#sources.health })) {
      this.#log.debug(`consul: Health changed to #${answer.index}`)
      this.#reportFilter(answer.isFilteredByAcl)
      this.#isConfirmed = true
      this.#review()
    }
  }

  /** What a list says is kept, believed or not, for the next one is compared with it; it counts when it is settled. */
  #take(body: Buffer): CheckMirror {
    this.#mirror.apply(this.#reader.read(body))
    this.#isConfirmed = false
    return this.#mirror
  }

  #reportFilter(isFiltered: boolean): void {
    if (isFiltered && !this.#isFiltered) this.#log.info('consul: The token may not see all health checks')
    this.#isFiltered = isFiltered
  }

  #review(): void {
    clearTimeout(this.#reviewTimer)
    if (!this.#isConfirmed) return
    const now = performance.now()
    this.#routing.updateHealth(this.#mirror.settle(now))
    const { heldUntil } = this.#mirror
    if (heldUntil !== undefined) this.#reviewTimer = setTimeout(() => this.#review(), heldUntil - now + 1)
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
