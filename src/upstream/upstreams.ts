import type { Deadlines } from '../socket/deadlines.ts'
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
  private readonly pools = new Map<string, { pool: HttpPool; users: number }>()
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
    const key = keyOf(destination)
    const known = this.pools.get(key)
    if (known !== undefined) {
      known.users++
      return known.pool
    }
    const pool = new HttpPool(destination, this.dialer, this.deadlines, this.limits)
    this.pools.set(key, { pool, users: 1 })
    return pool
  }

  release(pool: HttpPool): void {
    const key = keyOf(pool.destination)
    const known = this.pools.get(key)
    if (known?.pool !== pool) return
    known.users--
    if (known.users > 0) return
    this.pools.delete(key)
    pool.close()
  }

  /** Open and idle connections, for the metrics. */
  count(): { open: number; idle: number } {
    let { open, idle } = this.http2.count()
    for (const { pool } of this.pools.values()) {
      open += pool.open
      idle += pool.idleCount
    }
    return { open, idle }
  }

  [Symbol.dispose](): void {
    clearInterval(this.sweeper)
    this.http2[Symbol.dispose]()
    for (const { pool } of this.pools.values()) pool.close()
    this.pools.clear()
  }

  private sweep(): void {
    const now = performance.now()
    for (const { pool } of this.pools.values()) if (pool.idleCount > 0) pool.sweep(now)
  }
}

function keyOf({ host, port, tls }: Destination): string {
  const address = `${host} ${port}`
  return tls === undefined ? address : `${address} ${tls.skipsVerification} ${tls.serverName}`
}
