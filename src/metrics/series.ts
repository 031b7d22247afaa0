import type { Labels } from './metrics.ts'

// The series of the whole router, as the main thread keeps them: the sums of what all workers and the control plane counted.

export interface CounterSeries {
  readonly kind: 'counter'
  readonly name: string
  readonly labels: Labels
  total: number
  /** False until it is counted with for the first time. */
  used: boolean
}

export interface GaugeSeries {
  readonly kind: 'gauge'
  readonly name: string
  readonly labels: Labels
  /** The sum over the threads: each tells its own share. */
  value: number
  used: boolean
}

export interface HistogramSeries {
  readonly kind: 'histogram'
  readonly name: string
  readonly labels: Labels
  /** In seconds. */
  sum: number
  count: number
  /** How many observations fell into each bucket, not cumulative; the last one is +Inf. */
  readonly buckets: number[]
  used: boolean
}

export type Series = CounterSeries | GaugeSeries | HistogramSeries

/**
 * A back end that is told of every change as it arrives. It must not wait: what takes time belongs to a flush.
 * A series it has been told the end of is never named again.
 */
export interface Sink {
  counted(series: CounterSeries, increment: number): void
  gauged(series: GaugeSeries): void
  observed(series: HistogramSeries, seconds: number): void
  /** Observations that were counted, but whose values were lost on the way because there were too many of them. */
  lost(series: HistogramSeries, observations: number): void
  /** A series is known, though not used yet. Told at once for those without labels, with the first use for the rest. */
  created?(series: Series): void
  ended?(series: Series): void
}

/** A sink that keeps what it is told until it is asked to send it. Neither method throws: failures are logged. */
export interface PushSink extends Sink {
  flush(): Promise<void>
  close(): Promise<void>
}
