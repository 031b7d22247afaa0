import type { Counter, Histogram, Labels, Metrics } from '../metrics/metrics.ts'
import type { TargetSpec } from '../route/command.ts'
import type { HostPath } from '../route/host-path.ts'
import type { Target } from '../route/target.ts'
import { withSharedLists } from '../route/target-spec.ts'
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
  private instruments: TargetInstruments | undefined
  private readonly metrics: Metrics
  private readonly pools: PoolSource
  private readonly route: HostPath
  private grpcSessions: Http2Pool | undefined
  private httpSessions: Http2Pool | undefined
  private hasLeft = false

  /** `instruments`: given where nothing is counted, one for all. */
  constructor(
    spec: TargetSpec,
    route: HostPath,
    pools: PoolSource,
    metrics: Metrics,
    instruments: TargetInstruments | undefined = undefined,
  ) {
    super(withSharedLists(spec))
    this.pools = pools
    this.metrics = metrics
    this.route = route
    this.instruments = instruments
    const destination = httpDestination(this)
    this.pool = destination === undefined ? undefined : pools.acquire(destination)
  }

  /** What is counted for this target; made with the first request, which most targets of a large table wait long for. */
  get counts(): TargetInstruments {
    const known = this.instruments
    // A target that has left ended the series of its labels, which may be those of this one too.
    if (known !== undefined && (this.hasLeft || !known.timer.ended)) return known
    const made = new TargetInstruments(this.metrics, this.service, this.labels)
    this.instruments = made
    // What outlives its target is counted into the void.
    if (this.hasLeft) this.metrics.forget(this.labels)
    return made
  }

  get timer(): Histogram {
    return this.counts.timer
  }

  get received(): Counter {
    return this.counts.received
  }

  get sent(): Counter {
    return this.counts.sent
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

  private get labels(): Labels {
    const { host, path } = this.route
    return [
      ['service', this.service],
      ['host', host],
      ['path', path],
      ['target', this.url],
    ]
  }

  /** The target has left the table. Requests under way keep it until they end. */
  leave(): void {
    this.hasLeft = true
    if (this.instruments !== undefined) this.metrics.forget(this.labels)
    if (this.pool !== undefined) this.pools.release(this.pool)
    if (this.grpcSessions !== undefined) this.pools.http2.release(this.grpcSessions)
    if (this.httpSessions !== undefined) this.pools.http2.release(this.httpSessions)
  }
}

/** What one thread counts for a target. */
export class TargetInstruments {
  readonly requests: Histogram
  readonly timer: Histogram
  readonly received: Counter
  readonly sent: Counter
  private readonly metrics: Metrics
  private readonly service: string
  private readonly statusTimers = new Map<number, Histogram>()

  constructor(metrics: Metrics, service: string, labels: Labels) {
    this.metrics = metrics
    this.service = service
    this.requests = metrics.histogram('requests', [['service', service]])
    this.timer = metrics.histogram('route', labels)
    this.received = metrics.counter('route.rx', labels)
    this.sent = metrics.counter('route.tx', labels)
  }

  /** Times of requests with this answer (`http.status`). */
  status(status: number): Histogram {
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
}

/** undefined for targets that do not speak HTTP. */
function httpDestination({ scheme, hostname: host, port, options, tlsServerName }: Target): Destination | undefined {
  if (port === 0) return undefined
  if (scheme === 'http') return { host, port }
  if (scheme !== 'https') return undefined
  return { host, port, tls: { serverName: tlsServerName ?? host, skipsVerification: options.tlsSkipVerify } }
}
