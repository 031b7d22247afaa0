import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuthService, startAuth } from './auth/auth-service.ts'
import { beforeServer } from './before-server.ts'
import { type Certificates, startCertificates } from './cert/certificates.ts'
import { loadAuthorities } from './cert/pem-file.ts'
import type { CertSourceSpec } from './config/cert-source-spec.ts'
import type { Config } from './config/config.ts'
import type { DescribedOptions } from './config/describe-options.ts'
import type { ListenerSpec } from './config/listener-spec.ts'
import { createControlMetrics } from './control-metrics.ts'
import { addressesOf, describeDev, startDev } from './dev/dev-config.ts'
import { printWelcome } from './dev/welcome.ts'
import { HistoryFile } from './history/history-file.ts'
import { Lifecycle } from './lifecycle.ts'
import { startPrometheusListener } from './listener/prometheus.ts'
import { compileAccessFormat } from './log/access-log.ts'
import { writeAccessChunk } from './log/access-writer.ts'
import type { LeveledLog } from './log/leveled-log.ts'
import type { Log } from './log/log.ts'
import type { OutputWriter } from './log/output-writer.ts'
import { type RunningMetrics, startMetrics } from './metrics/start-metrics.ts'
import { commandContext, startOperatorUi } from './operator-ui.ts'
import { DataPlane } from './plane/data-plane.ts'
import { startProfile } from './profile/profile.ts'
import { Readiness } from './readiness.ts'
import { connectRegistry, type Registry } from './registry/registry.ts'
import { RequestCounts } from './request-counts.ts'
import { RouteControl } from './route-control.ts'

export interface AppParts {
  readonly config: Config
  /** What the operator's pages say about each option. */
  readonly options: DescribedOptions
  readonly log: LeveledLog
  readonly stdout: OutputWriter
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gives up starting. */
  readonly signal: AbortSignal
}

/** The running router. */
export interface App extends AsyncDisposable {
  /** Of each listener of `proxy.addr`, in its order; -1 for those that are not open. */
  readonly listenerPorts: readonly number[]
  /** undefined when `ui.addr` is empty. */
  readonly adminPort: number | undefined
  readonly routes: RouteControl
  readonly plane: DataPlane
}

/** The whole router, in the order in which its parts need each other. Stopping is the same list backwards. */
export async function startApp(parts: AppParts): Promise<App> {
  const { log, signal, env } = parts
  const startedAt = performance.now()
  const app = new Lifecycle(log)
  try {
    const config = await withDevelopmentMode(parts.config, app, log)
    checkAccessLog(config)
    const counted = new Gatherer()
    const metrics = app.own('metrics', await startMetrics(config.metrics, counted.surroundings(parts)))
    const registry = app.own(
      'registry',
      await connectRegistry(config.registry, {
        log,
        signal,
        env,
        context: commandContext(config),
        tellsDown: config.proxy.noRouteKnown === '503',
      }),
    )
    const auth = app.own('authentication', await startAuth(config.proxy.authSchemes, { log }))
    const certificates = app.own('certificates', await startCertificates(usedSources(config), { log, env }))
    const { plane, routes } = await startRouting(config, parts, { metrics, auth, certificates })
    app.own('data plane', plane)
    counted.plane = plane
    app.own('history', await keepHistory(config, routes, log))
    counted.measureControl = createControlMetrics(metrics.hub, () => ({
      targets: routes.size,
      problems: routes.problems(),
      registry: registry.status(),
      expiries: certificates.expiries(),
    }))
    const options = config.process.dev ? { ...parts.options, ...describeDev(config) } : parts.options
    const readiness = new Readiness({
      registryStatus: () => registry.status(),
      staleLimitMs: config.registry.staleLimitMs,
    })
    const requests = metrics.workerOptions === undefined ? undefined : new RequestCounts(metrics.hub)
    const prepare = (spec: ListenerSpec | undefined) => beforeServer(spec, config, { certificates, log })
    const ui = {
      log,
      options,
      routes,
      registry,
      readiness,
      requests,
      certificates,
      prepare: prepare(config.ui.listener),
    }
    const admin = await startOperatorUi(config, ui)
    // Both close their sockets at the same time: who asks for /health must not hear that all is well while nothing else listens.
    app.own('listeners', {
      [Symbol.asyncDispose]: () => Promise.all([plane.drain(), admin[Symbol.asyncDispose]()]).then(() => {}),
    })
    // Stopped before the listeners, while the workers are there to be asked.
    app.own('profile', await startProfile(config.process, log))
    await awaitFirstTable(config, { log, registry, routes, plane, signal, readiness, startedAt })
    await plane.listen()
    readiness.listening()
    sayListening(config, plane.listenerPorts, log)
    await startPrometheusListeners(config, metrics, { app, prepare })
    app.own('grace period', { [Symbol.asyncDispose]: () => sleep(config.proxy.deregisterGracePeriodMs) })
    await announce(registry, routes, app)
    app.own('readiness', readiness)
    if (config.process.dev) {
      printWelcome(process.stdout, { ...addressesOf(config), registryAddr: config.registry.consul.addr }, env)
    }
    const stop = () => app[Symbol.asyncDispose]()
    return { listenerPorts: plane.listenerPorts, adminPort: admin.port, routes, plane, [Symbol.asyncDispose]: stop }
  } catch (cause) {
    await app[Symbol.asyncDispose]()
    throw cause
  }
}

/** Metrics are there before what they count; this is how they reach it when they are asked for. */
class Gatherer {
  plane: DataPlane | undefined
  measureControl: (() => void) | undefined

  surroundings({ log, stdout }: AppParts): Parameters<typeof startMetrics>[1] {
    return {
      log,
      print: text => stdout.write(text, text.split('\n').length - 1),
      refresh: async () => {
        this.measureControl?.()
        await this.plane?.measure()
      },
    }
  }
}

async function withDevelopmentMode(config: Config, app: Lifecycle, log: Log): Promise<Config> {
  if (!config.process.dev) return config
  const started = await startDev(config, log)
  app.own('development mode', started.dev)
  return started.config
}

async function loadUpstreamAuthorities(file: string): Promise<readonly string[]> {
  if (file === '') return []
  try {
    return await loadAuthorities(file)
  } catch (cause) {
    throw new Error(`proxy.upstream.ca: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Those that a listener of `proxy.addr` refers to, or `ui.addr`. */
function usedSources({ proxy, ui }: Config): readonly CertSourceSpec[] {
  const names = new Set([...proxy.listeners, ui.listener].map(spec => spec?.certSource))
  return [...proxy.certSources.values()].filter(({ name }) => names.has(name))
}

/** Here, where a mistake ends the start, and not in a worker. */
function checkAccessLog({ log, proxy }: Config): void {
  if (!proxy.listeners.some(({ proto }) => proto === 'http' || proto === 'https')) return
  const { accessTarget, accessFormat, accessEscape } = log
  if (accessTarget !== '' && accessTarget !== 'stdout') throw new Error(`Invalid access log target ${accessTarget}`)
  if (accessTarget === 'stdout') compileAccessFormat(accessFormat, { escape: accessEscape })
}

async function startRouting(
  config: Config,
  { log, stdout }: AppParts,
  { metrics, auth, certificates }: { metrics: RunningMetrics; auth: AuthService; certificates: Certificates },
): Promise<{ plane: DataPlane; routes: RouteControl }> {
  const { hub } = metrics
  const dropped = hub.counter('fabio.access_log_lines_dropped')
  const replaced = hub.counter('fabio.workers_replaced')
  const plane: DataPlane = await DataPlane.start({
    config,
    log,
    auth,
    certificates,
    upstreamAuthorities: await loadUpstreamAuthorities(config.proxy.upstream.caPath),
    workerMetrics: metrics.workerOptions,
    routes: () => routes.routes(),
    onMetrics: (worker, batch) => hub.merge(worker, batch),
    onWorkerGone: worker => hub.dropWorker(worker),
    onWorkerReplaced: () => replaced.add(1),
    onAccessLines: chunk => dropped.add(writeAccessChunk(stdout, chunk)),
    writeLog: record => log.write(record),
  })
  const routes: RouteControl = new RouteControl({
    config,
    log,
    publish: changes => plane.apply(changes),
    onTargetGone: labels => hub.forget(labels),
  })
  return { plane, routes }
}

interface FirstTableParts {
  readonly log: Log
  readonly registry: Registry
  readonly routes: RouteControl
  readonly plane: DataPlane
  readonly readiness: Readiness
  readonly signal: AbortSignal
  /** In milliseconds of `performance.now()`. */
  readonly startedAt: number
}

/** A registry that was reached at the last moment has so long to say what it knows. */
const LEAST_TABLE_MS = 1000

/** Resolves when every worker serves what the registry said first, or when there was time enough to say it. */
async function awaitFirstTable(config: Config, parts: FirstTableParts): Promise<void> {
  const { log, registry, routes, plane, signal, readiness, startedAt } = parts
  log.info('Waiting for first routing table')
  registry.start({
    sink: routes.feed,
    onChange: causes => routes.commit(causes),
    onNoRouteHtml: html => plane.setNoRoutePage(html),
  })
  void registry.ready.then(() => readiness.tableComplete())
  const waited = new AbortController()
  const deadlineMs = config.registry.deadlineMs || config.registry.timeoutMs
  const leastMs = registry.status().reason === undefined ? LEAST_TABLE_MS : 0
  const leftMs = Math.max(startedAt + deadlineMs - performance.now(), leastMs)
  const late = sleep(leftMs, 'late' as const, { signal: AbortSignal.any([signal, waited.signal]) })
  try {
    const outcome = await Promise.race([registry.ready, late])
    if (outcome === 'late') log.warn('The registry has not said everything yet: opening listeners with what is known')
  } finally {
    waited.abort()
    late.catch(() => {
      // Only ever aborted: by the table, or by the end of the process, which the race has reported.
    })
  }
  await routes.settled()
}

/** Beside the snapshot, where there is one. */
async function keepHistory(config: Config, routes: RouteControl, log: Log): Promise<AsyncDisposable> {
  const { path } = config.registry.snapshot
  if (path === '') return { async [Symbol.asyncDispose]() {} }
  const file = new HistoryFile(`${path}.history`, log)
  routes.history.restore(await file.load())
  routes.history.onRecorded = change => file.append(change)
  return { [Symbol.asyncDispose]: () => file.settled() }
}

function sayListening(config: Config, ports: readonly number[], log: Log): void {
  for (const [i, spec] of config.proxy.listeners.entries()) {
    if (ports[i] !== -1) log.info(`${spec.proto.toUpperCase()} proxy listening on ${spec.addr}`)
  }
  const { strategy, matcher } = config.proxy
  log.info(config.log.accessTarget === '' ? 'Access logging disabled' : 'Writing access log to stdout')
  log.info(`Using routing strategy "${strategy}"`)
  log.info(`Using route matching "${matcher}"`)
}

async function startPrometheusListeners(
  config: Config,
  metrics: RunningMetrics,
  { app, prepare }: { app: Lifecycle; prepare: (spec: ListenerSpec) => ((server: Server) => void) | undefined },
): Promise<void> {
  const { path } = config.metrics.prometheus
  const render = (acceptEncoding: string) => metrics.renderPrometheus(acceptEncoding)
  for (const spec of config.proxy.listeners) {
    if (spec.proto !== 'prometheus') continue
    app.own(`listener ${spec.addr}`, await startPrometheusListener({ spec, path, render, prepare: prepare(spec) }))
  }
}

/** Last of all, when everything listens; and first to go. */
async function announce(registry: Registry, routes: RouteControl, app: Lifecycle): Promise<void> {
  if (registry.announcer === undefined) return
  const announcement = app.own('announcement', await registry.announcer.start(routes.feed.aliases()))
  routes.subscribe(() => announcement.setAliases(routes.feed.aliases()))
}
