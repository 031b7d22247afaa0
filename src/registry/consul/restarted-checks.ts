import type { HealthCheck } from '../../consul/decode.ts'

/**
 * When an agent is restarted it reports its checks as critical until it has run each of them once, which takes up to the
 * interval of the check: for that long every service of the node looks dead, and Fabio sends 404s (fabiolb/fabio#861).
 * Such a check is known by having no output, for a probe that failed always says why. It keeps the state it had before, until it
 * was run or HOLD_MS are over. A check that is new, or was not seen healthy, is taken at its word.
 */
export class RestartedChecks {
  #known = new Map<string, KnownCheck>()

  /** The checks, with the states they had before a restart. `until`: when the first of these has to be looked at again. */
  carryOver(
    checks: readonly HealthCheck[],
    now: number,
  ): { checks: readonly HealthCheck[]; until: number | undefined } {
    const known = new Map<string, KnownCheck>()
    let until: number | undefined
    const carried = checks.map(check => {
      if (check.serviceId === '') return check
      const key = `${check.node}\0${check.checkId}`
      const before = this.#known.get(key)
      const heldSince = before?.heldSince ?? now
      if (
        isNotRunYet(check) &&
        before?.createIndex === check.createIndex &&
        before.status !== 'critical' &&
        now < heldSince + HOLD_MS
      ) {
        known.set(key, { ...before, heldSince })
        until = Math.min(until ?? Number.POSITIVE_INFINITY, heldSince + HOLD_MS)
        return { ...check, status: before.status }
      }
      known.set(key, { createIndex: check.createIndex, status: check.status, heldSince: undefined })
      return check
    })
    this.#known = known
    return { checks: carried, until }
  }
}

interface KnownCheck {
  readonly createIndex: number
  readonly status: string
  /** In milliseconds of the caller's clock. */
  readonly heldSince: number | undefined
}

/** Longer than the interval of nearly every check. */
const HOLD_MS = 120_000

/** Not `ttl` and not `script`: those may fail without a word. */
const TALKATIVE_CHECKS = new Set(['http', 'tcp', 'udp', 'grpc', 'h2ping'])

function isNotRunYet(check: HealthCheck): boolean {
  return check.status === 'critical' && check.output === '' && TALKATIVE_CHECKS.has(check.type)
}
