// One thread of the data plane. Everything it has is made here; what it is told and what it says is in messages.ts.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Authenticator } from '../auth/authenticator.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import { type Listener, type ServerNameSettings, startListener } from '../listener/listener.ts'
import { compileAccessFormat } from '../log/access-log.ts'
import { AccessWriter } from '../log/access-writer.ts'
import { ForwardingLog } from '../log/forwarding-log.ts'
import type { Log } from '../log/log.ts'
import { transferablesOf } from '../metrics/metric-batch.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { NO_METRICS } from '../metrics/no-metrics.ts'
import { WorkerMetrics } from '../metrics/worker-metrics.ts'
import type { GrpcContext } from '../proxy/grpc/context.ts'
import { HeadPool } from '../proxy/http/head-pool.ts'
import { createNoRoutePage } from '../proxy/http/no-route-page.ts'
import { ServedTarget, TargetInstruments } from '../proxy/served-target.ts'
import { countAcrossThreads, createPicker } from '../route/picker.ts'
import { RouteTable, type TableEdit } from '../route/table.ts'
import { Deadlines } from '../socket/deadlines.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import {
  createGrpcContext,
  createHttpContext,
  createTcpContext,
  createUpstreams,
  type WorkerParts,
} from './contexts.ts'
import { GrpcService } from './grpc-service.ts'
import { type ExchangeLog, HttpService } from './http-service.ts'
import { serverNameSettings, tlsSettings, trustedBy } from './listener-settings.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import type { Service } from './service.ts'
import { takeSteps } from './take-steps.ts'
import { TcpService } from './tcp-service.ts'
import { ThreadMetrics } from './thread-metrics.ts'
import { WorkerCertificates } from './worker-certificates.ts'

/** How often counts go to the main thread. */
const MEASURE_MS = 1000

class WorkerThread {
  private readonly settings: WorkerSettings
  private readonly port: MessagePort
  private readonly log: ForwardingLog
  private readonly deadlines = new Deadlines()
  private readonly metrics: WorkerMetrics | undefined
  private readonly upstreams: Upstreams
  private readonly table: RouteTable<ServedTarget>
  private readonly http: ReturnType<typeof createHttpContext>
  private readonly accessWriter: AccessWriter | undefined
  private readonly threadMetrics: ThreadMetrics | undefined
  private readonly services: Service[] = []
  private readonly listeners: Listener[] = []
  /** Of `tcp-dynamic`, by port. */
  private readonly dynamic = new Map<number, { readonly service: Service; readonly listener: Listener }>()
  private readonly certificates = new WorkerCertificates((source, serverName) =>
    this.post({ kind: 'issue', source, serverName }),
  )
  private readonly parts: WorkerParts
  private grpcContext: GrpcContext | undefined
  private edit: TableEdit<ServedTarget> | undefined
  private isDraining = false

  constructor(settings: WorkerSettings, port: MessagePort) {
    const { proxy, glob, log } = settings.config
    this.settings = settings
    this.port = port
    this.log = new ForwardingLog({ level: log.level, post: records => this.post({ kind: 'log', records }) })
    this.metrics = settings.metrics === undefined ? undefined : new WorkerMetrics(settings.metrics)
    this.upstreams = createUpstreams(settings, this.deadlines)
    const metrics: Metrics = this.metrics ?? NO_METRICS
    const silent = this.metrics === undefined ? new TargetInstruments(NO_METRICS, '', []) : undefined
    this.table = new RouteTable<ServedTarget>({
      matcher: proxy.matcher,
      globHosts: !glob.matchingDisabled,
      makeTarget: (spec, route) => new ServedTarget(spec, route, this.upstreams, metrics, silent),
      dropTarget: target => target.leave(),
    })
    this.parts = {
      table: this.table,
      pick: createPicker(proxy.strategy, countAcrossThreads(settings.slots)),
      deadlines: this.deadlines,
      log: this.log as Log,
      metrics,
      dialer: this.upstreams.dialer,
      authenticator: new Authenticator(proxy.authSchemes.values(), settings.auth),
    }
    this.http = createHttpContext(this.parts, proxy)
    if (log.accessTarget !== '') {
      const format = compileAccessFormat(log.accessFormat, { escape: log.accessEscape })
      this.accessWriter = new AccessWriter({
        format,
        post: (chunk, transfer) => this.post({ kind: 'access', chunk }, transfer),
      })
    }
    if (this.metrics !== undefined) {
      this.threadMetrics = new ThreadMetrics(this.metrics, settings.index)
      setInterval(() => this.measure(), MEASURE_MS).unref()
    }
    port.on('message', (message: ToWorker) => this.receive(message))
  }

  private receive(message: ToWorker): void {
    switch (message.kind) {
      case 'stage':
        this.edit ??= this.table.edit()
        for (const change of message.changes) this.edit.apply(change)
        return this.post({ kind: 'staged' })
      case 'commit':
        if (this.edit !== undefined) takeSteps(this.edit.publish())
        this.edit = undefined
        return this.post({ kind: 'serving', version: message.version })
      case 'no-route-page':
        this.http.setNoRoutePage(createNoRoutePage(message.html))
        return
      case 'certificates':
      case 'issued':
      case 'ticket-key':
        return this.certificates.receive(message)
      case 'open-port':
        void this.openPort(message.listener, message.port)
        return
      case 'close-port':
        return this.closePort(message.port)
      case 'listen':
        void this.listen()
        return
      case 'auth':
        return this.parts.authenticator.connect(message.port)
      case 'measure':
        this.measure()
        return this.post({ kind: 'measured', id: message.id })
      case 'drain':
        return this.drain(message.graceMs)
    }
  }

  private async listen(): Promise<void> {
    const { config, listenerPorts } = this.settings
    const heads = new HeadPool()
    try {
      for (const [i, spec] of config.proxy.listeners.entries()) {
        // Listeners of the control plane, such as `prometheus`, have no port here.
        const port = listenerPorts[i]
        if (port === undefined || port === -1) continue
        await this.open({ ...spec, port }, this.createService(i, heads))
      }
      this.post({ kind: 'listening' })
    } catch (cause) {
      this.post({ kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) })
    }
  }

  private async open(spec: ListenerSpec, service: Service): Promise<Listener> {
    const { proxy } = this.settings.config
    this.services.push(service)
    const listener = await startListener({
      spec,
      reusePort: this.settings.reusePort,
      tls: tlsSettings(spec, proxy, (source, name, done) => this.certificates.issue(source, name, done)),
      serverNames: this.serverNames(spec, service),
      deadlines: this.deadlines,
      log: this.log,
      trusts: trustedBy(proxy),
      admits: () => this.admits(),
      accept: accepted => service.accept(accepted),
      ...(service.acceptHttp2 === undefined ? {} : { acceptHttp2: service.acceptHttp2.bind(service) }),
    })
    this.listeners.push(listener)
    if (spec.certSource !== undefined) this.certificates.add(listener, spec.certSource)
    return listener
  }

  /** A port that a TCP route is named after (`tcp-dynamic`), on all addresses. */
  private async openPort(index: number, port: number): Promise<void> {
    const template = this.settings.config.proxy.listeners[index]!
    const spec = { ...template, addr: `:${port}`, host: '', port }
    const service = new TcpService(spec, createTcpContext(this.parts, 'tcp'), () => this.connectionClosed())
    try {
      this.dynamic.set(port, { service, listener: await this.open(spec, service) })
    } catch (cause) {
      this.log.error(cause instanceof Error ? cause.message : String(cause))
    }
  }

  private closePort(port: number): void {
    const open = this.dynamic.get(port)
    if (open === undefined) return
    const { service, listener } = open
    this.dynamic.delete(port)
    listener.close()
    listener.destroy()
    service.destroy()
    this.certificates.forget(listener)
    this.listeners.splice(this.listeners.indexOf(listener), 1)
    this.services.splice(this.services.indexOf(service), 1)
  }

  /** For connections told apart by their server name, the service of those that are passed on undecrypted. */
  private serverNames(spec: ListenerSpec, service: Service): ServerNameSettings | undefined {
    if (spec.proto !== 'tcp+sni' && spec.proto !== 'https+tcp+sni') return undefined
    const { proxy } = this.settings.config
    if (service instanceof TcpService) return serverNameSettings(spec, proxy, service)
    const beside = this.createSniService(spec)
    this.services.push(beside)
    return serverNameSettings(spec, proxy, beside)
  }

  private createSniService(spec: ListenerSpec): TcpService {
    return new TcpService(spec, createTcpContext(this.parts, 'tcp+sni'), () => this.connectionClosed())
  }

  private createService(index: number, heads: HeadPool): Service {
    const { proxy } = this.settings.config
    const spec = proxy.listeners[index]!
    const onClosed = (): void => this.connectionClosed()
    if (spec.proto === 'tcp') return new TcpService(spec, createTcpContext(this.parts, 'tcp'), onClosed)
    if (spec.proto === 'tcp+sni') return this.createSniService(spec)
    if (spec.proto === 'grpc' || spec.proto === 'grpcs') return new GrpcService(proxy, this.grpc(), onClosed)
    const accessLog = this.exchangeLog()
    return new HttpService(spec, proxy, {
      context: this.http.context,
      grpc: () => this.grpc(),
      heads,
      accessLog,
      onClosed,
    })
  }

  private grpc(): GrpcContext {
    this.grpcContext ??= createGrpcContext(this.parts, this.settings.config.proxy)
    return this.grpcContext
  }

  private exchangeLog(): ExchangeLog | undefined {
    const { accessWriter } = this
    if (accessWriter === undefined) return undefined
    return { write: (exchange, durationMs) => accessWriter.write(this.http.accessEntry(exchange, durationMs)) }
  }

  private admits(): boolean {
    const { maxClients } = this.settings
    return maxClients === 0 || this.countClients() < maxClients
  }

  private countClients(): number {
    let open = 0
    for (const service of this.services) open += service.size
    for (const listener of this.listeners) open += listener.pending
    return open
  }

  private drain(graceMs: number): void {
    this.isDraining = true
    for (const listener of this.listeners) listener.close()
    for (const service of this.services) service.drain()
    if (graceMs > 0) setTimeout(() => this.end(), graceMs)
    else return this.end()
    this.connectionClosed()
  }

  private connectionClosed(): void {
    if (this.isDraining && this.services.every(service => service.waitedFor === 0)) this.end()
  }

  /** What is still open is cut. */
  private end(): void {
    if (!this.isDraining) return
    this.isDraining = false
    let cut = 0
    for (const service of this.services) {
      cut += service.size
      service.destroy()
    }
    for (const listener of this.listeners) listener.destroy()
    // The connections just cut count as over in their own time.
    setImmediate(() => {
      this.accessWriter?.flush()
      this.measure()
      this.log.flush()
      this.post({ kind: 'drained', cut })
    })
  }

  private measure(): void {
    this.threadMetrics?.collect({ clients: this.countClients(), upstream: this.upstreams.count() })
    const batch = this.metrics?.drain()
    if (batch !== undefined) this.post({ kind: 'metrics', batch }, transferablesOf(batch))
  }

  private post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.port.postMessage(message, transfer)
  }
}

if (parentPort === null) throw new Error('worker.ts is started by data-plane.ts, in a thread')
new WorkerThread(workerData as WorkerSettings, parentPort)
