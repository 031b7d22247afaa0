import { LONGEST_TIMER_MS, type ReportProbe } from './probe-loop.ts'

/** A check whose service must report in time, or it is critical. */
export class TtlTimer {
  readonly #ttlMs: number
  readonly #report: ReportProbe
  #timer: NodeJS.Timeout
  #lastOutput = ''

  constructor(ttlMs: number, report: ReportProbe) {
    this.#ttlMs = Math.min(ttlMs, LONGEST_TIMER_MS)
    this.#report = report
    this.#timer = this.#startTimer()
  }

  /** The service has reported: its time begins anew. */
  heard(output: string): void {
    this.#lastOutput = output
    clearTimeout(this.#timer)
    this.#timer = this.#startTimer()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      const last = this.#lastOutput
      const output = last === '' ? 'TTL expired' : `TTL expired (last output before timeout follows): ${last}`
      this.#report({ status: 'critical', output })
    }, this.#ttlMs)
  }
}
