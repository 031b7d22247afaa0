import type { HealthCheck } from '../../../src/consul/decode.ts'
import { CheckMirror } from '../../../src/registry/consul/check-mirror.ts'
import type { InstanceHealth, PassingRules } from '../../../src/registry/consul/passing.ts'

/** What follows from one list of checks, by instance. */
export function evaluateChecks(
  checks: readonly HealthCheck[],
  rules: PassingRules,
): ReadonlyMap<string, InstanceHealth> {
  const mirror = new CheckMirror(rules)
  mirror.apply({ removed: [], added: checks })
  mirror.settle(0)
  return mirror.health
}
