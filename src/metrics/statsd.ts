import type { Log } from '../log/log.ts'
import type { BackendAddress } from './backend-address.ts'
import { IntervalValues } from './interval-values.ts'
import { flatName, joinPrefix, lineName, type TargetNames } from './names.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, PushSink, Series } from './series.ts'
import { UdpLines } from './udp-lines.ts'

/**
 * `metrics.target=statsd_raw`: counters as the sum of the interval, gauges that were set in it, one line an observation in
 * milliseconds. Numbers have six decimals, as Fabio's.
 */
export class StatsdSink implements PushSink {
  readonly #prefix: string
  readonly #targetNames: TargetNames
  readonly #lines: UdpLines
  readonly #names = new WeakMap<Series, string>()
  #values = new IntervalValues()

  constructor(options: {
    readonly prefix: string
    readonly targetNames: TargetNames
    readonly address: BackendAddress
    readonly log: Log
  }) {
    this.#prefix = options.prefix
    this.#targetNames = options.targetNames
    this.#lines = new UdpLines('statsd', options.address, options.log)
  }

  counted(series: CounterSeries, increment: number): void {
    this.#values.count(series, increment)
  }

  gauged(series: GaugeSeries): void {
    this.#values.gauge(series)
  }

  observed(series: HistogramSeries, seconds: number): void {
    this.#values.observe(series, seconds)
  }

  lost(series: HistogramSeries, observations: number): void {
    this.#values.lose(series, observations)
  }

  async flush(): Promise<void> {
    const values = this.#values
    this.#values = new IntervalValues()
    await this.#lines.send(this.#format(values))
  }

  async close(): Promise<void> {
    this.#lines.close()
  }

  *#format(values: IntervalValues): Iterable<string> {
    for (const [series, count] of values.counts) yield `${this.#name(series)}:${count.toFixed(6)}|c`
    for (const [series, value] of values.gauges) yield `${this.#name(series)}:${value.toFixed(6)}|g`
    for (const [series, { seconds, count }] of values.observations) {
      const name = this.#name(series)
      const rate = formatSampleRate(seconds.length, count)
      for (const value of seconds) yield `${name}:${(value * 1000).toFixed(6)}|ms${rate}`
    }
  }

  #name(series: Series): string {
    const known = this.#names.get(series)
    if (known !== undefined) return known
    const name = lineName(joinPrefix(this.#prefix, flatName(series.name, series.labels, this.#targetNames)))
    this.#names.set(series, name)
    return name
  }
}

/** `|@rate` when only some of the observations are sent, so that the server still counts all of them. */
export function formatSampleRate(sent: number, count: number): string {
  return sent < count ? `|@${(sent / count).toFixed(6)}` : ''
}
