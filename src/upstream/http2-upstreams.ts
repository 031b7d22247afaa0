import type { Deadlines } from '../socket/deadlines.ts'
import { CountedPools } from './counted-pools.ts'
import type { Dialer } from './dial.ts'
import { type Http2Address, type Http2Limits, Http2Pool } from './http2-pool.ts'

/** The HTTP/2 sessions of a thread: a pool for each address, and each way to be sure of it, that some target has. */
export class Http2Upstreams implements Disposable {
  private readonly pools = new CountedPools<Http2Pool>()
  private readonly dialer: Dialer
  private readonly deadlines: Deadlines
  private readonly limits: Http2Limits

  constructor(dialer: Dialer, deadlines: Deadlines, limits: Http2Limits) {
    this.dialer = dialer
    this.deadlines = deadlines
    this.limits = limits
  }

  /** Every `acquire` wants its `release`. */
  acquire(address: Http2Address): Http2Pool {
    return this.pools.acquire(keyOf(address), () => new Http2Pool(address, this.dialer, this.deadlines, this.limits))
  }

  release(pool: Http2Pool): void {
    this.pools.release(keyOf(pool.address), pool)
  }

  /** Open sessions and those without a request, for the metrics. */
  count(): { open: number; idle: number } {
    return this.pools.count()
  }

  [Symbol.dispose](): void {
    this.pools[Symbol.dispose]()
  }
}

function keyOf({ host, port, tls, graceMs }: Http2Address): string {
  return JSON.stringify([host, port, tls?.serverName, tls?.skipsVerification, graceMs])
}
