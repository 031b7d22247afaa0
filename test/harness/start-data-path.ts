import { startAuth } from '../../src/auth/auth-service.ts'
import { Authenticator } from '../../src/auth/authenticator.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Accepted, type Listener, startListener } from '../../src/listener/listener.ts'
import { createLog } from '../../src/log/create-log.ts'
import { NO_METRICS } from '../../src/metrics/no-metrics.ts'
import { createGrpcContext, createHttpContext, createTcpContext } from '../../src/plane/contexts.ts'
import { GrpcService } from '../../src/plane/grpc-service.ts'
import { HttpService } from '../../src/plane/http-service.ts'
import { TcpService } from '../../src/plane/tcp-service.ts'
import { HeadPool } from '../../src/proxy/http/head-pool.ts'
import { ServedTarget } from '../../src/proxy/served-target.ts'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import { countPerThread, createPicker } from '../../src/route/picker.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Deadlines, type Expiring } from '../../src/socket/deadlines.ts'
import type { Link, LinkUser } from '../../src/socket/link.ts'
import { Upstreams } from '../../src/upstream/upstreams.ts'
import type { Http1Head } from '../../src/wire/http1-head.ts'

/** One thread of the data plane as the worker puts it together, in the thread of the test, so that it can be looked into. */
export interface DataPath extends AsyncDisposable {
  /** Of each listener of `addr`. */
  readonly ports: readonly number[]
  readonly port: number
  readonly upstreams: Upstreams
  readonly services: readonly (HttpService | TcpService | GrpcService)[]
  /** Of every client that was accepted, in their order. */
  readonly links: readonly Link[]
  /** Heads that were taken and not given back. */
  readonly headsInUse: number
  /** Deadlines that are set, or were set and never removed. */
  readonly deadlinesInUse: number
  setRoutes(routes: string): void
  log(): string
}

export async function startDataPath(
  options: { readonly routes?: string; readonly flags?: readonly string[]; readonly addr?: string } = {},
): Promise<DataPath> {
  const { routes = '', flags = [], addr = '127.0.0.1:0' } = options
  const loaded = await loadConfig({ argv: ['-proxy.addr', addr, '-log.level', 'DEBUG', ...flags], env: {} })
  if (loaded.kind !== 'run') throw new Error(`configuration says ${loaded.kind}`)
  const { proxy } = loaded.config
  let logged = ''
  const collect = (text: string): void => {
    logged += text
  }
  const log = createLog({ level: 'DEBUG', format: 'text', destination: { write: collect, writeSync: collect } })
  const deadlines = new CountingDeadlines()
  const upstreams = new Upstreams(deadlines, proxy, {
    maxHeadBytes: 1_048_576,
    maxHeaders: 10_000,
    responseHeaderTimeoutMs: proxy.responseHeaderTimeoutMs,
    maxIdle: proxy.maxConn,
    idleTimeoutMs: proxy.idleConnTimeoutMs,
    maxConnections: proxy.limit.upstreamConns,
  })
  const table = new RouteTable<ServedTarget>({
    matcher: proxy.matcher,
    globHosts: true,
    makeTarget: (spec, route) => new ServedTarget(spec, route, upstreams, NO_METRICS),
    dropTarget: target => target.leave(),
  })
  const feed = new RouteFeed({ matcher: proxy.matcher, globHosts: true, textHeadings: false })
  const setRoutes = (text: string): void => {
    feed.setText('test', text)
    const edit = table.edit()
    for (const change of feed.commit()?.routes ?? []) edit.apply(change)
    edit.commit()
  }
  setRoutes(routes)
  const pick = createPicker(proxy.strategy, countPerThread)
  const auth = await startAuth(proxy.authSchemes, { log })
  const authenticator = new Authenticator(proxy.authSchemes.values(), auth.connect())
  const parts = { table, pick, deadlines, log, metrics: NO_METRICS, dialer: upstreams.dialer, authenticator }
  const { context } = createHttpContext(parts, proxy)
  const heads = new CountingHeadPool()
  const services: (HttpService | TcpService | GrpcService)[] = []
  const links: Link[] = []
  const listeners: Listener[] = []
  for (const spec of proxy.listeners) {
    const service =
      spec.proto === 'tcp'
        ? new TcpService(spec, createTcpContext(parts, 'tcp'), () => {})
        : spec.proto === 'grpc'
          ? new GrpcService(proxy, createGrpcContext(parts, proxy), () => {})
          : new HttpService(spec, proxy, {
              context,
              grpc: () => createGrpcContext(parts, proxy),
              heads,
              accessLog: undefined,
              onClosed: () => {},
            })
    services.push(service)
    const accept = (accepted: Accepted): LinkUser => {
      links.push(accepted.link)
      return service.accept(accepted)
    }
    listeners.push(
      await startListener({ spec, reusePort: false, tls: undefined, deadlines, log, admits: () => true, accept }),
    )
  }
  return {
    ports: listeners.map(({ port }) => port),
    port: listeners[0]?.port ?? -1,
    upstreams,
    services,
    links,
    get headsInUse() {
      return heads.inUse
    },
    get deadlinesInUse() {
      return deadlines.inUse.size
    },
    setRoutes,
    log: () => logged,
    async [Symbol.asyncDispose]() {
      authenticator[Symbol.dispose]()
      await auth[Symbol.asyncDispose]()
      for (const listener of listeners) listener.close()
      for (const service of services) service.destroy()
      upstreams[Symbol.dispose]()
      deadlines[Symbol.dispose]()
    },
  }
}

class CountingHeadPool extends HeadPool {
  inUse = 0

  override take(): Http1Head {
    this.inUse++
    return super.take()
  }

  override give(head: Http1Head): void {
    this.inUse--
    super.give(head)
  }
}

class CountingDeadlines extends Deadlines {
  readonly inUse = new Set<Expiring>()

  override set(expiring: Expiring, ms: number): void {
    this.inUse.add(expiring)
    super.set(expiring, ms)
  }

  override remove(expiring: Expiring): void {
    this.inUse.delete(expiring)
    super.remove(expiring)
  }
}
