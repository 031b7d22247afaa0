import { EventLoopDelay } from './metrics/event-loop-delay.ts'
import type { Labels, Metrics } from './metrics/metrics.ts'
import { lastKnownAt } from './readiness.ts'
import type { RegistryStatus } from './registry/registry.ts'
import type { Problem } from './registry/route-feed.ts'

export interface ControlFacts {
  readonly targets: number
  readonly problems: readonly Problem[]
  readonly registry: RegistryStatus
  /** When certificates end, in milliseconds of `Date.now()`. */
  readonly expiries: readonly { readonly source: string; readonly name: string; readonly at: number }[]
}

/** How the control plane fares; measured whenever metrics are gathered. @returns the function that measures */
export function createControlMetrics(metrics: Metrics, facts: () => ControlFacts): () => void {
  const delay = new EventLoopDelay(metrics, 'main')
  const targets = metrics.gauge('fabio.targets')
  const problems = metrics.gauge('fabio.route_problems')
  const conflicts = metrics.gauge('fabio.route_conflicts')
  const age = metrics.gauge('fabio.registry_age_seconds')
  const stale = metrics.gauge('fabio.registry_stale')
  const held = metrics.gauge('fabio.routes_held')
  const requests = metrics.gauge('fabio.registry_requests')
  const expiries = new ExpiryMetrics(metrics)
  return () => {
    const now = facts()
    expiries.set(now.expiries)
    delay.collect()
    targets.set(now.targets)
    const conflicting = now.problems.filter(({ origin }) => origin.kind === 'route').length
    problems.set(now.problems.length - conflicting)
    conflicts.set(conflicting)
    const { registry } = now
    age.set(registry.sources.length === 0 ? 0 : Math.max(0, Date.now() - lastKnownAt(registry)) / 1000)
    stale.set(registry.state === 'stale' ? 1 : 0)
    held.set(registry.held?.routes ?? 0)
    requests.set(registry.requests)
  }
}

/** One series a certificate, for as long as there is one. */
class ExpiryMetrics {
  private readonly metrics: Metrics
  private known = new Map<string, Labels>()

  constructor(metrics: Metrics) {
    this.metrics = metrics
  }

  set(expiries: ControlFacts['expiries']): void {
    const now = new Map<string, Labels>()
    for (const { source, name, at } of expiries) {
      const labels: Labels = [
        ['source', source],
        ['name', name],
      ]
      now.set(`${source} ${name}`, labels)
      this.metrics.gauge('fabio.certificate_expiry_seconds', labels).set(at / 1000)
    }
    for (const [key, labels] of this.known) if (!now.has(key)) this.metrics.forget(labels)
    this.known = now
  }
}
