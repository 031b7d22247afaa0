import { pause } from '../../consul/back-off.ts'
import type { Log } from '../../log/log.ts'

/** Runs work that should not end before the signal is aborted. If it does, by a fault of ours, that is logged and it starts over. */
export async function keepRunning(
  name: string,
  work: () => Promise<void>,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await work().catch(reportFault(name, log))
    if (!signal.aborted) await pause(1000, signal)
  }
}

/** For `.catch()`: an exception that nobody expected costs the work that it ended, not the process. */
export function reportFault(name: string, log: Log): (cause: unknown) => void {
  return cause =>
    log.error(`consul: ${name}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`)
}
