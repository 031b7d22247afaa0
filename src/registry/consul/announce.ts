import type { ConsulConfig } from '../../config/config.ts'
import type { ConsulClient } from '../../consul/client.ts'
import type { Log } from '../../log/log.ts'
import type { Announcement, Announcer } from '../registry.ts'
import { AgentServices, RegisteredName } from './registered-name.ts'

export interface AnnouncerOptions {
  readonly client: ConsulClient
  readonly config: ConsulConfig
  readonly log: Log
  /** How often a registration is confirmed, and repaired when it is gone. */
  readonly intervalMs?: number
  /** How long stopping may take, for all names together. */
  readonly stopLimitMs?: number
}

/** Registers Fabio in Consul under `registry.consul.register.name` and under every alias that routes ask for. */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  return {
    async start(aliases) {
      const announcement = new ConsulAnnouncement(options)
      announcement.setAliases(aliases)
      await announcement.attempted
      return announcement
    },
  }
}

/**
 * With the time that two requests may take, still below the TTL of 15 seconds; and a registration that is lost is back within 10
 * seconds, as with Fabio.
 */
const INTERVAL_MS = 6000
const STOP_LIMIT_MS = 5000

class ConsulAnnouncement implements Announcement {
  readonly #options: AnnouncerOptions
  readonly #abort = new AbortController()
  readonly #services: AgentServices
  readonly #names = new Map<string, RegisteredName>()
  /** The names that are being deregistered, and may be wanted again before that is done. */
  readonly #leaving = new Map<string, Promise<void>>()

  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#services = new AgentServices(options.client, this.#abort.signal)
  }

  /** Every name that is wanted now was registered, or that failed for the first time. */
  get attempted(): Promise<void> {
    return Promise.all(this.#names.values().map(name => name.attempted)).then(() => undefined)
  }

  setAliases(aliases: readonly string[]): void {
    if (this.#abort.signal.aborted) return
    const { register } = this.#options.config
    const wanted = new Set(register.enabled ? [...aliases, register.name] : aliases)
    for (const [name, registered] of this.#names) {
      if (!wanted.has(name)) this.#leave(name, registered, AbortSignal.timeout(STOP_LIMIT_MS))
    }
    for (const name of wanted) {
      if (this.#names.has(name)) this.#options.log.debug(`consul: "${name}" already registered`)
      else this.#names.set(name, this.#enter(name))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.log.debug('consul: Deregistering all registered aliases.')
    const limit = AbortSignal.timeout(this.#options.stopLimitMs ?? STOP_LIMIT_MS)
    for (const [name, registered] of this.#names) this.#leave(name, registered, limit)
    this.#abort.abort()
    await Promise.all(this.#leaving.values())
  }

  #enter(name: string): RegisteredName {
    const { client, config, log, intervalMs = INTERVAL_MS } = this.#options
    const after = this.#leaving.get(name) ?? Promise.resolve()
    return new RegisteredName({ name, client, config, log, intervalMs, services: this.#services, after })
  }

  #leave(name: string, registered: RegisteredName, limit: AbortSignal): void {
    this.#names.delete(name)
    const left = registered.stop(limit).then(() => {
      if (this.#leaving.get(name) === left) this.#leaving.delete(name)
    })
    this.#leaving.set(name, left)
  }
}
