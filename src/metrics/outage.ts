import type { Log } from '../log/log.ts'

/** Says once that something stopped working and once that it works again, however often it is tried in between. */
export class Outage {
  readonly #what: string
  readonly #log: Log
  #isDown = false

  constructor(what: string, log: Log) {
    this.#what = what
    this.#log = log
  }

  failed(cause: unknown): void {
    if (this.#isDown) return
    this.#isDown = true
    this.#log.warn(`metrics: cannot send to ${this.#what}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }

  succeeded(): void {
    if (!this.#isDown) return
    this.#isDown = false
    this.#log.info(`metrics: sending to ${this.#what} again`)
  }
}
