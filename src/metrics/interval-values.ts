import type { CounterSeries, GaugeSeries, HistogramSeries } from './series.ts'

/** All back ends together would hold more than anybody reads; what is beyond is told as a sample rate. */
const MAX_OBSERVATIONS = 1_048_576

/** The observations of one histogram in one interval. */
export interface Observations {
  /** In seconds, in order. */
  readonly seconds: number[]
  /** How many there were in truth. */
  count: number
}

/** What happened between two flushes, for back ends that send that and start again from nothing. */
export class IntervalValues {
  counts = new Map<CounterSeries, number>()
  gauges = new Map<GaugeSeries, number>()
  observations = new Map<HistogramSeries, Observations>()
  #kept = 0

  count(series: CounterSeries, increment: number): void {
    this.counts.set(series, (this.counts.get(series) ?? 0) + increment)
  }

  gauge(series: GaugeSeries): void {
    this.gauges.set(series, series.value)
  }

  observe(series: HistogramSeries, seconds: number): void {
    const observations = this.#of(series)
    observations.count++
    if (this.#kept === MAX_OBSERVATIONS) return
    this.#kept++
    observations.seconds.push(seconds)
  }

  lose(series: HistogramSeries, observations: number): void {
    this.#of(series).count += observations
  }

  #of(series: HistogramSeries): Observations {
    const known = this.observations.get(series)
    if (known !== undefined) return known
    const observations = { seconds: [], count: 0 }
    this.observations.set(series, observations)
    return observations
  }
}
