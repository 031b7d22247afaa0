import type { ConsulError } from '../../consul/consul-error.ts'
import type { WatchObserver } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'

/** How one watch is doing, and the log lines about it: one when it is lost, one when it is back. */
export class WatchedSource implements WatchObserver {
  readonly #name: string
  readonly #failure: string
  readonly #log: Log
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

  answered(index: bigint): void {
    this.#index = index
    if (this.#lastContact === undefined) this.#since = Date.now()
    this.#lastContact = Date.now()
  }

  lost(error: ConsulError): void {
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
