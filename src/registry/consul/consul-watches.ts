import type { RegistryConfig } from '../../config/config.ts'
import type { ConsulClient } from '../../consul/client.ts'
import type { AgentSelf } from '../../consul/decode.ts'
import { watchPulse } from '../../consul/pulse.ts'
import type { Log } from '../../log/log.ts'
import type { NoRoutePage } from '../no-route-page.ts'
import type { RegistryOutlet, SourceStatus } from '../registry.ts'
import { keepRunning } from './background.ts'
import type { KeptTags } from './kept-tags.ts'
import { KeyWatch } from './key-watch.ts'
import { Overrides } from './overrides.ts'
import { ServiceWatch } from './service-watch.ts'
import type { Snapshot } from './snapshot.ts'

export interface ConsulWatchesOptions {
  readonly config: RegistryConfig
  readonly client: ConsulClient
  readonly agent: AgentSelf
  readonly keptTags: KeptTags | undefined
  /** `proxy.noroute.known = 503` */
  readonly tellsDown: boolean
  readonly log: Log
  readonly signal: AbortSignal
  readonly outlet: RegistryOutlet
  readonly page: NoRoutePage
  /** Once: everything that Consul told of at first is in the outlet. */
  readonly onComplete: () => void
}

/** Below the number of connections that the client keeps, for the watches and the registration need some as well. */
const MAX_PARALLEL = 24

/** All that is followed in Consul: services, overrides and the page for requests without a route. */
export class ConsulWatches {
  readonly services: ServiceWatch
  readonly #options: ConsulWatchesOptions
  readonly #overrides: Overrides
  readonly #keys: KeyWatch
  readonly #page: KeyWatch
  #areOverridesKnown = false
  #isComplete = false

  constructor(options: ConsulWatchesOptions) {
    this.#options = options
    this.#overrides = new Overrides(options.outlet.sink)
    this.services = this.#watchServices()
    this.#keys = this.#watchOverrides()
    this.#page = this.#watchPage()
  }

  /** The operator's route commands by key. */
  get texts(): ReadonlyMap<string, string> {
    return this.#overrides.texts
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const { client, log, signal } = this.#options
    const running = { log, signal }
    const pulse = { ask: client.ping.bind(client), onRevived: () => client.reconnect(), signal }
    await Promise.all([
      keepRunning('services', () => this.services.run(), running),
      keepRunning('manual config', () => this.#keys.run(), running),
      keepRunning('noroute HTML', () => this.#page.run(), running),
      keepRunning('pulse', () => watchPulse(pulse), running),
    ])
  }

  status(): readonly SourceStatus[] {
    return [...this.services.status(), this.#keys.status(), this.#page.status()]
  }

  /** Serves what was known at another time, where Consul has not said anything yet. */
  restore({ instances, texts, noRouteHtml }: Snapshot): void {
    // Told together with the instances, for the commands are about those.
    const areTextsNew = !this.#areOverridesKnown && this.#overrides.update(texts)
    this.services.routing.restore(instances)
    if (areTextsNew) this.#options.outlet.onChange()
    if (!this.#page.isKnown) this.#setPage(noRouteHtml)
  }

  #watchServices(): ServiceWatch {
    const { config, client, agent, keptTags, log, signal, outlet } = this.#options
    const { tagPrefix, serviceStatus, checksRequired, pollIntervalMs, minIntervalMs, serviceMonitors } = config.consul
    return new ServiceWatch({
      ...{ client, log, signal, pollIntervalMs, minIntervalMs },
      sink: outlet.sink,
      onChange: outlet.onChange,
      onComplete: () => this.#settle(),
      parallel: Math.max(1, Math.min(serviceMonitors, MAX_PARALLEL)),
      rules: { tagPrefix, datacenter: agent.datacenter },
      keptTags,
      tellsDown: this.#options.tellsDown,
      passing: { tagPrefix, serviceStatus, checksRequired },
      nodeName: agent.nodeName,
      brake: config.brake,
    })
  }

  #watchOverrides(): KeyWatch {
    const { config, client, log, signal } = this.#options
    const { kvPath } = config.consul
    const graceMs = graceOf(config.brake)
    const onTexts = (texts: ReadonlyMap<string, string>): void => {
      this.#setTexts(texts)
      this.#areOverridesKnown = true
      this.#settle()
    }
    return new KeyWatch({ client, log, signal, kvPath, graceMs, name: 'Manual config', onTexts })
  }

  #watchPage(): KeyWatch {
    const { config, client, log, signal } = this.#options
    const onTexts = (texts: ReadonlyMap<string, string>): void => this.#setPage([...texts.values()].join('\n\n'))
    const kvPath = config.consul.noRouteHtmlPath
    const graceMs = graceOf(config.brake)
    return new KeyWatch({ client, log, signal, kvPath, graceMs, name: 'Noroute HTML', onTexts })
  }

  #setTexts(texts: ReadonlyMap<string, string>): void {
    if (this.#overrides.update(texts)) this.#options.outlet.onChange()
  }

  #setPage(html: string): void {
    const { page, outlet } = this.#options
    if (page.update(html)) outlet.onNoRouteHtml(html)
  }

  #settle(): void {
    if (this.#isComplete || !this.#areOverridesKnown || !this.services.routing.isComplete) return
    this.#isComplete = true
    this.#options.onComplete()
  }
}

/** For texts that have vanished. */
function graceOf({ percent, graceMs }: RegistryConfig['brake']): number {
  return percent < 100 ? graceMs : 0
}
