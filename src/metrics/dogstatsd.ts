import type { Log } from '../log/log.ts'
import type { BackendAddress } from './backend-address.ts'
import type { IntervalValues } from './interval-values.ts'
import type { Labels } from './metrics.ts'
import { formatTags, joinPrefix, lineName } from './names.ts'
import type { Series } from './series.ts'
import { UdpLines } from './udp-lines.ts'
import { formatSampleRate, UdpSink } from './udp-sink.ts'

/** Tags to which Datadog gives a meaning of its own. */
const RESERVED = new Set(['host', 'device', 'source', 'service', 'env', 'version'])

/** `metrics.target=dogstatsd`: like statsd, with the labels as tags. */
export class DogstatsdSink extends UdpSink {
  readonly #prefix: string
  readonly #tags = new WeakMap<Series, string>()

  constructor(options: { readonly prefix: string; readonly address: BackendAddress; readonly log: Log }) {
    super(new UdpLines('dogstatsd', options.address, options.log))
    this.#prefix = options.prefix
  }

  protected override *format(values: IntervalValues): Iterable<string> {
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
