import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckStatus, HttpProbe, TcpProbe } from './check-definition.ts'
import { probeHttp } from './http-probe.ts'
import { probeTcp } from './tcp-probe.ts'

export interface ProbeResult {
  readonly status: CheckStatus
  readonly output: string
}

export type ReportProbe = (result: ProbeResult) => void

/** The longest a timer of Node can wait, about 25 days. Anything longer would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Looks again and again until the signal aborts. The first look comes after a random part of the interval, so that the
 * checks of a hundred services do not all start in one instant.
 */
export async function runProbeLoop(
  probe: HttpProbe | TcpProbe,
  report: ReportProbe,
  signal: AbortSignal,
): Promise<void> {
  const inRow = { successes: 0, failures: 0 }
  let pauseMs = Math.random() * probe.intervalMs
  while (!signal.aborted) {
    // The only thing that can go wrong with a pause is the abort, which the loop sees next.
    await sleep(Math.min(pauseMs, LONGEST_TIMER_MS), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const result = probe.kind === 'http' ? await probeHttp(probe, signal) : await probeTcp(probe, signal)
    if (signal.aborted) return
    if (counts(probe, result, inRow)) report(result)
    pauseMs = probe.intervalMs
  }
}

/** A result counts when it was seen often enough in a row. */
function counts(
  probe: HttpProbe | TcpProbe,
  result: ProbeResult,
  inRow: { successes: number; failures: number },
): boolean {
  if (result.status === 'critical') {
    inRow.successes = 0
    return ++inRow.failures >= probe.failuresBeforeCritical
  }
  inRow.failures = 0
  return ++inRow.successes >= probe.successBeforePassing
}
