import { hash } from 'node:crypto'
import type { RegistryConfig } from '../config/config.ts'
import { pause } from '../consul/back-off.ts'
import type { Log } from '../log/log.ts'
import { findFaults } from '../route/check-command.ts'
import type { RouteCommand } from '../route/command.ts'
import { CustomAnswerError, decodeCommands } from './custom-answer.ts'
import { CustomEndpoint, CustomEndpointError } from './custom-endpoint.ts'
import { NoRoutePage } from './no-route-page.ts'
import type { Registry, RegistryOutlet, RegistryStatus } from './registry.ts'
import type { RejectedElement } from './route-text.ts'

/** An interval of 0 would be a request after the other. */
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2 ** 31 - 1

/**
 * Routes from the JSON endpoint `registry.custom.*`, asked again and again. `register=` and overrides are not for this backend.
 * @throws Error when host and path make no URL
 */
export function createCustomRegistry(config: RegistryConfig['custom'], log: Log): Registry {
  return new CustomRegistry(config, log)
}

class CustomRegistry implements Registry {
  readonly #config: RegistryConfig['custom']
  readonly #log: Log
  readonly #endpoint: CustomEndpoint
  readonly #page: NoRoutePage
  readonly #abort = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  #ended: Promise<void> = Promise.resolve()
  /** Of the answer that is in force. */
  #accepted: { readonly hash: string; readonly etag: string | undefined } | undefined
  #state: RegistryStatus['state'] = 'connecting'
  #since = Date.now()
  #failure: string | undefined
  #lastContact: number | undefined

  constructor(config: RegistryConfig['custom'], log: Log) {
    this.#config = config
    this.#log = log
    this.#endpoint = new CustomEndpoint(config)
    this.#page = new NoRoutePage(log)
  }

  /** The first answer is in, or the first failure: as in Fabio, which then begins with an empty table. */
  get ready(): Promise<void> {
    return this.#first.promise
  }

  get noRouteHtml(): string {
    return this.#page.html
  }

  start(outlet: RegistryOutlet): void {
    this.#log.info(`custom: Using custom routes from ${new URL(this.#endpoint.shownUrl).host}`)
    if (this.#page.update(this.#config.noRouteHtml)) outlet.onNoRouteHtml(this.#config.noRouteHtml)
    this.#ended = this.#run(outlet)
  }

  status(): RegistryStatus {
    const { shownUrl: name, requests } = this.#endpoint
    const state = this.#state
    const since = this.#since
    const error = this.#failure
    const isConnected = state === 'connected'
    const source = { name, isConnected, since, lastContact: this.#lastContact, index: '', error }
    return { backend: 'custom', state, since, reason: error, sources: [source], requests }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#ended
    await this.#endpoint[Symbol.asyncDispose]()
  }

  async #run(outlet: RegistryOutlet): Promise<void> {
    const { signal } = this.#abort
    const pauseMs = Math.min(Math.max(this.#config.pollIntervalMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
    while (!signal.aborted) {
      try {
        await this.#poll(outlet)
        this.#succeeded()
      } catch (cause) {
        if (!signal.aborted) this.#failed(cause)
      }
      this.#first.resolve()
      await pause(pauseMs, signal)
    }
  }

  async #poll({ sink, onChange }: RegistryOutlet): Promise<void> {
    this.#log.debug(`Custom Registry starting request ${this.#endpoint.shownUrl}`)
    const answer = await this.#endpoint.get({ etag: this.#accepted?.etag, signal: this.#abort.signal })
    this.#lastContact = Date.now()
    if (answer.kind === 'unchanged') return
    const accepted = { hash: hash('sha256', answer.text), etag: answer.etag }
    if (accepted.hash !== this.#accepted?.hash) {
      sink.setCommands(this.#endpoint.shownUrl, this.#decode(answer.text))
      onChange()
      this.#log.debug('Custom Registry table set complete')
    }
    // Only now: after an answer that could not be used, the one before is still what the endpoint is asked about.
    this.#accepted = accepted
  }

  #decode(text: string): readonly (RouteCommand | RejectedElement)[] {
    try {
      const elements = decodeCommands(text)
      checkAnyUsable(elements)
      return elements
    } catch (cause) {
      if (!(cause instanceof CustomAnswerError)) throw cause
      throw new CustomEndpointError(`Error decoding request - ${this.#endpoint.shownUrl} -${cause.message}`, { cause })
    }
  }

  #succeeded(): void {
    if (this.#state === 'stale')
      this.#log.info(`custom: ${this.#endpoint.shownUrl} is well again after ${secondsSince(this.#since)}s`)
    this.#failure = undefined
    this.#enter('connected')
  }

  /** Fabio says it every time; here the first time, and again when it is something else. */
  #failed(cause: unknown): void {
    const isExpected = cause instanceof CustomEndpointError
    const message = isExpected ? cause.message : cause instanceof Error ? String(cause.stack) : String(cause)
    const line = `error during update from custom back end - ${message}`
    if (message === this.#failure) return this.#log.debug(line)
    this.#log.error(line)
    this.#failure = message
    this.#enter('stale')
  }

  #enter(state: RegistryStatus['state']): void {
    if (state === this.#state) return
    this.#state = state
    this.#since = Date.now()
  }
}

/** A list in which nothing is a command says more about the endpoint than about the routes. */
function checkAnyUsable(elements: readonly (RouteCommand | RejectedElement)[]): void {
  const context = { matcher: 'prefix', globHosts: false } as const
  let first: string | undefined
  for (const element of elements) {
    if (element.kind === 'rejected') {
      first ??= element.reason
      continue
    }
    const fault = findFaults(element, context).find(({ isFatal }) => isFatal)
    if (fault === undefined) return
    first ??= fault.reason
  }
  if (first !== undefined) throw new CustomEndpointError(`Error generating new table - ${first}`)
}

function secondsSince(time: number): string {
  return ((Date.now() - time) / 1000).toFixed(1)
}
