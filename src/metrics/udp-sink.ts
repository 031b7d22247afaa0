import { IntervalValues } from './interval-values.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, PushSink } from './series.ts'
import type { UdpLines } from './udp-lines.ts'

/** Collects what happens in an interval and sends it as lines at its end. What a line looks like is the server's matter. */
export abstract class UdpSink implements PushSink {
  readonly #lines: UdpLines
  #values = new IntervalValues()

  constructor(lines: UdpLines) {
    this.#lines = lines
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
    await this.#lines.send(this.format(values))
  }

  async close(): Promise<void> {
    this.#lines.close()
  }

  protected abstract format(values: IntervalValues): Iterable<string>
}

/** `|@rate` when only some of the observations are sent, so that the server still counts all of them. */
export function formatSampleRate(sent: number, count: number): string {
  return sent < count ? `|@${(sent / count).toFixed(6)}` : ''
}
