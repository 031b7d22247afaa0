import type { Labels } from './metrics.ts'

export type SeriesKind = 'counter' | 'gauge' | 'histogram'

/** Introduces a series: from here on the batches of this worker name it by its id. */
export interface NewSeries {
  readonly id: number
  readonly kind: SeriesKind
  readonly name: string
  readonly labels: Labels
}

/**
 * What changed in one worker since its last batch: plain data that crosses threads. The parts are meant to be read in the
 * order in which they stand here; a series may be introduced, counted and ended by one and the same batch.
 */
export interface MetricBatch {
  readonly series: readonly NewSeries[]
  /** Pairs of id and increment. */
  readonly counters: Float64Array
  /** Pairs of id and value. */
  readonly gauges: Float64Array
  /** For each histogram: id, sum in seconds, count, then the increment of every bucket, the last one being +Inf. */
  readonly histograms: Float64Array
  /** Single observations in the order in which they were made, only for back ends that send each of them. */
  readonly sampleIds: Uint32Array
  /** In seconds, one for each of `sampleIds`. */
  readonly samples: Float64Array
  /** Series whose target left the table. */
  readonly ended: readonly number[]
}

/** What `postMessage` may move instead of copy. */
export function transferablesOf(batch: MetricBatch): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const part of [batch.counters, batch.gauges, batch.histograms, batch.sampleIds, batch.samples]) {
    if (part.byteLength > 0 && part.buffer instanceof ArrayBuffer) buffers.push(part.buffer)
  }
  return buffers
}
