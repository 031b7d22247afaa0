import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as yieldToLoop } from 'node:timers/promises'
import { constants, createGzip } from 'node:zlib'
import { FABIO_METRICS, isOurs, OUR_METRICS } from './inventory.ts'
import type { MetricHub } from './metric-hub.ts'
import { clean } from './name-template.ts'
import { prometheusName } from './names.ts'
import { ProcessMetrics } from './process-metrics.ts'
import type { HistogramSeries, Series } from './series.ts'

/** The answer to a scrape. */
export interface Exposition {
  readonly contentType: string
  readonly contentEncoding?: 'gzip'
  readonly body: Buffer
}

/** What Fabio says; the last part tells new scrapers that names were made to fit old ones. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

/** Series formatted before the event loop gets its turn. */
const SLICE = 500

export interface PrometheusOptions {
  /** `metrics.prefix`, filled in. */
  readonly prefix: string
  readonly subsystem: string
  readonly buckets: readonly number[]
  readonly hub: MetricHub
  /** Makes the workers hand in what they counted. */
  readonly refresh: () => Promise<void>
}

/** `metrics.target=prometheus`: answers scrapes from what the hub knows. Without that target a scrape shows the process only. */
export class PrometheusExposition {
  readonly #options: PrometheusOptions | undefined
  readonly #process = new ProcessMetrics()
  readonly #bucketLabels: readonly string[]
  /** Scrapes that arrive together share one answer. */
  #rendering: Promise<Buffer[]> | undefined

  constructor(options: PrometheusOptions | undefined) {
    this.#options = options
    this.#bucketLabels = [...(options?.buckets ?? []).map(String), '+Inf'].map(bound => `le="${bound}"`)
  }

  async render(acceptEncoding: string): Promise<Exposition> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined
    })
    const chunks = await this.#rendering
    if (!acceptsGzip(acceptEncoding)) return { contentType: CONTENT_TYPE, body: Buffer.concat(chunks) }
    // The text repeats itself so much that trying harder gains little.
    const gzip = createGzip({ level: constants.Z_BEST_SPEED })
    return { contentType: CONTENT_TYPE, contentEncoding: 'gzip', body: await buffer(Readable.from(chunks).pipe(gzip)) }
  }

  /** In pieces: a table of 100,000 targets is some 150 MB of text. */
  async #render(): Promise<Buffer[]> {
    const options = this.#options
    const chunks = [Buffer.from(await this.#process.format())]
    if (options === undefined) return chunks
    await options.refresh()
    let text = ''
    let formatted = 0
    for (const [name, series] of familiesOf(options.hub)) {
      const family = this.#familyName(options, name)
      text += `# HELP ${family} ${FABIO_METRICS.get(name) ?? OUR_METRICS.get(name) ?? ''}\n# TYPE ${family} ${series[0]?.kind ?? 'untyped'}\n`
      for (const one of series) {
        text += this.#format(family, one)
        formatted++
        if (formatted % SLICE !== 0) continue
        chunks.push(Buffer.from(text))
        text = ''
        await yieldToLoop()
      }
    }
    chunks.push(Buffer.from(text))
    return chunks
  }

  /** Ours keep one name wherever they are scraped; Fabio's begin with the prefix and the subsystem. */
  #familyName(options: PrometheusOptions, name: string): string {
    if (isOurs(name)) return prometheusName([clean(name)])
    const subsystem = options.subsystem === '' ? [] : [clean(options.subsystem)]
    return prometheusName([clean(options.prefix), ...subsystem, clean(name)])
  }

  #format(family: string, series: Series): string {
    const labels = formatLabels(series)
    if (series.kind === 'histogram') return this.#formatHistogram(family, labels, series)
    return `${family}${labels === '' ? '' : `{${labels}}`} ${formatNumber(series.kind === 'counter' ? series.total : series.value)}\n`
  }

  #formatHistogram(family: string, labels: string, series: HistogramSeries): string {
    const braced = labels === '' ? '' : `{${labels}}`
    const beforeBound = labels === '' ? '{' : `{${labels},`
    let text = ''
    let cumulative = 0
    for (const [bucket, label] of this.#bucketLabels.entries()) {
      cumulative += series.buckets[bucket] ?? 0
      text += `${family}_bucket${beforeBound}${label}} ${cumulative}\n`
    }
    return `${text}${family}_sum${braced} ${formatNumber(series.sum)}\n${family}_count${braced} ${series.count}\n`
  }
}

/** By name, in ascending order; only what was used. */
function familiesOf(hub: MetricHub): [string, Series[]][] {
  const families = new Map<string, Series[]>()
  for (const series of hub.series()) {
    if (!series.used) continue
    const family = families.get(series.name)
    if (family === undefined) families.set(series.name, [series])
    else family.push(series)
  }
  return [...families].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Sorted by name, as Go's library has them. */
function formatLabels({ labels }: Series): string {
  return labels
    .map(([label, value]) => `${label}="${escapeLabelValue(value)}"`)
    .sort()
    .join(',')
}

function escapeLabelValue(value: string): string {
  return /["\\\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : value
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** RFC 9110 section 12.5.3, as far as gzip goes. */
function acceptsGzip(acceptEncoding: string): boolean {
  return acceptEncoding.split(',').some(coding => {
    const [name, ...parameters] = coding.split(';').map(part => part.trim().toLowerCase())
    const weight = parameters.find(parameter => parameter.startsWith('q='))
    return (name === 'gzip' || name === 'x-gzip') && !(weight !== undefined && Number(weight.slice(2)) === 0)
  })
}
