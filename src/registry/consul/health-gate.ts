import { BackOff, pause } from '../../consul/back-off.ts'
import type { ConsulClient } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import { decodeHealthChecks } from '../../consul/decode.ts'
import { ListReader } from '../../consul/list-reader.ts'
import type { Log } from '../../log/log.ts'
import type { HeldRoutes } from '../registry.ts'
import { AgentPresence } from './agent-presence.ts'
import { reportFault } from './background.ts'
import { Brake, type Credibility } from './brake.ts'
import { CheckMirror, type HealthChange } from './check-mirror.ts'
import type { PassingRules } from './passing.ts'
import type { ServiceRouting } from './service-routing.ts'

export interface HealthGateOptions {
  readonly client: ConsulClient
  readonly routing: ServiceRouting
  readonly passing: PassingRules
  readonly nodeName: string
  /** `registry.brake.*` */
  readonly brake: { readonly percent: number; readonly routes: number; readonly graceMs: number }
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * What stands between Consul's lists of checks and the routes: a list that cannot be whole does not count, and one that would withdraw most of
 * the routes has to be confirmed.
 */
export class HealthGate {
  readonly #options: HealthGateOptions
  readonly #reader = new ListReader('Node', decodeHealthChecks)
  readonly #mirror: CheckMirror
  readonly #presence: AgentPresence
  readonly #brake: Brake
  #reviewTimer: NodeJS.Timeout | undefined
  #graceTimer: NodeJS.Timeout | undefined
  #heldSince: number | undefined
  /** The list that was read last is to be believed. */
  #isConfirmed = false
  #isFirst = true

  constructor(options: HealthGateOptions) {
    const { client, routing, nodeName, signal, passing, brake } = options
    this.#options = options
    this.#mirror = new CheckMirror(passing)
    const askNodeName = async () => (await client.agentSelf({ signal })).nodeName
    this.#presence = new AgentPresence({
      ...{ nodeName, askNodeName },
      mayReadNode: name => client.mayReadNode(name, { signal }),
    })
    const { percent, routes } = brake
    const countRoutes = (key: string) => routing.routesOf(key)
    this.#brake = new Brake({ percent, routes, countRoutes, total: () => routing.size })
    signal.addEventListener('abort', () => this.#stopTimers(), { once: true })
  }

  /** What Consul said last about checks. */
  get checks(): CheckMirror {
    return this.#mirror
  }

  /** What is held back now. */
  get held(): HeldRoutes | undefined {
    if (this.#heldSince === undefined) return undefined
    const until = this.#heldSince + this.#options.brake.graceMs
    return { since: this.#heldSince, until, instances: this.#brake.held, routes: this.#brake.heldRoutes }
  }

  /** Memory for the next answer. */
  takeSpace(): Buffer {
    return this.#reader.takeSpace()
  }

  /** Reads an answer. What it says is kept, believed or not, for the next one is compared with it; it counts when it is reviewed. */
  take(body: Buffer): CheckMirror {
    this.#mirror.apply(this.#reader.read(body))
    this.#isConfirmed = false
    return this.#mirror
  }

  /** Throws a ConsulError when the list that was read last cannot be whole. */
  async confirm(mirror: CheckMirror): Promise<void> {
    await this.#presence.confirm(mirror, performance.now())
    this.#isConfirmed = true
  }

  /** Lets what was read and confirmed become routes, as far as the brake admits it. */
  review({ isConfirmed = false, isSuspect = false }: Partial<Credibility> = {}): void {
    clearTimeout(this.#reviewTimer)
    if (!this.#isConfirmed || this.#options.signal.aborted) return
    const now = performance.now()
    const changes = [...this.#mirror.settle(now), ...this.#takeRestored()]
    this.#options.routing.updateHealth(this.#brake.admit(changes, { isConfirmed, isSuspect }))
    this.#reportHeld()
    const { heldUntil } = this.#mirror
    if (heldUntil !== undefined) this.#reviewTimer = setTimeout(() => this.review(), heldUntil - now + 1)
  }

  /** Instances from the snapshot that the first list does not have: nothing else would tell that they are gone. */
  #takeRestored(): readonly HealthChange[] {
    if (!this.#isFirst) return []
    this.#isFirst = false
    const gone = [...this.#options.routing.keys()].filter(key => !this.#mirror.health.has(key))
    return gone.map(key => ({ key, now: undefined }))
  }

  #reportHeld(): void {
    const { log, brake, routing } = this.#options
    const { held, heldRoutes } = this.#brake
    if (held === 0) {
      if (this.#heldSince !== undefined) log.info('consul: No routes are held back any more')
      this.#heldSince = undefined
      clearTimeout(this.#graceTimer)
      this.#graceTimer = undefined
      return
    }
    if (this.#heldSince !== undefined) return
    this.#heldSince = Date.now()
    log.warn(
      `consul: Holding back the withdrawal of ${heldRoutes} of ${routing.size} routes for ${brake.graceMs / 1000}s, and until a consistent read confirms it`,
    )
    this.#graceTimer = setTimeout(
      () => void this.#lookAgain().catch(reportFault('the second look at the health state', log)),
      brake.graceMs,
    )
  }

  /** The second look: a consistent read, repeated until it succeeds or nothing is held back any more. */
  async #lookAgain(): Promise<void> {
    const { client, log, signal } = this.#options
    const backOff = new BackOff({ minMs: 500, maxMs: 5000 })
    while (this.#heldSince !== undefined && !signal.aborted) {
      try {
        const answer = await client.healthState(body => this.take(body), {
          ...{ consistency: 'consistent', signal, space: this.takeSpace() },
        })
        await this.confirm(answer.decode())
        const routes = this.#brake.heldRoutes
        this.review({ isConfirmed: true })
        if (routes > 0) log.warn(`consul: A consistent read confirms it: ${routes} routes are withdrawn`)
      } catch (cause) {
        if (!(cause instanceof ConsulError)) throw cause
        log.debug(`consul: Error fetching health state for the second time. ${cause.message}`)
        await pause(backOff.nextMs(), signal)
      }
    }
  }

  #stopTimers(): void {
    clearTimeout(this.#reviewTimer)
    clearTimeout(this.#graceTimer)
  }
}
