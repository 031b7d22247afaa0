import { isOurs } from './inventory.ts'
import type { MetricBatch, NewSeries } from './metric-batch.ts'
import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, Series, Sink } from './series.ts'
import { labelsKey } from './series-key.ts'

/** The control plane counts under this number; workers have numbers from 0 on. */
const CONTROL_PLANE = -1

/** A series and who counts with it. */
interface Entry {
  readonly series: Series
  readonly key: string
  /** The back ends that are told of it: all, or none. */
  readonly sinks: readonly Sink[]
  /** How many instruments, in all threads, count with it. */
  users: number
  /** The table has no such target any more: the last user takes the series with it, even if that user dies. */
  forgotten: boolean
  /** The back ends have been told of its end; an instrument that is still held counts into the void. */
  ended: boolean
  /** What each thread says of a gauge; undefined for the other kinds. */
  readonly shares: Map<number, number> | undefined
}

/**
 * Where the counts of all threads meet: merges the batches of the workers, counts for the control plane itself, and tells
 * the back ends. Workers send increments, so a replaced one never makes a counter go backwards.
 */
export class MetricHub implements Metrics {
  readonly #bounds: Float64Array
  readonly #sinks: readonly Sink[]
  readonly #entries = new Map<string, Entry>()
  readonly #byLabels = new Map<string, Set<Entry>>()
  readonly #workers = new Map<number, Map<number, Entry>>()
  readonly #own = new Set<Entry>()

  constructor(options: { readonly buckets: readonly number[]; readonly sinks: readonly Sink[] }) {
    this.#bounds = Float64Array.from(options.buckets)
    this.#sinks = options.sinks
  }

  counter(name: string, labels: Labels = []): Counter {
    const entry = this.#ownEntry({ kind: 'counter', name, labels })
    return { add: n => this.#count(entry, n) }
  }

  gauge(name: string, labels: Labels = []): Gauge {
    const entry = this.#ownEntry({ kind: 'gauge', name, labels })
    return {
      set: value => this.#setShare(entry, CONTROL_PLANE, value),
      add: n => this.#setShare(entry, CONTROL_PLANE, (entry.shares?.get(CONTROL_PLANE) ?? 0) + n),
    }
  }

  histogram(name: string, labels: Labels = []): Histogram {
    const entry = this.#ownEntry({ kind: 'histogram', name, labels })
    return {
      get ended() {
        return entry.ended
      },
      observe: seconds => this.#observe(entry, seconds),
    }
  }

  /**
   * The target left the table of the control plane. Its series end now, or with the last worker that still counts with them.
   * Needed beside the workers' own `forget` for what a worker that died left behind.
   */
  forget(labels: Labels): void {
    for (const entry of this.#byLabels.get(labelsKey(labels)) ?? []) {
      entry.forgotten = true
      if (this.#own.delete(entry)) entry.users--
      if (entry.users === 0) this.#end(entry)
    }
  }

  /** Takes over what `worker` counted since its last batch. */
  merge(worker: number, batch: MetricBatch): void {
    const entries = this.#workers.get(worker) ?? new Map<number, Entry>()
    this.#workers.set(worker, entries)
    for (const series of batch.series) {
      const entry = this.#entry(series)
      entry.users++
      entry.forgotten = false
      entries.set(series.id, entry)
    }
    const { counters, gauges } = batch
    for (let at = 0; at < counters.length; at += 2) this.#count(entries.get(counters[at]!), counters[at + 1]!)
    for (let at = 0; at < gauges.length; at += 2) this.#setShare(entries.get(gauges[at]!), worker, gauges[at + 1]!)
    this.#mergeHistograms(entries, batch)
    for (const id of batch.ended) {
      const entry = entries.get(id)
      if (entry === undefined) continue
      entries.delete(id)
      this.#release(entry, worker)
      if (entry.users === 0) this.#end(entry)
    }
  }

  /** The worker is gone: what it counted stays, its share of the gauges goes. */
  dropWorker(worker: number): void {
    for (const entry of this.#workers.get(worker)?.values() ?? []) {
      this.#release(entry, worker)
      if (entry.users === 0 && entry.forgotten) this.#end(entry)
    }
    this.#workers.delete(worker)
  }

  *series(): IterableIterator<Series> {
    for (const entry of this.#entries.values()) yield entry.series
  }

  #mergeHistograms(entries: ReadonlyMap<number, Entry>, batch: MetricBatch): void {
    const stride = 4 + this.#bounds.length
    const { histograms, sampleIds, samples } = batch
    const lost = new Map<number, number>()
    for (let at = 0; at < histograms.length; at += stride) {
      const id = histograms[at]!
      const series = entries.get(id)?.series
      if (series?.kind !== 'histogram') continue
      series.used = true
      series.sum += histograms[at + 1]!
      series.count += histograms[at + 2]!
      for (let bucket = 0; bucket < series.buckets.length; bucket++) {
        series.buckets[bucket] = series.buckets[bucket]! + histograms[at + 3 + bucket]!
      }
      lost.set(id, histograms[at + 2]!)
    }
    if (this.#sinks.length === 0) return
    for (let at = 0; at < samples.length; at++) {
      const id = sampleIds[at]!
      const entry = entries.get(id)
      const series = entry?.series
      if (entry === undefined || series?.kind !== 'histogram') continue
      lost.set(id, (lost.get(id) ?? 0) - 1)
      for (const sink of entry.sinks) sink.observed(series, samples[at]!)
    }
    for (const [id, count] of lost) {
      const entry = entries.get(id)
      const series = entry?.series
      if (count <= 0 || entry === undefined || series?.kind !== 'histogram') continue
      for (const sink of entry.sinks) sink.lost(series, count)
    }
  }

  #count(entry: Entry | undefined, increment: number): void {
    const series = entry?.series
    if (entry === undefined || entry.ended || series?.kind !== 'counter' || !(increment >= 0)) return
    series.used = true
    series.total += increment
    for (const sink of entry.sinks) sink.counted(series, increment)
  }

  #setShare(entry: Entry | undefined, thread: number, value: number): void {
    const series = entry?.series
    if (entry === undefined || entry.ended || series?.kind !== 'gauge') return
    entry.shares?.set(thread, value)
    this.#sumShares(entry, series)
  }

  #sumShares(entry: Entry, series: GaugeSeries): void {
    let sum = 0
    for (const share of entry.shares?.values() ?? []) sum += share
    series.value = sum
    series.used = true
    for (const sink of entry.sinks) sink.gauged(series)
  }

  #observe(entry: Entry, seconds: number): void {
    const series = entry.series
    if (entry.ended || series.kind !== 'histogram' || !(seconds >= 0 && seconds < Infinity)) return
    let bucket = 0
    while (bucket < this.#bounds.length && seconds > this.#bounds[bucket]!) bucket++
    series.used = true
    series.sum += seconds
    series.count++
    series.buckets[bucket] = series.buckets[bucket]! + 1
    for (const sink of entry.sinks) sink.observed(series, seconds)
  }

  #ownEntry(wanted: Omit<NewSeries, 'id'>): Entry {
    const entry = this.#entry(wanted)
    if (this.#own.has(entry)) return entry
    this.#own.add(entry)
    entry.users++
    entry.forgotten = false
    return entry
  }

  #entry({ kind, name, labels }: Omit<NewSeries, 'id'>): Entry {
    const labelled = labelsKey(labels)
    const key = `${kind} ${name};${labelled}`
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const series = createSeries(kind, name, labels, this.#bounds.length)
    const sinks = isOurs(name) ? [] : this.#sinks
    const entry = {
      series,
      key,
      sinks,
      users: 0,
      forgotten: false,
      ended: false,
      shares: kind === 'gauge' ? new Map<number, number>() : undefined,
    }
    this.#entries.set(key, entry)
    if (labels.length > 0) {
      const siblings = this.#byLabels.get(labelled)
      if (siblings === undefined) this.#byLabels.set(labelled, new Set([entry]))
      else siblings.add(entry)
    }
    for (const sink of sinks) sink.created?.(series)
    return entry
  }

  #release(entry: Entry, worker: number): void {
    entry.users--
    if (entry.series.kind === 'gauge' && entry.shares?.delete(worker) === true) this.#sumShares(entry, entry.series)
  }

  #end(entry: Entry): void {
    entry.ended = true
    this.#entries.delete(entry.key)
    const labelled = labelsKey(entry.series.labels)
    const siblings = this.#byLabels.get(labelled)
    siblings?.delete(entry)
    if (siblings?.size === 0) this.#byLabels.delete(labelled)
    for (const sink of entry.sinks) sink.ended?.(entry.series)
  }
}

function createSeries(kind: NewSeries['kind'], name: string, labels: Labels, boundCount: number): Series {
  if (kind === 'counter') return { kind, name, labels, total: 0, used: false } satisfies CounterSeries
  if (kind === 'gauge') return { kind, name, labels, value: 0, used: false } satisfies GaugeSeries
  return {
    kind,
    name,
    labels,
    sum: 0,
    count: 0,
    buckets: Array.from({ length: boundCount + 1 }, () => 0),
    used: false,
  } satisfies HistogramSeries
}
