import type { AuthService } from '../auth/auth-service.ts'
import type { Certificates } from '../cert/certificates.ts'
import type { Config } from '../config/config.ts'
import { probeListener } from '../listener/listener.ts'
import type { AccessChunk } from '../log/access-writer.ts'
import type { Log, LogRecord } from '../log/log.ts'
import type { MetricBatch } from '../metrics/metric-batch.ts'
import type { WorkerMetricsOptions } from '../metrics/worker-metrics.ts'
import type { RouteChange } from '../route/change.ts'
import { RouteSlots } from '../route/route-slots.ts'
import type { Route } from '../route/table.ts'
import { DynamicListeners } from './dynamic-listeners.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import { WorkerHandle } from './worker-handle.ts'

export interface DataPlaneOptions {
  readonly config: Config
  readonly log: Log
  readonly auth: AuthService
  readonly certificates: Certificates
  /** PEM; see `proxy.upstream.ca`. */
  readonly upstreamAuthorities: readonly string[]
  /** undefined with metrics off. */
  readonly workerMetrics: WorkerMetricsOptions | undefined
  /** The table as it is: what a worker that takes another's place begins with. */
  routes(): Iterable<Route>
  onMetrics(worker: number, batch: MetricBatch): void
  /** A worker is gone, and its counts with it. */
  onWorkerGone(worker: number): void
  onWorkerReplaced(): void
  onAccessLines(chunk: AccessChunk): void
  writeLog(record: LogRecord): void
}

/** Routes with more than one target that can have a round-robin count shared by all workers. */
const SLOTS = 262_144
/** Changes in one message: as many as a worker takes in without its connections noticing. */
const CHANGES_PER_MESSAGE = 100
/** A worker that dies again and again is started again and again, at this pace. */
const FIRST_RESTART_MS = 50
const MAX_RESTART_MS = 5000
const CALM_MS = 60_000
const MEASURE_TIMEOUT_MS = 2000

/** Protocols whose listeners the workers open. */
const WORKER_PROTOCOLS: ReadonlySet<string> = new Set([
  'http',
  'https',
  'tcp',
  'tcp+sni',
  'https+tcp+sni',
  'grpc',
  'grpcs',
])

/** The worker threads: started here, told what changed, asked for what they counted, replaced when one dies. */
export class DataPlane implements AsyncDisposable {
  private readonly options: DataPlaneOptions
  private readonly slots = new SharedArrayBuffer(SLOTS * Uint32Array.BYTES_PER_ELEMENT)
  private readonly routeSlots = new RouteSlots(SLOTS)
  private readonly ports: readonly number[]
  private readonly workers: WorkerHandle[] = []
  private readonly waiters = new Set<() => void>()
  private readonly restarts = new Map<number, { count: number; last: number }>()
  private version = 0
  private noRouteHtml = ''
  private mustListen = false
  private isStopping = false
  private draining: Promise<void> | undefined
  private failure: string | undefined
  private measureId = 0
  private readonly measured = new Map<number, { left: number; resolve: () => void }>()
  private readonly drained = new Set<number>()
  private dynamic: DynamicListeners | undefined

  private constructor(options: DataPlaneOptions, ports: readonly number[]) {
    this.options = options
    this.ports = ports
    for (let index = 0; index < options.config.runtime.gomaxprocs; index++) this.start(index)
    options.certificates.subscribe({
      certificates: (source, set) => this.postAll({ kind: 'certificates', source, set }),
      ticketKey: key => this.postAll({ kind: 'ticket-key', key }),
    })
    options.auth.onReplaced(() => {
      for (const worker of this.workers) worker.post({ kind: 'auth', port: options.auth.connect() })
    })
  }

  /**
   * Starts the workers; they do not listen yet.
   * @throws ListenError when a listener's address cannot be had
   */
  static async start(options: DataPlaneOptions): Promise<DataPlane> {
    const ports: number[] = []
    for (const spec of options.config.proxy.listeners)
      ports.push(WORKER_PROTOCOLS.has(spec.proto) ? await probeListener(spec) : -1)
    return new DataPlane(options, ports)
  }

  /** The port of each listener of the configuration; -1 where the workers have none. */
  get listenerPorts(): readonly number[] {
    return this.ports
  }

  get workerCount(): number {
    return this.workers.length
  }

  /** Sends one change to all workers. Resolves when every one serves it. */
  async apply(changes: readonly RouteChange[]): Promise<readonly RouteChange[]> {
    const placed = this.routeSlots.assign(changes)
    const version = ++this.version
    for (const worker of this.workers) this.send(worker, placed, version)
    await this.until(() => this.workers.every(worker => worker.serving >= version))
    return placed
  }

  setNoRoutePage(html: string): void {
    this.noRouteHtml = html
    this.postAll({ kind: 'no-route-page', html })
  }

  /** Opens the listeners in every worker. Resolves when all are open; rejects with Fabio's words when one cannot be. */
  async listen(): Promise<void> {
    this.mustListen = true
    this.postAll({ kind: 'listen' })
    await this.until(() => this.failure !== undefined || this.workers.every(worker => worker.isListening))
    if (this.failure !== undefined) throw new Error(this.failure)
    this.dynamic = new DynamicListeners(this.options, message => this.postAll(message))
  }

  /** Has every worker's counts brought up to now. */
  async measure(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const id = ++this.measureId
    this.measured.set(id, { left: this.workers.length, resolve })
    this.postAll({ kind: 'measure', id })
    const timer = setTimeout(resolve, MEASURE_TIMEOUT_MS)
    await promise
    clearTimeout(timer)
    this.measured.delete(id)
  }

  /** No new connections; waits for those that are open, up to `proxy.shutdownwait`, then ends the workers. */
  drain(): Promise<void> {
    this.draining ??= this.stop()
    return this.draining
  }

  private async stop(): Promise<void> {
    this.isStopping = true
    this.dynamic?.[Symbol.dispose]()
    // A worker that has died and is not replaced yet has nothing left to drain.
    for (const { index, hasExited } of this.workers) if (hasExited) this.drained.add(index)
    const graceMs = this.options.config.proxy.shutdownWaitMs
    this.postAll({ kind: 'drain', graceMs })
    await this.until(() => this.workers.every(worker => this.drained.has(worker.index)))
    await Promise.all(this.workers.map(worker => worker.terminate()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain()
  }

  private start(index: number): void {
    const { config, workerMetrics } = this.options
    const { gomaxprocs } = config.runtime
    const settings: WorkerSettings = {
      index,
      config,
      listenerPorts: this.ports,
      reusePort: gomaxprocs > 1,
      maxClients: Math.ceil(config.proxy.limit.clients / gomaxprocs),
      slots: this.slots,
      auth: this.options.auth.connect(),
      upstreamAuthorities: this.options.upstreamAuthorities,
      metrics: workerMetrics,
    }
    const worker = new WorkerHandle(settings, {
      onMessage: message => this.receive(worker, message),
      onExit: (code, error) => this.onExit(worker, code, error),
    })
    this.workers[index] = worker
  }

  private postAll(message: Exclude<ToWorker, { kind: 'auth' }>): void {
    for (const worker of this.workers) worker.post(message)
  }

  private send(worker: WorkerHandle, changes: readonly RouteChange[], version: number): void {
    for (let from = 0; from < changes.length; from += CHANGES_PER_MESSAGE) {
      worker.changes.add({ kind: 'stage', changes: changes.slice(from, from + CHANGES_PER_MESSAGE) })
    }
    worker.changes.add({ kind: 'commit', version })
  }

  private receive(worker: WorkerHandle, message: FromWorker): void {
    const { options } = this
    switch (message.kind) {
      case 'serving':
        worker.serving = message.version
        return this.wake()
      case 'staged':
        return worker.changes.taken()
      case 'listening':
        worker.isListening = true
        worker.changes.isPaced = true
        return this.wake()
      case 'failed':
        this.failure = message.reason
        options.log.error(message.reason)
        return this.wake()
      case 'issue':
        return this.issue(worker, message.source, message.serverName)
      case 'metrics':
        return options.onMetrics(worker.index, message.batch)
      case 'measured':
        return this.countMeasured(message.id)
      case 'log':
        for (const record of message.records) options.writeLog(record)
        return
      case 'access':
        return options.onAccessLines(message.chunk)
      case 'drained':
        if (message.cut > 0) options.log.info(`cut ${message.cut} connections that were still open`)
        this.drained.add(worker.index)
        return this.wake()
    }
  }

  /** The certificate, if there is one now, has been sent to all workers before the answer. */
  private issue(worker: WorkerHandle, source: string, serverName: string): void {
    void this.options.certificates
      .issue(source, serverName)
      .then(() => worker.post({ kind: 'issued', source, serverName }))
  }

  private countMeasured(id: number): void {
    const waiting = this.measured.get(id)
    if (waiting === undefined) return
    waiting.left--
    if (waiting.left === 0) waiting.resolve()
  }

  private onExit(worker: WorkerHandle, code: number, error: Error | undefined): void {
    const { index } = worker
    this.options.onWorkerGone(index)
    if (this.isStopping) {
      this.drained.add(index)
      return this.wake()
    }
    const cause = error === undefined ? `exit code ${code}` : (error.stack ?? error.message)
    const delayMs = this.restartDelay(index)
    this.options.log.error(`worker ${index} died and is replaced: ${cause}`)
    setTimeout(() => this.replace(index), delayMs)
  }

  private restartDelay(index: number): number {
    const now = performance.now()
    const known = this.restarts.get(index)
    const count = known === undefined || now - known.last > CALM_MS ? 0 : known.count + 1
    this.restarts.set(index, { count, last: now })
    return count === 0 ? 0 : Math.min(FIRST_RESTART_MS * 2 ** (count - 1), MAX_RESTART_MS)
  }

  /** A new thread with the whole table, the page and the listeners; the others are not touched. */
  private replace(index: number): void {
    if (this.isStopping) return
    this.options.onWorkerReplaced()
    this.start(index)
    const worker = this.workers[index]!
    const changes = Array.from(this.options.routes(), asChange)
    this.send(worker, this.routeSlots.assign(changes), this.version)
    worker.post({ kind: 'no-route-page', html: this.noRouteHtml })
    this.options.certificates.tell({
      certificates: (source, set) => worker.post({ kind: 'certificates', source, set }),
      ticketKey: key => worker.post({ kind: 'ticket-key', key }),
    })
    if (!this.mustListen) return
    worker.post({ kind: 'listen' })
    this.dynamic?.tell(worker)
  }

  private async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>(resolve => this.waiters.add(resolve))
  }

  private wake(): void {
    const waiters = [...this.waiters]
    this.waiters.clear()
    for (const resolve of waiters) resolve()
  }
}

function asChange(route: Route): RouteChange {
  const { host, path } = route
  return { host, path, targets: route.targets.map(target => target.spec) }
}
