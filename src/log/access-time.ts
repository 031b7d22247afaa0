const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Calendar times in UTC. Requests come many a second: what does not change within one is made once. */
export class AccessTime {
  #commonSecond = -1
  #common = ''
  #rfc3339Second = -1
  #rfc3339 = ''

  /** `02/Jan/2006:15:04:05 +0000` */
  common(endMs: number): string {
    const second = Math.floor(endMs / 1000)
    if (second !== this.#commonSecond) {
      const date = new Date(second * 1000)
      const day = `${pad(date.getUTCDate(), 2)}/${MONTHS[date.getUTCMonth()] ?? ''}/${pad(date.getUTCFullYear(), 4)}`
      this.#common = `${day}:${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)} +0000`
      this.#commonSecond = second
    }
    return this.#common
  }

  /** `2006-01-02T15:04:05`, without the `Z` that ends it, so that a fraction can come between. */
  rfc3339(endMs: number): string {
    const second = Math.floor(endMs / 1000)
    if (second !== this.#rfc3339Second) {
      this.#rfc3339 = new Date(second * 1000).toISOString().slice(0, 19)
      this.#rfc3339Second = second
    }
    return this.#rfc3339
  }
}

/** Nanoseconds since the last full second. A double holds the time of day to a quarter of a microsecond. */
export function nanosecondsOf(endMs: number): number {
  return Math.floor((endMs - Math.floor(endMs / 1000) * 1000) * 1e6)
}

function pad(n: number, digits: number): string {
  return String(n).padStart(digits, '0')
}
