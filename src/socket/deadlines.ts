/** Something that must be done by a certain time. Made once and kept; its deadline moves as it works. */
export interface Expiring {
  /** Called once when the time has come; nothing is due afterwards until a new deadline is set. */
  onDeadline(): void
  /** The wheel's own: when it is due, in milliseconds of `performance.now()`; Infinity when nothing is. */
  dueAt: number
  /** The wheel's own: the spoke it hangs on, or -1. */
  spoke: number
}

const TICK_MS = 50
const SPOKES = 1024

/**
 * One coarse wheel for all time limits of a thread, instead of a timer a request. Setting a deadline later than the last one,
 * which is what every request does, is one assignment: the wheel looks at it when the earlier time comes.
 * Deadlines are kept to within 50 ms, never early.
 */
export class Deadlines implements Disposable {
  private readonly spokes: Set<Expiring>[] = Array.from({ length: SPOKES }, () => new Set<Expiring>())
  private readonly timer: NodeJS.Timeout
  private tick = Math.floor(performance.now() / TICK_MS)

  constructor() {
    this.timer = setInterval(() => this.turn(), TICK_MS)
    this.timer.unref()
  }

  /** `item.onDeadline` is due in `ms` milliseconds; what was due before is forgotten. */
  set(item: Expiring, ms: number): void {
    const dueAt = performance.now() + ms
    const isEarlier = dueAt < item.dueAt
    item.dueAt = dueAt
    if (item.spoke === -1) this.hang(item)
    else if (isEarlier) {
      this.spokes[item.spoke]!.delete(item)
      this.hang(item)
    }
  }

  /** Nothing is due any more, for now. */
  clear(item: Expiring): void {
    item.dueAt = Number.POSITIVE_INFINITY
  }

  /** The item is gone for good. */
  remove(item: Expiring): void {
    item.dueAt = Number.POSITIVE_INFINITY
    if (item.spoke === -1) return
    this.spokes[item.spoke]!.delete(item)
    item.spoke = -1
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
    for (const spoke of this.spokes) spoke.clear()
  }

  private hang(item: Expiring): void {
    // The tick after the one the time falls in, so that nothing is ever early; what is farther away than the wheel is round
    // is hung on its last spoke and looked at again from there.
    const ticks = Math.min(Math.floor(item.dueAt / TICK_MS) + 1 - this.tick, SPOKES - 1)
    item.spoke = (this.tick + Math.max(ticks, 1)) % SPOKES
    this.spokes[item.spoke]!.add(item)
  }

  private turn(): void {
    const now = performance.now()
    const until = Math.floor(now / TICK_MS)
    // A loop that was held up catches up; one that slept for longer than the wheel is round need not go round twice.
    if (until - this.tick > SPOKES) this.tick = until - SPOKES
    while (this.tick < until) {
      this.tick++
      const spoke = this.spokes[this.tick % SPOKES]!
      if (spoke.size === 0) continue
      const items = [...spoke]
      spoke.clear()
      for (const item of items) item.spoke = -1
      for (const item of items) this.visit(item, now)
    }
  }

  private visit(item: Expiring, now: number): void {
    if (item.spoke !== -1 || item.dueAt === Number.POSITIVE_INFINITY) return
    if (item.dueAt > now) return this.hang(item)
    item.dueAt = Number.POSITIVE_INFINITY
    item.onDeadline()
  }
}
