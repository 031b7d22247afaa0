import { pause } from './back-off.ts'
import { ConsulError } from './consul-error.ts'

export interface PulseOptions {
  /** A cheap request, on a connection that is as old as the others unless one has failed; a failure is a ConsulError. */
  readonly ask: (options: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<unknown>
  /** Consul was out of reach and answers again: connections from before are not to be relied on. */
  readonly onRevived: () => Promise<void>
  readonly signal: AbortSignal
  /** From an answer to the next question; 2 seconds unless said otherwise. */
  readonly intervalMs?: number
}

/** Long enough for a busy agent; one that takes longer is as good as gone. */
const TIMEOUT_MS = 2000

/**
 * Asks every few seconds whether Consul can be reached. A blocking query that waits on a connection which died silently, as in a network that was
 * split, hears of nothing until its own deadline, a minute and more later. So when Consul answers again after it did not, what
 * waits since before is given up and asked anew. Ends when the signal is aborted.
 */
export async function watchPulse(options: PulseOptions): Promise<void> {
  const { ask, onRevived, signal, intervalMs = 2000 } = options
  let isGone = false
  while (!signal.aborted) {
    try {
      await ask({ signal, timeoutMs: TIMEOUT_MS })
      if (isGone) await onRevived()
      isGone = false
    } catch (cause) {
      if (!(cause instanceof ConsulError)) throw cause
      // An agent that answers that it cannot is reached; the queries are answered likewise.
      isGone ||= cause.kind === 'unreachable' || cause.kind === 'timeout'
    }
    await pause(isGone ? intervalMs / 4 : intervalMs, signal)
  }
}
