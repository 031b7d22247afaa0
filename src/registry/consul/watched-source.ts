import type { ConsulError } from '../../consul/consul-error.ts'
import type { WatchObserver } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'

/** How one watch is doing, and the log lines about it: one when it is lost, one when it is back. */
export class WatchedSource implements WatchObserver {
  readonly #name: string
  readonly #failure: string
  readonly #log: Log
  readonly #firstContact = Promise.withResolvers<boolean>()
  #index = 0n
  #lastContact: number | undefined
  #error: string | undefined
  #since = Date.now()

  /** `failure` is the beginning of the log line: `Error fetching health state.` */
  constructor(options: { readonly name: string; readonly failure: string; readonly log: Log }) {
    this.#name = options.name
    this.#failure = options.failure
    this.#log = options.log
  }

  /** Whether the first query was answered; waits for it to be answered or to fail. */
  get firstContact(): Promise<boolean> {
    return this.#firstContact.promise
  }

  answered(index: bigint): void {
    this.#firstContact.resolve(true)
    this.#index = index
    if (this.#lastContact === undefined) this.#since = Date.now()
    this.#lastContact = Date.now()
  }

  lost(error: ConsulError): void {
    this.#firstContact.resolve(false)
    this.#log.warn(`consul: ${this.#failure} ${error.message}`)
    this.#error = error.message
    this.#since = Date.now()
  }

  regained(): void {
    this.#log.info(`consul: Watching ${this.#name} again after ${((Date.now() - this.#since) / 1000).toFixed(1)}s`)
    this.#error = undefined
    this.#since = Date.now()
  }

  status(): SourceStatus {
    return {
      name: this.#name,
      isConnected: this.#error === undefined && this.#lastContact !== undefined,
      since: this.#since,
      lastContact: this.#lastContact,
      index: `${this.#index}`,
      error: this.#error,
    }
  }
}
