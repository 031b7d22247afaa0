import { connect, type Socket } from 'node:net'
import { setImmediate as yieldToLoop } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import type { BackendAddress } from './backend-address.ts'
import { flatName, joinPrefix, lineName, type TargetNames } from './names.ts'
import { Outage } from './outage.ts'
import { PercentileSketch } from './percentile-sketch.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, PushSink, Series } from './series.ts'

/** As many as Fabio's histograms have. */
const BINS = 50
const PERCENTILES = [50, 90, 95, 99] as const

const CONNECT_TIMEOUT_MS = 10_000

/** A carbon server that reads no more must not keep the lines of every round in memory. */
const WRITE_TIMEOUT_MS = 10_000

/** Series formatted before the event loop gets its turn. */
const SLICE = 500

/**
 * `metrics.target=graphite`: the plaintext protocol over TCP. Every known series is sent every interval: counters as the sum
 * of the interval, gauges as they are, histograms as percentiles in milliseconds since the start.
 * What a round could not hand over stays and goes with the next.
 */
export class GraphiteSink implements PushSink {
  readonly #prefix: string
  readonly #targetNames: TargetNames
  readonly #address: BackendAddress
  readonly #outage: Outage
  readonly #counts = new Map<CounterSeries, number>()
  readonly #gauges = new Set<GaugeSeries>()
  readonly #sketches = new Map<HistogramSeries, PercentileSketch>()
  readonly #names = new WeakMap<Series, string>()
  /** Removed after their last numbers were sent. */
  readonly #ended = new Set<Series>()
  #socket: Socket | undefined

  constructor(options: {
    readonly prefix: string
    readonly targetNames: TargetNames
    readonly address: BackendAddress
    readonly log: Log
  }) {
    this.#prefix = options.prefix
    this.#targetNames = options.targetNames
    this.#address = options.address
    this.#outage = new Outage(`graphite at ${options.address.host}:${options.address.port}`, options.log)
  }

  created(series: Series): void {
    if (series.kind === 'counter') this.#counts.set(series, 0)
    else if (series.kind === 'gauge') this.#gauges.add(series)
    else this.#sketches.set(series, new PercentileSketch(BINS))
  }

  counted(series: CounterSeries, increment: number): void {
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + increment)
  }

  gauged(): void {
    // The value is read from the series when it is sent.
  }

  observed(series: HistogramSeries, seconds: number): void {
    this.#sketches.get(series)?.add(seconds * 1000)
  }

  lost(): void {
    // Percentiles of a part are as good as those of the whole.
  }

  ended(series: Series): void {
    this.#ended.add(series)
  }

  async flush(): Promise<void> {
    const ended = new Set(this.#ended)
    try {
      const socket = await this.#connected()
      const time = Math.floor(Date.now() / 1000)
      await this.#sendCounts(socket, time)
      await this.#sendSlices(socket, this.#formatRest(time))
      this.#outage.succeeded()
      for (const series of ended) this.#drop(series)
    } catch (cause) {
      this.#socket?.destroy()
      this.#socket = undefined
      this.#outage.failed(cause)
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    await new Promise<void>(resolve => {
      socket.once('close', () => resolve())
      socket.setTimeout(WRITE_TIMEOUT_MS, () => socket.destroy())
      socket.end()
      // Carbon never says anything; reading lets the end of its side be seen.
      socket.resume()
    })
  }

  async #sendCounts(socket: Socket, time: number): Promise<void> {
    let lines = ''
    let sent = new Map<CounterSeries, number>()
    for (const [series, count] of this.#counts) {
      lines += `${this.#name(series)} ${count.toFixed(6)} ${time}\n`
      sent.set(series, count)
      if (sent.size < SLICE) continue
      await this.#writeCounts(socket, lines, sent)
      lines = ''
      sent = new Map()
    }
    await this.#writeCounts(socket, lines, sent)
  }

  async #writeCounts(socket: Socket, lines: string, sent: ReadonlyMap<CounterSeries, number>): Promise<void> {
    if (lines === '') return
    await write(socket, lines)
    // More may have been counted meanwhile.
    for (const [series, count] of sent) this.#counts.set(series, (this.#counts.get(series) ?? 0) - count)
  }

  async #sendSlices(socket: Socket, lines: Iterable<string>): Promise<void> {
    let slice = ''
    let formatted = 0
    for (const line of lines) {
      slice += line
      formatted++
      if (formatted % SLICE !== 0) continue
      await write(socket, slice)
      await yieldToLoop()
      slice = ''
    }
    if (slice !== '') await write(socket, slice)
  }

  *#formatRest(time: number): Iterable<string> {
    for (const series of this.#gauges) yield `${this.#name(series)} ${series.value.toFixed(6)} ${time}\n`
    for (const [series, sketch] of this.#sketches) {
      const name = this.#name(series)
      for (const percent of PERCENTILES)
        yield `${name}.p${percent} ${sketch.percentile(percent / 100).toFixed(6)} ${time}\n`
    }
  }

  #name(series: Series): string {
    const known = this.#names.get(series)
    if (known !== undefined) return known
    const name = lineName(joinPrefix(this.#prefix, flatName(series.name, series.labels, this.#targetNames)))
    this.#names.set(series, name)
    return name
  }

  #drop(series: Series): void {
    this.#ended.delete(series)
    if (series.kind === 'counter') this.#counts.delete(series)
    else if (series.kind === 'gauge') this.#gauges.delete(series)
    else this.#sketches.delete(series)
  }

  async #connected(): Promise<Socket> {
    if (this.#socket?.writable === true) return this.#socket
    const socket = connect({ host: this.#address.host, port: this.#address.port, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
        socket.destroy()
        reject(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000}s`))
      })
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve()
      })
    })
    socket.setTimeout(0)
    socket.unref()
    // The next write or the next round finds out.
    socket.on('error', () => {})
    socket.on('end', () => socket.destroy())
    socket.resume()
    this.#socket = socket
    return socket
  }
}

/** Resolves when the kernel has the lines. */
function write(socket: Socket, lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing read for ${WRITE_TIMEOUT_MS / 1000}s`)), WRITE_TIMEOUT_MS)
    socket.write(lines, error => {
      clearTimeout(timer)
      if (error instanceof Error) reject(error)
      else resolve()
    })
  })
}
