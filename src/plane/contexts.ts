// What requests and connections of a worker are served with, put together from its parts.

import type { Authenticator } from '../auth/authenticator.ts'
import type { ProxyConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import type { Counter, Metrics } from '../metrics/metrics.ts'
import { type GrpcContext, GrpcMetrics } from '../proxy/grpc/context.ts'
import { AccessEntry } from '../proxy/http/access-entry.ts'
import { AnswerAdditions } from '../proxy/http/additions.ts'
import type { HttpContext, NoRoutePage } from '../proxy/http/context.ts'
import type { Exchange } from '../proxy/http/exchange.ts'
import { createRequestHeads } from '../proxy/http/request-head.ts'
import type { ServedTarget } from '../proxy/served-target.ts'
import type { TcpContext } from '../proxy/tcp/handler.ts'
import type { Picker } from '../route/picker.ts'
import type { RouteTable } from '../route/table.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import type { Dialer } from '../upstream/dial.ts'
import { Upstreams } from '../upstream/upstreams.ts'
import type { WorkerSettings } from './messages.ts'

export interface WorkerParts {
  readonly table: RouteTable<ServedTarget>
  readonly pick: Picker
  readonly deadlines: Deadlines
  readonly log: Log
  readonly metrics: Metrics
  readonly dialer: Dialer
  readonly authenticator: Authenticator
}

export interface WorkerHttp {
  readonly context: HttpContext
  setNoRoutePage(page: NoRoutePage): void
  accessEntry(exchange: Exchange, durationMs: number): AccessEntry
}

export function createHttpContext(parts: WorkerParts, config: ProxyConfig): WorkerHttp {
  const { table, pick, deadlines, log, metrics, authenticator } = parts
  const { header } = config
  const additions = new AnswerAdditions(config)
  const requestHeads = createRequestHeads(config)
  const redirects = new Map<number, Counter>()
  const webSockets = metrics.gauge('ws.conn')
  webSockets.set(0)
  const context: HttpContext & { noRoutePage: NoRoutePage } = {
    table,
    pick,
    deadlines,
    log,
    authenticator,
    requestHeads,
    noRouteStatus: config.noRouteStatus,
    noRoutePage: { body: '', lines: '' },
    givesRequestIds: header.requestId !== '',
    upgradeTimeoutMs: config.upgradeTimeoutMs,
    notFound: metrics.counter('notfound'),
    webSockets,
    redirected(status) {
      let counter = redirects.get(status)
      if (counter === undefined) {
        counter = metrics.counter('http.redirect.count', [['code', String(status)]])
        redirects.set(status, counter)
      }
      return counter
    },
    additions: (exchange, head, bodyKind) => additions.of(exchange, head, bodyKind),
    errorLines: exchange => additions.linesOfErrors(exchange),
  }
  return {
    context,
    setNoRoutePage(page) {
      context.noRoutePage = page
    },
    accessEntry: (exchange, durationMs) => new AccessEntry(exchange, durationMs, requestHeads),
  }
}

export function createGrpcContext(parts: WorkerParts, config: ProxyConfig): GrpcContext {
  return {
    ...parts,
    maxReceivedBytes: config.grpcMaxRxMsgSize,
    maxSentBytes: config.grpcMaxTxMsgSize,
    metrics: new GrpcMetrics(parts.metrics),
  }
}

/** `tcp` counts what came by port, `tcp+sni` what came by server name. */
export function createTcpContext(parts: WorkerParts, protocol: TcpContext['protocol']): TcpContext {
  const { metrics } = parts
  const prefix = protocol === 'tcp' ? 'tcp' : 'tcp_sni'
  return {
    ...parts,
    protocol,
    notFound: metrics.counter('notfound'),
    connections: metrics.counter(`${prefix}.conn`),
    connectFailures: metrics.counter(`${prefix}.connfail`),
    noRoutes: metrics.counter(`${prefix}.noroute`),
  }
}

/** All connections of a worker to targets. */
export function createUpstreams(settings: WorkerSettings, deadlines: Deadlines): Upstreams {
  const { proxy } = settings.config
  const limits = {
    maxHeadBytes: proxy.limit.headerSize,
    maxHeaders: proxy.limit.headerCount,
    responseHeaderTimeoutMs: proxy.responseHeaderTimeoutMs,
    maxIdle: proxy.maxConn,
    idleTimeoutMs: proxy.idleConnTimeoutMs,
    maxConnections: proxy.limit.upstreamConns,
  }
  return new Upstreams(deadlines, proxy, limits, settings.upstreamAuthorities)
}
