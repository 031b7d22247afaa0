import { joinPrefix, lineName } from './names.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, Sink } from './series.ts'

/**
 * `metrics.target=flat` and `stdout`: one line an update, with the names of the labels but not their values. Fabio's format to
 * the letter, down to the colon in front of histograms. Several counts that arrive together make one line with the new total.
 */
export class FlatSink implements Sink {
  readonly #prefix: string
  readonly #print: (line: string) => void
  /** By name: series that differ in their label values only are one here. */
  readonly #totals = new Map<string, number>()

  constructor(options: { readonly prefix: string; readonly print: (line: string) => void }) {
    this.#prefix = options.prefix
    this.#print = options.print
  }

  counted(series: CounterSeries, increment: number): void {
    const name = this.#name(series)
    const total = (this.#totals.get(name) ?? 0) + increment
    this.#totals.set(name, total)
    this.#print(`${name}:${Math.trunc(total)}|c`)
  }

  gauged(series: GaugeSeries): void {
    this.#print(`${this.#name(series)}:${Math.trunc(series.value)}|g`)
  }

  observed(series: HistogramSeries, seconds: number): void {
    this.#print(`:${this.#name(series)}:${Math.round(seconds * 1000)}|ms`)
  }

  lost(): void {
    // There were too many to print: then there are too many to read as well.
  }

  #name(series: CounterSeries | GaugeSeries | HistogramSeries): string {
    return lineName([joinPrefix(this.#prefix, series.name), ...series.labels.map(([label]) => label)].join('.'))
  }
}
