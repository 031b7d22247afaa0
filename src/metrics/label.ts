import { formatTags, joinPrefix, lineName } from './names.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, Series, Sink } from './series.ts'

/** `metrics.target=label`: one line an update, with labels. Several counts that arrive together make one line with the new total. */
export class LabelSink implements Sink {
  readonly #prefix: string
  readonly #print: (line: string) => void

  constructor(options: { readonly prefix: string; readonly print: (line: string) => void }) {
    this.#prefix = options.prefix
    this.#print = options.print
  }

  counted(series: CounterSeries): void {
    this.#print(`${this.#name(series)}:${Math.trunc(series.total)}|c${tagsOf(series)}`)
  }

  gauged(series: GaugeSeries): void {
    this.#print(`${this.#name(series)}:${Math.trunc(series.value)}|g${tagsOf(series)}`)
  }

  observed(series: HistogramSeries, seconds: number): void {
    this.#print(`${this.#name(series)}:${Math.round(seconds * 1000)}|ms${tagsOf(series)}`)
  }

  lost(): void {
    // There were too many to print: then there are too many to read as well.
  }

  #name(series: Series): string {
    return lineName(joinPrefix(this.#prefix, series.name))
  }
}

function tagsOf(series: Series): string {
  return series.labels.length === 0 ? '' : `|#${formatTags(series.labels)}`
}
