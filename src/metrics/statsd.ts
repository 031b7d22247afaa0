import type { Log } from '../log/log.ts'
import type { BackendAddress } from './backend-address.ts'
import type { IntervalValues } from './interval-values.ts'
import { flatName, joinPrefix, lineName, type TargetNames } from './names.ts'
import type { Series } from './series.ts'
import { UdpLines } from './udp-lines.ts'
import { formatSampleRate, UdpSink } from './udp-sink.ts'

/**
 * `metrics.target=statsd_raw`: counters as the sum of the interval, gauges that were set in it, one line an observation in
 * milliseconds. Numbers have six decimals, as Fabio's.
 */
export class StatsdSink extends UdpSink {
  readonly #prefix: string
  readonly #targetNames: TargetNames
  readonly #names = new WeakMap<Series, string>()

  constructor(options: {
    readonly prefix: string
    readonly targetNames: TargetNames
    readonly address: BackendAddress
    readonly log: Log
  }) {
    super(new UdpLines('statsd', options.address, options.log))
    this.#prefix = options.prefix
    this.#targetNames = options.targetNames
  }

  protected override *format(values: IntervalValues): Iterable<string> {
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
