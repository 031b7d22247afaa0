import type { HealthCheck } from '../../consul/decode.ts'

/** What a check counted as when it was looked at last. */
export interface KnownCheck {
  readonly createIndex: number
  readonly status: string
  /** In milliseconds of the caller's clock: since when it keeps the state of before. */
  readonly heldSince: number | undefined
}

/**
 * When an agent is restarted it reports its checks as critical until it has run each of them once, which takes up to the
 * interval of the check: for that long every service of the node looks dead, and Fabio sends 404s (fabiolb/fabio#861).
 * Such a check is known by having no output, for a probe that failed always says why. It keeps the state it had before, until it
 * was run or HOLD_MS are over. A check that is new, or was not seen healthy, is taken at its word.
 */
export function carryOver(check: HealthCheck, before: KnownCheck | undefined, now: number): KnownCheck {
  const heldSince = before?.heldSince ?? now
  const isHeld =
    isNotRunYet(check) &&
    before?.createIndex === check.createIndex &&
    before.status !== 'critical' &&
    now < heldSince + HOLD_MS
  if (isHeld) return { ...before, heldSince }
  return { createIndex: check.createIndex, status: check.status, heldSince: undefined }
}

/** Longer than the interval of nearly every check. */
export const HOLD_MS = 120_000

/** Not `ttl` and not `script`: those may fail without a word. */
const TALKATIVE_CHECKS = new Set(['http', 'tcp', 'udp', 'grpc', 'h2ping'])

function isNotRunYet(check: HealthCheck): boolean {
  return (
    check.serviceId !== '' && check.status === 'critical' && check.output === '' && TALKATIVE_CHECKS.has(check.type)
  )
}
