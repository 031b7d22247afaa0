const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** As in the log. */
const WARN_DAYS = 14

/** How long a certificate is good for, and how bad that is. Times in milliseconds of `Date.now()`. */
export function timeLeft(end: number, now: number): { readonly text: string; readonly mark: 'ok' | 'warn' | 'danger' } {
  const leftMs = end - now
  if (leftMs <= 0) return { text: 'has ended', mark: 'danger' }
  const mark = leftMs > WARN_DAYS * DAY_MS ? 'ok' : 'warn'
  if (leftMs < HOUR_MS) return { text: 'less than an hour left', mark }
  const [count, unit] =
    leftMs < 2 * DAY_MS ? [Math.floor(leftMs / HOUR_MS), 'hour'] : [Math.floor(leftMs / DAY_MS), 'day']
  return { text: `${count.toLocaleString()} ${unit}${count === 1 ? '' : 's'} left`, mark }
}
