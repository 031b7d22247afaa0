import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

const RESOLUTION_MS = 20
const QUANTILES = [0.5, 0.99, 1] as const

/** The delay of the event loop of the thread it runs in, as gauges. `thread` is 'main' or the number of the worker. */
export class EventLoopDelay implements Disposable {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #gauges

  constructor(metrics: Metrics, thread: string) {
    this.#gauges = QUANTILES.map(quantile => ({
      quantile,
      gauge: metrics.gauge('fabio.event_loop_delay_seconds', [
        ['quantile', String(quantile)],
        ['thread', thread],
      ]),
    }))
    this.#monitor.enable()
  }

  /** To be called before a drain: sets the gauges to what was measured since the last call. */
  collect(): void {
    for (const { quantile, gauge } of this.#gauges) {
      const nanoseconds = this.#monitor.count === 0 ? 0 : this.#monitor.percentile(quantile * 100)
      // The monitor measures whole rounds of its timer; what is beyond its period is the delay.
      gauge.set(Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000))
    }
    this.#monitor.reset()
  }

  [Symbol.dispose](): void {
    this.#monitor.disable()
  }
}
