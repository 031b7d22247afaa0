import type { Deadlines } from '../socket/deadlines.ts'
import type { Dialer } from './dial.ts'
import { type Http2Address, type Http2Limits, Http2Pool } from './http2-pool.ts'

/** The HTTP/2 sessions of a thread: a pool for each address, and each way to be sure of it, that some target has. */
export class Http2Upstreams implements Disposable {
  private readonly pools = new Map<string, { pool: Http2Pool; users: number }>()
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
    const key = keyOf(address)
    const known = this.pools.get(key)
    if (known !== undefined) {
      known.users++
      return known.pool
    }
    const pool = new Http2Pool(address, this.dialer, this.deadlines, this.limits)
    this.pools.set(key, { pool, users: 1 })
    return pool
  }

  release(pool: Http2Pool): void {
    const key = keyOf(pool.address)
    const known = this.pools.get(key)
    if (known?.pool !== pool) return
    known.users--
    if (known.users > 0) return
    this.pools.delete(key)
    pool.close()
  }

  /** Open sessions and those without a request, for the metrics. */
  count(): { open: number; idle: number } {
    let open = 0
    let idle = 0
    for (const { pool } of this.pools.values()) {
      open += pool.open
      idle += pool.idleCount
    }
    return { open, idle }
  }

  [Symbol.dispose](): void {
    for (const { pool } of this.pools.values()) pool.close()
    this.pools.clear()
  }
}

function keyOf({ host, port, tls, graceMs }: Http2Address): string {
  return JSON.stringify([host, port, tls?.serverName, tls?.skipVerify, graceMs])
}
