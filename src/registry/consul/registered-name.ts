import type { ConsulConfig } from '../../config/config.ts'
import { pause } from '../../consul/back-off.ts'
import type { ConsulClient } from '../../consul/client.ts'
import type { Log } from '../../log/log.ts'
import { buildRegistration, resolveRegisterAddress, serviceIdOf, ttlCheckIdOf } from './registration.ts'

export interface RegisteredNameOptions {
  readonly name: string
  readonly client: ConsulClient
  readonly config: ConsulConfig
  readonly log: Log
  readonly intervalMs: number
  readonly services: AgentServices
  /** Registers only then: the same name is still being deregistered. */
  readonly after: Promise<void>
}

/** Keeps one name registered from the moment it is made until it is stopped. */
export class RegisteredName {
  readonly #options: RegisteredNameOptions
  readonly #id: string | undefined
  readonly #abort = new AbortController()
  readonly #attempted = Promise.withResolvers<void>()
  readonly #ended: Promise<void>
  /** The last failure was logged, so the next one is no news. */
  #isFailing = false

  constructor(options: RegisteredNameOptions) {
    this.#options = options
    this.#id = this.#computeId()
    this.#ended = options.after.then(() => this.#run()).finally(this.#attempted.resolve)
  }

  /** Was registered, or could not be at first. */
  get attempted(): Promise<void> {
    return this.#attempted.promise
  }

  /** Deregisters, whatever is known about the registration: a request that was given up may have arrived. Never rejects. */
  async stop(limit: AbortSignal): Promise<void> {
    const { name, client, log } = this.#options
    this.#abort.abort()
    await this.#ended
    if (this.#id === undefined) return
    log.info(`consul: Deregistering "${name}"`)
    await client.deregisterService(this.#id, { signal: limit }).catch((cause: Error) => {
      log.warn(`consul: Cannot deregister "${name}", Consul will forget it after a minute. ${cause.message}`)
    })
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    let isRegistered = false
    while (!signal.aborted) {
      if (!isRegistered) isRegistered = await this.#register()
      await this.#passTtl()
      this.#attempted.resolve()
      await pause(this.#options.intervalMs, signal)
      if (isRegistered && !signal.aborted) isRegistered = await this.#isPresent()
    }
  }

  async #register(): Promise<boolean> {
    const { name, client, config, log } = this.#options
    try {
      const registration = buildRegistration(name, await resolveRegisterAddress(config.register.addr, log), config)
      await client.registerService(registration, { signal: this.#abort.signal, timeoutMs: REQUEST_TIMEOUT_MS })
      log.info(`consul: Registered fabio as "${name}"`)
      log.info(`consul: Registered fabio with id "${registration.ID}"`)
      log.info(`consul: Registered fabio with address "${registration.Address}"`)
      log.info(`consul: Registered fabio with tags "${config.register.tags.join(',')}"`)
      for (const check of registration.Checks) log.info(`consul: Registered fabio with check ${JSON.stringify(check)}`)
      this.#isFailing = false
      return true
    } catch (cause) {
      this.#reportFailure(`consul: Cannot register fabio [name:"${name}"] in Consul. ${messageOf(cause)}`)
      return false
    }
  }

  /** The first one at once, so that traffic comes right away. */
  async #passTtl(): Promise<void> {
    const { client, log } = this.#options
    if (this.#id === undefined || this.#abort.signal.aborted) return
    try {
      await client.passTtlCheck(ttlCheckIdOf(this.#id), { signal: this.#abort.signal, timeoutMs: REQUEST_TIMEOUT_MS })
    } catch (cause) {
      // Without consequence here: whether the registration is still there is looked up in a moment.
      log.debug(`consul: Cannot pass the TTL check of "${this.#options.name}". ${messageOf(cause)}`)
    }
  }

  async #isPresent(): Promise<boolean> {
    try {
      return (await this.#options.services.ids()).has(this.#id ?? '')
    } catch (cause) {
      this.#reportFailure(`consul: Cannot get service list. ${messageOf(cause)}`)
      return false
    }
  }

  #reportFailure(text: string): void {
    if (this.#abort.signal.aborted) return
    if (this.#isFailing) this.#options.log.debug(text)
    else this.#options.log.error(text)
    this.#isFailing = true
  }

  #computeId(): string | undefined {
    try {
      return serviceIdOf(this.#options.name, this.#options.config.register.addr)
    } catch {
      return undefined // #register() fails by the same cause, and says so.
    }
  }
}

const REQUEST_TIMEOUT_MS = 4000

/** What is registered with the agent, asked once for all names that want to know at about the same time. */
export class AgentServices {
  readonly #client: ConsulClient
  readonly #signal: AbortSignal
  #answer: Promise<Set<string>> | undefined

  constructor(client: ConsulClient, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  ids(): Promise<Set<string>> {
    this.#answer ??= this.#client
      .agentServiceIds({ signal: this.#signal, timeoutMs: REQUEST_TIMEOUT_MS })
      .finally(() => {
        this.#answer = undefined
      })
    return this.#answer
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
