import type { Deadlines } from '../socket/deadlines.ts'
import { CountedPools } from './counted-pools.ts'
import { type Destination, Dialer, type DialOptions } from './dial.ts'
import { HttpPool, type PoolLimits } from './http-pool.ts'
import { Http2Upstreams } from './http2-upstreams.ts'
import { UpstreamTls } from './upstream-tls.ts'

export interface UpstreamOptions extends DialOptions {
  /** `proxy.grpcshutdowntimeout`: how long gRPC calls may go on when their target has left the table. */
  readonly grpcShutdownTimeoutMs: number
}

/** How often idle connections are looked at. */
const SWEEP_MS = 500

/** All connections of a thread to upstreams: a way to make new ones, and a pool for each address that some target has. */
export class Upstreams implements Disposable {
  readonly dialer: Dialer
  readonly http2: Http2Upstreams
  readonly grpcGraceMs: number
  private readonly pools = new CountedPools<HttpPool>()
  private readonly deadlines: Deadlines
  private readonly limits: PoolLimits
  private readonly sweeper: NodeJS.Timeout

  /** @param authorities PEM of authorities to trust besides those of the system */
  constructor(deadlines: Deadlines, options: UpstreamOptions, limits: PoolLimits, authorities: readonly string[] = []) {
    this.deadlines = deadlines
    this.limits = limits
    this.dialer = new Dialer(options, deadlines, new UpstreamTls(authorities))
    this.http2 = new Http2Upstreams(this.dialer, deadlines, { ...limits, dialTimeoutMs: options.dialTimeoutMs })
    this.grpcGraceMs = options.grpcShutdownTimeoutMs
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS)
    this.sweeper.unref()
  }

  /** The pool of an address; one that must prove to be somebody else has another. Every `acquire` wants its `release`. */
  acquire(destination: Destination): HttpPool {
    return this.pools.acquire(
      keyOf(destination),
      () => new HttpPool(destination, this.dialer, this.deadlines, this.limits),
    )
  }

  release(pool: HttpPool): void {
    this.pools.release(keyOf(pool.destination), pool)
  }

  /** Open and idle connections, for the metrics. */
  count(): { open: number; idle: number } {
    const first = this.pools.count()
    const second = this.http2.count()
    return { open: first.open + second.open, idle: first.idle + second.idle }
  }

  [Symbol.dispose](): void {
    clearInterval(this.sweeper)
    this.http2[Symbol.dispose]()
    this.pools[Symbol.dispose]()
  }

  private sweep(): void {
    const now = performance.now()
    this.pools.each(pool => {
      if (pool.idleCount > 0) pool.sweep(now)
    })
  }
}

function keyOf({ host, port, tls }: Destination): string {
  const address = `${host} ${port}`
  return tls === undefined ? address : `${address} ${tls.skipsVerification} ${tls.serverName}`
}
