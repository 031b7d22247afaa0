import type { ConsulConfig, RegistryConfig } from '../../config/config.ts'
import { BackOff, pause } from '../../consul/back-off.ts'
import { type Consistency, ConsulClient } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import type { AgentSelf } from '../../consul/decode.ts'
import { loadEndpoint } from '../../consul/endpoint.ts'
import type { Log } from '../../log/log.ts'
import type { InstanceReport } from '../instance-report.ts'
import { NoRoutePage } from '../no-route-page.ts'
import type { Announcer, ConnectOptions, OverrideStore, Registry, RegistryOutlet, RegistryStatus } from '../registry.ts'
import { createAnnouncer } from './announce.ts'
import { reportFault } from './background.ts'
import { ConsulWatches } from './consul-watches.ts'
import { KeptTags } from './kept-tags.ts'
import { createOverrideStore } from './override-store.ts'
import { resolveRegisterAddress } from './registration.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'

export interface ConsulConnectOptions extends ConnectOptions {
  /** In milliseconds of `performance.now()`: from then on Consul not being there is no reason to fail any more. */
  readonly waitUntil: number
}

/**
 * Asks the agent who it is. Throws when it does not answer and there is no snapshot to begin with, or when what the operator said
 * about it cannot work.
 */
export async function connectConsulRegistry(config: RegistryConfig, options: ConsulConnectOptions): Promise<Registry> {
  const { log, env, context } = options
  const { consul } = config
  const endpoint = loadEndpoint(consul, env)
  const client = new ConsulClient(endpoint, { env, consistency: consistencyOf(consul) })
  const origin = [endpoint.addr, endpoint.namespace, endpoint.partition, consul.kvPath].join(' ')
  const parts = { config, client, log, origin }
  try {
    // Looked at here, where a mistake ends the start, and not when Fabio is registered and all else is running.
    if (consul.register.enabled) await resolveRegisterAddress(consul.register.addr, log)
    const snapshot = await findSnapshot(config.snapshot.path, origin, log)
    const agent = await askAgent(client, { ...options, snapshot, isRequired: config.isRequired })
    if (agent !== undefined) {
      log.info(`consul: Connecting to "${endpoint.addr}" in datacenter "${agent.datacenter}"`)
      log.info(
        `consul: Connecting to ${endpoint.namespace === '' ? 'default namespace' : `namespace "${endpoint.namespace}"`}`,
      )
    }
    const keptTags = config.keepGood ? new KeptTags(context) : undefined
    return new ConsulRegistry({ ...parts, agent, snapshot, keptTags, tellsDown: options.tellsDown ?? false })
  } catch (cause) {
    await client[Symbol.asyncDispose]()
    throw cause
  }
}

/** Undefined: it does not answer now, and the start does not depend on it. */
async function askAgent(
  client: ConsulClient,
  options: ConsulConnectOptions & { readonly snapshot: Snapshot | undefined; readonly isRequired: boolean },
): Promise<AgentSelf | undefined> {
  const { snapshot, isRequired, waitUntil, signal, log } = options
  const leftMs = snapshot === undefined ? waitUntil - performance.now() : 0
  const limit = isRequired && snapshot === undefined ? {} : { timeoutMs: Math.max(leftMs, FIRST_CONTACT_MS) }
  try {
    return await client.agentSelf({ signal, ...limit })
  } catch (cause) {
    if (!(cause instanceof ConsulError) || signal.aborted) throw cause
    const isOptional = !isRequired && isAway(cause) && performance.now() >= waitUntil
    if (snapshot === undefined && !isOptional) throw cause
    log.warn(`consul: Cannot reach Consul, starting without it. ${cause.message}`)
    return undefined
  }
}

/** Not there, or not able to answer anybody; as opposed to an answer that says that we did something wrong. */
function isAway({ kind, status = 0 }: ConsulError): boolean {
  return kind === 'unreachable' || kind === 'timeout' || (kind === 'status' && status >= 500)
}

/** Undefined: there is none that could be used. */
async function findSnapshot(path: string, origin: string, log: Log): Promise<Snapshot | undefined> {
  if (path === '') return undefined
  try {
    const snapshot = await readSnapshot(path)
    if (snapshot === undefined || snapshot.origin === origin) return snapshot
    log.warn(`The snapshot ${path} is not used: it is of another Consul or another KV path`)
  } catch (cause) {
    log.warn(`The snapshot ${path} is not used: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  return undefined
}

/** With a snapshot at hand nobody has to wait longer for Consul. */
const FIRST_CONTACT_MS = 500

function consistencyOf({ requireConsistent, allowStale }: ConsulConfig): Consistency {
  if (requireConsistent) return 'consistent'
  return allowStale ? 'stale' : 'default'
}

interface ConsulRegistryParts {
  readonly config: RegistryConfig
  readonly client: ConsulClient
  /** Undefined when it was not reached yet. */
  readonly agent: AgentSelf | undefined
  readonly snapshot: Snapshot | undefined
  readonly keptTags: KeptTags | undefined
  readonly tellsDown: boolean
  readonly origin: string
  readonly log: Log
}

class ConsulRegistry implements Registry {
  readonly overrides: OverrideStore
  readonly announcer: Announcer
  readonly #parts: ConsulRegistryParts
  readonly #abort = new AbortController()
  readonly #page: NoRoutePage
  readonly #ready = Promise.withResolvers<void>()
  readonly #createdAt = Date.now()
  readonly #keeper: SnapshotKeeper | undefined
  #isComplete = false
  /** What is served is of this snapshot, as far as Consul has not said otherwise. */
  #restored: Snapshot | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #watches: ConsulWatches | undefined
  #agent: AgentSelf | undefined
  /** Why the agent could not be asked who it is. */
  #failure: string | undefined

  constructor(parts: ConsulRegistryParts) {
    this.#parts = parts
    const { client, config, log } = parts
    const { consul, snapshot } = config
    this.#page = new NoRoutePage(log)
    this.overrides = createOverrideStore(client, consul.kvPath)
    this.announcer = createAnnouncer({ client, config: consul, log })
    this.#agent = parts.agent
    if (parts.agent === undefined) this.#failure = 'Consul was not reached yet'
    if (snapshot.path !== '')
      this.#keeper = new SnapshotKeeper({ path: snapshot.path, take: () => this.#takeSnapshot(), log })
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get noRouteHtml(): string {
    return this.#page.html
  }

  start(outlet: RegistryOutlet): void {
    const { config, log, snapshot } = this.#parts
    const { tagPrefix, kvPath, noRouteHtmlPath } = config.consul
    log.info('consul: Using dynamic routes')
    log.info(`consul: Using tag prefix "${tagPrefix}"`)
    log.info(`consul: Watching KV path "${kvPath}"`)
    log.info(`consul: Watching KV path "${noRouteHtmlPath}"`)
    const agent = this.#agent ?? snapshot?.agent
    if (agent !== undefined) this.#begin(agent, outlet)
    else this.#ended = this.#identify(outlet)
  }

  status(): RegistryStatus {
    const sources = this.#watches?.status() ?? []
    const lost = sources.find(({ error }) => error !== undefined)
    const reason = lost?.error ?? this.#failure
    const restored = this.#restored
    return {
      backend: 'consul',
      state: reason !== undefined || restored !== undefined ? 'stale' : this.#isComplete ? 'connected' : 'connecting',
      since: lost?.since ?? sources.reduce((latest, { since }) => Math.max(latest, since), this.#createdAt),
      reason,
      sources,
      snapshot: restored === undefined ? undefined : { writtenAt: restored.writtenAt },
      held: this.#watches?.services.held,
      requests: this.#parts.client.requests,
    }
  }

  instances(service: string): readonly InstanceReport[] {
    return this.#watches?.services.instances(service) ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper?.[Symbol.asyncDispose]()
    this.#abort.abort()
    await this.#ended
    await this.#parts.client[Symbol.asyncDispose]()
  }

  /** Nothing is known of Consul: asks until it says who it is. */
  async #identify(outlet: RegistryOutlet): Promise<void> {
    const { signal } = this.#abort
    const backOff = new BackOff({ minMs: 500, maxMs: 2000 })
    while (!signal.aborted) {
      try {
        this.#agent = await this.#parts.client.agentSelf({ signal })
        this.#failure = undefined
        this.#parts.log.info(`consul: Consul has answered, in datacenter "${this.#agent.datacenter}"`)
        return this.#begin(this.#agent, outlet)
      } catch (cause) {
        if (!(cause instanceof ConsulError)) throw cause
        this.#failure = cause.message
        await pause(backOff.nextMs(), signal)
      }
    }
  }

  #begin(agent: AgentSelf, outlet: RegistryOutlet): void {
    const { config, client, log, keptTags, tellsDown } = this.#parts
    const onChange: RegistryOutlet['onChange'] = causes => {
      outlet.onChange(causes)
      this.#keeper?.changed()
    }
    const watches = new ConsulWatches({
      ...{ config, client, log, agent, keptTags, tellsDown, page: this.#page, signal: this.#abort.signal },
      outlet: { ...outlet, onChange },
      onComplete: () => this.#completed(),
    })
    this.#watches = watches
    this.#ended = watches.run()
    this.#restoreWhenNeeded(watches).catch(reportFault('snapshot', log))
  }

  #completed(): void {
    if (this.#restored !== undefined) this.#parts.log.info("consul: The routes are Consul's again")
    this.#restored = undefined
    this.#failure = undefined
    this.#isComplete = true
    this.#keeper?.changed()
    this.#ready.resolve()
  }

  /** Consul does not answer: what is in the snapshot is served until it does. */
  async #restoreWhenNeeded(watches: ConsulWatches): Promise<void> {
    const { snapshot, log, agent } = this.#parts
    if (snapshot === undefined) return
    const isAnswered =
      agent !== undefined &&
      (await Promise.race([watches.services.firstContact, pause(FIRST_CONTACT_MS, this.#abort.signal)])) === true
    if (isAnswered || this.#isComplete || this.#abort.signal.aborted) return
    this.#restored = snapshot
    const age = Math.round((Date.now() - snapshot.writtenAt) / 1000)
    log.warn(`consul: Serving ${snapshot.instances.length} instances as they were ${age}s ago, until Consul answers`)
    watches.restore(snapshot)
    this.#ready.resolve()
  }

  /** Undefined while what is served is not what Consul says. */
  #takeSnapshot(): Snapshot | undefined {
    const { origin } = this.#parts
    const watches = this.#watches
    const agent = this.#agent ?? this.#parts.snapshot?.agent
    if (!this.#isComplete || watches === undefined || agent === undefined) return undefined
    const instances = [...watches.services.routing.instances()]
    return { writtenAt: Date.now(), origin, agent, instances, texts: watches.texts, noRouteHtml: this.#page.html }
  }
}
