import type { MetricBatch, NewSeries } from './metric-batch.ts'
import type { Counter, Gauge, Histogram, Labels, Metrics } from './metrics.ts'
import { SampleBuffer } from './sample-buffer.ts'
import { labelsKey } from './series-key.ts'
import { WorkerCounter, WorkerGauge, WorkerHistogram } from './worker-instruments.ts'

/** What a worker has to know to count what the back ends need. Plain data: it travels in `workerData`. */
export interface WorkerMetricsOptions {
  /** Upper bounds of the histogram buckets in seconds, ascending, without +Inf. Empty when no back end shows buckets. */
  readonly buckets: readonly number[]
  /** Does a back end want every single observation? */
  readonly samples: boolean
}

type Instrument = WorkerCounter | WorkerGauge | WorkerHistogram

/**
 * Counts inside one worker thread. An instrument is a handful of number fields; counting costs an addition, and a place
 * in the list of changed instruments the first time after a drain. Nothing crosses threads until `drain()`.
 */
export class WorkerMetrics implements Metrics {
  readonly #bounds: Float64Array
  readonly #samples: SampleBuffer | undefined
  /** The instruments of each set of labels; a target has three. */
  readonly #instruments = new Map<string, Instrument[]>()
  readonly #changedCounters: WorkerCounter[] = []
  readonly #changedGauges: WorkerGauge[] = []
  readonly #changedHistograms: WorkerHistogram[] = []
  /** Series that the next batch introduces. */
  #newSeries: NewSeries[] = []
  #ended: number[] = []
  #lastId = 0

  constructor(options: WorkerMetricsOptions) {
    this.#bounds = Float64Array.from(options.buckets)
    this.#samples = options.samples ? new SampleBuffer() : undefined
  }

  counter(name: string, labels: Labels = []): Counter {
    const siblings = this.#siblings(labels)
    for (const sibling of siblings) if (sibling.kind === 'counter' && sibling.name === name) return sibling
    return this.#add(siblings, new WorkerCounter(this.#nextId(), name, labels, this.#changedCounters))
  }

  gauge(name: string, labels: Labels = []): Gauge {
    const siblings = this.#siblings(labels)
    for (const sibling of siblings) if (sibling.kind === 'gauge' && sibling.name === name) return sibling
    return this.#add(siblings, new WorkerGauge(this.#nextId(), name, labels, this.#changedGauges))
  }

  histogram(name: string, labels: Labels = []): Histogram {
    const siblings = this.#siblings(labels)
    for (const sibling of siblings) if (sibling.kind === 'histogram' && sibling.name === name) return sibling
    return this.#add(
      siblings,
      new WorkerHistogram(this.#nextId(), name, labels, this.#changedHistograms, this.#bounds, this.#samples),
    )
  }

  forget(labels: Labels): void {
    if (labels.length === 0) return
    const key = labelsKey(labels)
    for (const instrument of this.#instruments.get(key) ?? []) {
      instrument.ended = true
      // One that never counted was never announced: nobody waits for its end.
      if (instrument.isAnnounced || instrument.isChanged) this.#ended.push(instrument.id)
      instrument.isChanged = true
    }
    this.#instruments.delete(key)
  }

  /** What was counted since the last call; undefined when nothing was. */
  drain(): MetricBatch | undefined {
    const counters = this.#drainCounters()
    const gauges = this.#drainGauges()
    const histograms = this.#drainHistograms()
    if (this.#newSeries.length + this.#ended.length + counters.length + gauges.length + histograms.length === 0)
      return undefined
    const samples = this.#samples?.take()
    const batch = {
      series: this.#newSeries,
      counters,
      gauges,
      histograms,
      sampleIds: samples?.ids ?? new Uint32Array(0),
      samples: samples?.values ?? new Float64Array(0),
      ended: this.#ended,
    }
    this.#newSeries = []
    this.#ended = []
    return batch
  }

  #siblings(labels: Labels): Instrument[] {
    const key = labelsKey(labels)
    const known = this.#instruments.get(key)
    if (known !== undefined) return known
    const siblings: Instrument[] = []
    this.#instruments.set(key, siblings)
    return siblings
  }

  #nextId(): number {
    this.#lastId++
    return this.#lastId
  }

  #add<T extends Instrument>(siblings: Instrument[], instrument: T): T {
    siblings.push(instrument)
    // The few without labels are announced at once: some back ends show them before their first use. Those of targets wait for it.
    if (instrument.labels.length === 0) this.#announce(instrument)
    return instrument
  }

  #announce(instrument: Instrument): void {
    if (instrument.isAnnounced) return
    instrument.isAnnounced = true
    const { id, kind, name, labels } = instrument
    this.#newSeries.push({ id, kind, name, labels })
  }

  #drainCounters(): Float64Array {
    const pairs = new Float64Array(this.#changedCounters.length * 2)
    let at = 0
    for (const counter of this.#changedCounters) {
      this.#announce(counter)
      pairs[at++] = counter.id
      pairs[at++] = counter.take()
    }
    this.#changedCounters.length = 0
    return pairs
  }

  #drainGauges(): Float64Array {
    const pairs = new Float64Array(this.#changedGauges.length * 2)
    let at = 0
    for (const gauge of this.#changedGauges) {
      this.#announce(gauge)
      pairs[at++] = gauge.id
      pairs[at++] = gauge.take()
    }
    this.#changedGauges.length = 0
    return pairs
  }

  #drainHistograms(): Float64Array {
    const stride = 4 + this.#bounds.length
    const rows = new Float64Array(this.#changedHistograms.length * stride)
    let at = 0
    for (const histogram of this.#changedHistograms) {
      this.#announce(histogram)
      histogram.takeInto(rows, at)
      at += stride
    }
    this.#changedHistograms.length = 0
    return rows
  }
}
