import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import type { PushSink } from './series.ts'

/** At the end, a back end that does not answer gets this long for the last numbers. */
const LAST_FLUSH_MS = 3000

/** Flushes the push back ends every interval and a last time at the end. A round that takes longer than the interval is not overtaken. */
export class PushLoop implements AsyncDisposable {
  readonly #sinks: readonly PushSink[]
  readonly #refresh: () => Promise<void>
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  #round: Promise<void> | undefined

  constructor(options: {
    readonly sinks: readonly PushSink[]
    readonly intervalMs: number
    readonly refresh: () => Promise<void>
    readonly log: Log
  }) {
    this.#sinks = options.sinks
    this.#refresh = options.refresh
    this.#log = options.log
    this.#timer = setInterval(() => {
      this.#round ??= this.#flush().finally(() => {
        this.#round = undefined
      })
    }, options.intervalMs).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    const done = new AbortController()
    const last = this.#round === undefined ? this.#flush() : this.#round.then(() => this.#flush())
    await Promise.race([last, sleep(LAST_FLUSH_MS, undefined, { signal: done.signal }).catch(() => {})])
    const closed = Promise.all(this.#sinks.map(sink => sink.close()))
    await Promise.race([closed, sleep(LAST_FLUSH_MS, undefined, { signal: done.signal }).catch(() => {})])
    done.abort()
  }

  async #flush(): Promise<void> {
    await this.#refresh()
    const results = await Promise.allSettled(this.#sinks.map(sink => sink.flush()))
    for (const result of results) {
      if (result.status === 'rejected') this.#log.error(`metrics: flush failed: ${String(result.reason)}`)
    }
  }
}
