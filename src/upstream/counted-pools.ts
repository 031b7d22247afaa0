/** What is counted of a pool of connections to one address. */
interface CountedPool {
  /** Connections that are open or opening. */
  readonly open: number
  readonly idleCount: number
  /** Nobody uses it any more. */
  close(): void
}

/** Pools by what makes them different. A pool is there for as long as somebody uses it. */
export class CountedPools<Pool extends CountedPool> implements Disposable {
  private readonly pools = new Map<string, { readonly pool: Pool; users: number }>()

  /** Every `acquire` wants its `release`. */
  acquire(key: string, create: () => Pool): Pool {
    const known = this.pools.get(key)
    if (known !== undefined) {
      known.users++
      return known.pool
    }
    const pool = create()
    this.pools.set(key, { pool, users: 1 })
    return pool
  }

  release(key: string, pool: Pool): void {
    const known = this.pools.get(key)
    if (known?.pool !== pool) return
    known.users--
    if (known.users > 0) return
    this.pools.delete(key)
    pool.close()
  }

  each(visit: (pool: Pool) => void): void {
    for (const { pool } of this.pools.values()) visit(pool)
  }

  /** Open and idle connections, for the metrics. */
  count(): { open: number; idle: number } {
    let open = 0
    let idle = 0
    this.each(pool => {
      open += pool.open
      idle += pool.idleCount
    })
    return { open, idle }
  }

  [Symbol.dispose](): void {
    this.each(pool => pool.close())
    this.pools.clear()
  }
}
