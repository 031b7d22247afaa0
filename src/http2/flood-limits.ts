/** So many at once, and so many more each second. */
export class Allowance {
  private readonly burst: number
  private readonly perSecond: number
  private left: number
  private filledAt = 0

  constructor(burst: number, perSecond: number) {
    this.burst = burst
    this.perSecond = perSecond
    this.left = burst
  }

  /** @returns false when there was none left */
  take(): boolean {
    if (this.burst === Number.POSITIVE_INFINITY) return true
    const now = performance.now()
    if (this.filledAt > 0) this.left = Math.min(this.burst, this.left + ((now - this.filledAt) / 1000) * this.perSecond)
    this.filledAt = now
    if (this.left < 1) return false
    this.left--
    return true
  }
}

/** Frames that are allowed and bring nothing: empty DATA, PRIORITY, settings again and again, frames of streams that are closed. */
const IDLE_FRAMES = 1000
const IDLE_FRAMES_PER_SECOND = 33
/** The burst comes back within half a minute. */
const RESET_SECONDS = 30
/** Answers to PING and SETTINGS that a peer may leave unread. */
const MAX_UNREAD_ACKS = 1000

/** What one peer may do that costs us more than it (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2025-8671). */
export class FloodLimits {
  private readonly idle = new Allowance(IDLE_FRAMES, IDLE_FRAMES_PER_SECOND)
  private readonly resets: Allowance
  private unreadAcks = 0

  constructor(maxResets: number) {
    this.resets = new Allowance(maxResets, Math.max(maxResets / RESET_SECONDS, 1))
  }

  /** A frame without use. @returns false when there were too many */
  mayWaste(): boolean {
    return this.idle.take()
  }

  /** A stream that the peer ended before its time, or made us end. @returns false when there were too many */
  mayReset(): boolean {
    return this.resets.take()
  }

  /** An answer that has to be sent. `isStuck`: the peer does not read. @returns false when it leaves too many unread */
  mayAsk(isStuck: boolean): boolean {
    this.unreadAcks = isStuck ? this.unreadAcks + 1 : 0
    return this.unreadAcks <= MAX_UNREAD_ACKS
  }
}
