import type { GeneratedLoad } from './load.ts'

/** What the generator is told, as JSON on its command line. */
export interface GeneratorTask {
  readonly port: number
  readonly load: GeneratedLoad
  readonly seconds: number
  /**
   * Operations a second that are begun whatever became of the ones before (an open loop): one that finds no connection free waits, and
   * its waiting counts. undefined is a closed loop: the next begins when the one before has ended.
   */
  readonly rate?: number
  /** Opens the connections, each with one operation, says `open` and keeps them until its standard input ends. */
  readonly isIdle?: boolean
}

/** What it says, as one line of JSON. Times in milliseconds. */
export interface GeneratorResult {
  readonly operations: number
  readonly seconds: number
  readonly errors: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** How late the generator itself was with its requests, at the 99th percentile: that is not in the times above. */
  readonly late: number
}
