import type { Log } from '../log/log.ts'
import type { BackendAddress } from './backend-address.ts'
import { IntervalValues } from './interval-values.ts'
import type { Labels } from './metrics.ts'
import { formatTags, joinPrefix, lineName } from './names.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, PushSink, Series } from './series.ts'
import { formatSampleRate } from './statsd.ts'
import { UdpLines } from './udp-lines.ts'

/** Tags to which Datadog gives a meaning of its own. */
const RESERVED = new Set(['host', 'device', 'source', 'service', 'env', 'version'])

/** `metrics.target=dogstatsd`: like statsd, with the labels as tags. */
export class DogstatsdSink implements PushSink {
  readonly #prefix: string
  readonly #lines: UdpLines
  readonly #tags = new WeakMap<Series, string>()
  #values = new IntervalValues()

  constructor(options: { readonly prefix: string; readonly address: BackendAddress; readonly log: Log }) {
    this.#prefix = options.prefix
    this.#lines = new UdpLines('dogstatsd', options.address, options.log)
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
    for (const [series, count] of values.counts)
      yield `${this.#name(series)}:${count.toFixed(6)}|c${this.#tagsOf(series)}`
    for (const [series, value] of values.gauges)
      yield `${this.#name(series)}:${value.toFixed(6)}|g${this.#tagsOf(series)}`
    for (const [series, { seconds, count }] of values.observations) {
      const name = this.#name(series)
      const rest = `|h${formatSampleRate(seconds.length, count)}${this.#tagsOf(series)}`
      // Fabio's units: milliseconds without labels, seconds with them. Dashboards are built on both.
      const unit = series.labels.length === 0 ? 1000 : 1
      for (const value of seconds) yield `${name}:${(value * unit).toFixed(6)}${rest}`
    }
  }

  #name(series: Series): string {
    return lineName(joinPrefix(this.#prefix, series.name))
  }

  #tagsOf(series: Series): string {
    const known = this.#tags.get(series)
    if (known !== undefined) return known
    const tags = series.labels.length === 0 ? '' : `|#${formatTags(datadogTags(series.labels))}`
    this.#tags.set(series, tags)
    return tags
  }
}

function datadogTags(labels: Labels): Labels {
  return labels.map(([label, value]) => [RESERVED.has(label) ? `fabio-${label}` : label, value])
}
