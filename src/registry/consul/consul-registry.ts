import type { ConsulConfig, RegistryConfig } from '../../config/config.ts'
import { type Consistency, ConsulClient } from '../../consul/client.ts'
import type { AgentSelf } from '../../consul/decode.ts'
import { loadEndpoint } from '../../consul/endpoint.ts'
import type { Log } from '../../log/log.ts'
import { NoRoutePage } from '../no-route-page.ts'
import type {
  Announcer,
  ConnectOptions,
  OverrideStore,
  Registry,
  RegistryOutlet,
  RegistryStatus,
  SourceStatus,
} from '../registry.ts'
import { createAnnouncer } from './announce.ts'
import { keepRunning } from './background.ts'
import { KeptTags } from './kept-tags.ts'
import { KeyWatch } from './key-watch.ts'
import { createOverrideStore } from './override-store.ts'
import { Overrides } from './overrides.ts'
import { resolveRegisterAddress } from './registration.ts'
import { ServiceWatch } from './service-watch.ts'

/** Asks the agent who it is. Throws when it does not answer, or when what the operator said about it cannot work. */
export async function connectConsulRegistry(
  { consul: config, keepGood }: Pick<RegistryConfig, 'consul' | 'keepGood'>,
  { log, signal, env, context }: ConnectOptions,
): Promise<Registry> {
  const endpoint = loadEndpoint(config, env)
  const client = new ConsulClient(endpoint, { env, consistency: consistencyOf(config) })
  try {
    const agent = await client.agentSelf({ signal })
    // Looked at here, where a mistake ends the start, and not when Fabio is registered and all else is running.
    if (config.register.enabled) await resolveRegisterAddress(config.register.addr, log)
    log.info(`consul: Connecting to "${endpoint.addr}" in datacenter "${agent.datacenter}"`)
    log.info(
      `consul: Connecting to ${endpoint.namespace === '' ? 'default namespace' : `namespace "${endpoint.namespace}"`}`,
    )
    const keptTags = keepGood ? new KeptTags(context) : undefined
    return new ConsulRegistry({ config, client, agent, log, keptTags })
  } catch (cause) {
    await client[Symbol.asyncDispose]()
    throw cause
  }
}

function consistencyOf({ requireConsistent, allowStale }: ConsulConfig): Consistency {
  if (requireConsistent) return 'consistent'
  return allowStale ? 'stale' : 'default'
}

/** Below the number of connections that the client keeps, for the watches and the registration need some as well. */
const MAX_PARALLEL = 24

interface ConsulRegistryParts {
  readonly config: ConsulConfig
  readonly client: ConsulClient
  readonly agent: AgentSelf
  readonly keptTags: KeptTags | undefined
  readonly log: Log
}

class ConsulRegistry implements Registry {
  readonly overrides: OverrideStore
  readonly announcer: Announcer
  readonly ready: Promise<void>
  readonly #parts: ConsulRegistryParts
  readonly #abort = new AbortController()
  readonly #page: NoRoutePage
  readonly #servicesReady = Promise.withResolvers<void>()
  readonly #overridesReady = Promise.withResolvers<void>()
  readonly #createdAt = Date.now()
  #isReady = false
  #ended: Promise<unknown> = Promise.resolve()
  #sources: () => readonly SourceStatus[] = () => []

  constructor(parts: ConsulRegistryParts) {
    this.#parts = parts
    const { client, config, log } = parts
    this.#page = new NoRoutePage(log)
    this.overrides = createOverrideStore(client, config.kvPath)
    this.announcer = createAnnouncer({ client, config, log })
    this.ready = Promise.all([this.#servicesReady.promise, this.#overridesReady.promise]).then(() => {
      this.#isReady = true
    })
  }

  get noRouteHtml(): string {
    return this.#page.html
  }

  start(outlet: RegistryOutlet): void {
    const { config, log } = this.#parts
    log.info('consul: Using dynamic routes')
    log.info(`consul: Using tag prefix "${config.tagPrefix}"`)
    log.info(`consul: Watching KV path "${config.kvPath}"`)
    log.info(`consul: Watching KV path "${config.noRouteHtmlPath}"`)
    const services = this.#watchServices(outlet)
    const overrides = this.#watchOverrides(outlet)
    const page = this.#watchPage(outlet)
    this.#sources = () => [...services.status(), overrides.status(), page.status()]
    const running = { log, signal: this.#abort.signal }
    this.#ended = Promise.all([
      keepRunning('services', () => services.run(), running),
      keepRunning('manual config', () => overrides.run(), running),
      keepRunning('noroute HTML', () => page.run(), running),
    ])
  }

  status(): RegistryStatus {
    const sources = this.#sources()
    const lost = sources.find(({ error }) => error !== undefined)
    return {
      backend: 'consul',
      state: lost !== undefined ? 'stale' : this.#isReady ? 'connected' : 'connecting',
      since: lost?.since ?? sources.reduce((latest, { since }) => Math.max(latest, since), this.#createdAt),
      reason: lost?.error,
      sources,
      requests: this.#parts.client.requests,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#ended
    await this.#parts.client[Symbol.asyncDispose]()
  }

  #watchServices({ sink, onChange }: RegistryOutlet): ServiceWatch {
    const { config, client, agent, log, keptTags } = this.#parts
    const { tagPrefix, serviceStatus, checksRequired, pollIntervalMs } = config
    return new ServiceWatch({
      client,
      log,
      signal: this.#abort.signal,
      sink,
      onChange,
      onComplete: this.#servicesReady.resolve,
      parallel: Math.max(1, Math.min(config.serviceMonitors, MAX_PARALLEL)),
      rules: { tagPrefix, datacenter: agent.datacenter },
      keptTags,
      passing: { tagPrefix, serviceStatus, checksRequired },
      pollIntervalMs,
      nodeName: agent.nodeName,
    })
  }

  #watchOverrides({ sink, onChange }: RegistryOutlet): KeyWatch {
    const { config, client, log } = this.#parts
    const overrides = new Overrides(sink)
    return new KeyWatch({
      client,
      log,
      signal: this.#abort.signal,
      kvPath: config.kvPath,
      name: 'Manual config',
      onTexts: texts => {
        if (overrides.update(texts)) onChange()
        this.#overridesReady.resolve()
      },
    })
  }

  #watchPage({ onNoRouteHtml }: RegistryOutlet): KeyWatch {
    const { config, client, log } = this.#parts
    return new KeyWatch({
      client,
      log,
      signal: this.#abort.signal,
      kvPath: config.noRouteHtmlPath,
      name: 'Noroute HTML',
      onTexts: texts => {
        const html = [...texts.values()].join('\n\n')
        if (this.#page.update(html)) onNoRouteHtml(html)
      },
    })
  }
}
