import type { Counter, Histogram, Metrics } from '../metrics/metrics.ts'
import type { TargetSpec } from '../route/command.ts'
import type { Target } from '../route/target.ts'
import type { Destination } from '../upstream/dial.ts'
import type { HttpPool } from '../upstream/http-pool.ts'
import type { Http2Address, Http2Pool } from '../upstream/http2-pool.ts'
import { WireTarget } from './wire-target.ts'

/** Gives out the pool of an address and takes it back; an address nobody uses any more keeps no connections. */
export interface PoolSource {
  acquire(destination: Destination): HttpPool
  release(pool: HttpPool): void
  readonly http2: {
    acquire(address: Http2Address): Http2Pool
    release(pool: Http2Pool): void
  }
  /** `proxy.grpcshutdowntimeout` */
  readonly grpcGraceMs: number
}

/** A target with what one thread keeps for it: its connections and its counters. */
export class ServedTarget extends WireTarget {
  /** undefined for targets that do not speak HTTP. */
  readonly pool: HttpPool | undefined
  readonly requests: Histogram
  readonly timer: Histogram
  readonly received: Counter
  readonly sent: Counter
  private readonly statusTimers = new Map<number, Histogram>()
  private readonly metrics: Metrics
  private readonly labels: readonly (readonly [string, string])[]
  private readonly pools: PoolSource
  private grpcSessions: Http2Pool | undefined
  private httpSessions: Http2Pool | undefined
  private hasLeft = false

  constructor(spec: TargetSpec, route: { host: string; path: string }, pools: PoolSource, metrics: Metrics) {
    super(spec)
    this.pools = pools
    this.metrics = metrics
    this.labels = [
      ['service', this.service],
      ['host', route.host],
      ['path', route.path],
      ['target', this.url],
    ]
    const destination = httpDestination(this)
    this.pool = destination === undefined ? undefined : pools.acquire(destination)
    this.requests = metrics.histogram('requests', [['service', this.service]])
    this.timer = metrics.histogram('route', this.labels)
    this.received = metrics.counter('route.rx', this.labels)
    this.sent = metrics.counter('route.tx', this.labels)
  }

  /** Times of requests with this answer (`http.status`). */
  statusTimer(status: number): Histogram {
    let timer = this.statusTimers.get(status)
    if (timer === undefined) {
      timer = this.metrics.histogram('http.status', [
        ['code', String(status)],
        ['service', this.service],
      ])
      this.statusTimers.set(status, timer)
    }
    return timer
  }

  /**
   * Sessions for gRPC calls, which go to targets of every scheme, as in the original; from the first call on. undefined where there
   * is nothing to connect to.
   */
  sessions(): Http2Pool | undefined {
    if (this.grpcSessions !== undefined || this.hasLeft) return this.grpcSessions
    if (this.port === 0 || this.hostname === '' || this.redirect !== undefined) return undefined
    const { grpcServerName, tlsSkipVerify } = this.options
    const isTls = this.scheme === 'grpcs' || this.scheme === 'https'
    const serverName = grpcServerName ?? this.tlsServerName ?? this.hostname
    this.grpcSessions = this.pools.http2.acquire({
      host: this.hostname,
      port: this.port,
      tls: isTls ? { serverName, skipsVerification: tlsSkipVerify } : undefined,
      graceMs: this.pools.grpcGraceMs,
    })
    return this.grpcSessions
  }

  /** Sessions for HTTP requests, of targets that want them over HTTP/2. */
  http2(): Http2Pool | undefined {
    if (this.httpSessions !== undefined || this.hasLeft) return this.httpSessions
    if (!this.options.http2 || this.pool === undefined) return undefined
    const serverName = this.tlsServerName ?? this.hostname
    this.httpSessions = this.pools.http2.acquire({
      host: this.hostname,
      port: this.port,
      tls: this.scheme === 'https' ? { serverName, skipsVerification: this.options.tlsSkipVerify } : undefined,
      graceMs: 0,
    })
    return this.httpSessions
  }

  /** The target has left the table. Requests under way keep it until they end. */
  leave(): void {
    this.hasLeft = true
    this.metrics.forget(this.labels)
    if (this.pool !== undefined) this.pools.release(this.pool)
    if (this.grpcSessions !== undefined) this.pools.http2.release(this.grpcSessions)
    if (this.httpSessions !== undefined) this.pools.http2.release(this.httpSessions)
  }
}

/** undefined for targets that do not speak HTTP. */
function httpDestination({ scheme, hostname: host, port, options, tlsServerName }: Target): Destination | undefined {
  if (port === 0) return undefined
  if (scheme === 'http') return { host, port }
  if (scheme !== 'https') return undefined
  return { host, port, tls: { serverName: tlsServerName ?? host, skipsVerification: options.tlsSkipVerify } }
}
