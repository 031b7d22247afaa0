import type { HealthCheck } from '../../consul/decode.ts'

export interface PassingRules {
  /** `registry.consul.tagprefix`. A check counts when a tag of its service begins with it. */
  readonly tagPrefix: string
  /** `registry.consul.service.status`: the states that count as healthy. */
  readonly serviceStatus: readonly string[]
  /** `registry.consul.checksRequired`. */
  readonly checksRequired: 'one' | 'all'
}

/** An instance that would be routed if its checks let it, and whether they do. */
export interface InstanceHealth {
  readonly key: string
  readonly node: string
  readonly serviceId: string
  readonly service: string
  /** Undefined when requests may go there. */
  readonly out: OutReason | undefined
  /** Changes when the checks show that the instance was registered anew or has other tags. Not when a state or an output changes. */
  readonly signature: string
}

export type OutReason =
  | { readonly kind: 'agent-down'; readonly output: string }
  | { readonly kind: 'node-maintenance'; readonly output: string }
  | { readonly kind: 'service-maintenance'; readonly output: string }
  /** None of its checks is healthy, or not all of them where all are required. */
  | {
      readonly kind: 'unhealthy'
      readonly passing: number
      readonly total: number
      readonly failing?: readonly string[]
    }

/** Consul's service IDs are unique on a node only. */
export function instanceKey(node: string, serviceId: string): string {
  return `${node}\0${serviceId}`
}

export function isRouted(instance: InstanceHealth | undefined): instance is InstanceHealth {
  return instance !== undefined && instance.out === undefined
}

/** What the special checks of a node say about its instances. */
export interface NodeState {
  /** The output of the check, when it says so. */
  readonly agentDown: string | undefined
  readonly maintenance: string | undefined
  /** Check ID → output, for `_service_maintenance:<service ID>` that is critical. */
  readonly serviceMaintenance: ReadonlyMap<string, string>
}

/** A check with the state that it counts with, which a restarted agent may not have told yet (check-mirror.ts). */
export interface CountedCheck {
  readonly check: HealthCheck
  readonly status: string
}

/** Does the check tell about instances with a route tag? The others are not looked at. */
export function isCounted(check: HealthCheck, { tagPrefix }: PassingRules): boolean {
  // Not trimmed here, although service-routes.ts trims: Fabio since 1.6.4.
  return isSpecial(check) || check.serviceTags.some(tag => tag.startsWith(tagPrefix))
}

/** Checks that Consul makes itself tell about every instance, whatever their tags are. */
export function isSpecial({ checkId }: HealthCheck): boolean {
  return checkId === SERF_HEALTH || checkId === NODE_MAINTENANCE || checkId.startsWith(SERVICE_MAINTENANCE)
}

/** The special checks of one node, in any order. */
export function evaluateNode(checks: Iterable<CountedCheck>): NodeState {
  let agentDown: string | undefined
  let maintenance: string | undefined
  const serviceMaintenance = new Map<string, string>()
  for (const { check, status } of checks) {
    const { checkId, output } = check
    const isCritical = status === 'critical'
    if (checkId === SERF_HEALTH && isCritical) agentDown = output
    if (checkId === NODE_MAINTENANCE) maintenance = output
    if (checkId.startsWith(`${SERVICE_MAINTENANCE}:`) && isCritical) serviceMaintenance.set(checkId, output)
  }
  return { agentDown, maintenance, serviceMaintenance }
}

/**
 * The checks of one instance that count → may requests go there? Undefined without a check of the service itself: Fabio never
 * routes those.
 */
export function evaluateInstance(
  place: { readonly node: string; readonly serviceId: string },
  checks: readonly CountedCheck[],
  node: NodeState | undefined,
  rules: PassingRules,
): InstanceHealth | undefined {
  // In maintenance an instance has one check more, and it fails: that one counts as well.
  const passing = checks.filter(({ status }) => rules.serviceStatus.includes(status)).length
  const own = checks.map(({ check }) => check).filter(isServiceCheck)
  const service = own[0]?.serviceName
  if (service === undefined) return undefined
  const signature = own
    .map(({ checkId, createIndex, serviceTags }) => `${checkId}\0${createIndex}\0${serviceTags.join('\0')}\n`)
    .sort()
    .join('')
  const { node: name, serviceId } = place
  const failing = checks.filter(({ status }) => !rules.serviceStatus.includes(status))
  // Sorted, because the order in which checks are known depends on what was listed before.
  const named = failing
    .map(({ check, status }) => `${check.checkId} is ${status}`)
    .sort()
    .slice(0, MAX_NAMED)
  const out = reasonToStayOut(node, serviceId, { passing, total: checks.length, failing: named }, rules)
  return { key: instanceKey(name, serviceId), node: name, serviceId, service, out, signature }
}

/** Of the checks that keep an instance out. */
const MAX_NAMED = 5

/** What happened to an instance, for the history. */
export function describeEvent(then: InstanceHealth | undefined, now: InstanceHealth | undefined): string {
  if (now === undefined) return 'was deregistered, or has no check any more'
  if (now.out === undefined) return then === undefined ? 'was registered and is passing' : 'is passing'
  if (now.out.kind === 'unhealthy') return now.out.failing?.join(', ') ?? 'is not passing'
  return describeOut(now)
}

/** Why an instance is out, for a person. The first three are Fabio's words. */
export function describeOut({ serviceId, node, out }: InstanceHealth): string {
  switch (out?.kind) {
    case undefined:
      return `service "${serviceId}" on node "${node}" is routed`
    case 'agent-down':
      return `Skipping service "${serviceId}" since agent on node "${node}" is down: ${out.output}`
    case 'node-maintenance':
      return `Skipping service "${serviceId}" since node "${node}" is in maintenance mode: ${out.output}`
    case 'service-maintenance':
      return `Skipping service "${serviceId}" since it is in maintenance mode: ${out.output}`
    case 'unhealthy':
      return `Skipping service "${serviceId}" on node "${node}" since ${out.passing} of its ${out.total} checks are passing`
  }
}

const SERF_HEALTH = 'serfHealth'
const NODE_MAINTENANCE = '_node_maintenance'
const SERVICE_MAINTENANCE = '_service_maintenance'

function isServiceCheck({ serviceId, checkId }: HealthCheck): boolean {
  return (
    serviceId !== '' &&
    checkId !== SERF_HEALTH &&
    checkId !== NODE_MAINTENANCE &&
    !checkId.startsWith(`${SERVICE_MAINTENANCE}:`)
  )
}

function reasonToStayOut(
  node: NodeState | undefined,
  serviceId: string,
  counts: { readonly passing: number; readonly total: number; readonly failing: readonly string[] },
  rules: PassingRules,
): OutReason | undefined {
  if (node?.agentDown !== undefined) return { kind: 'agent-down', output: node.agentDown }
  if (node?.maintenance !== undefined) return { kind: 'node-maintenance', output: node.maintenance }
  const maintenance = node?.serviceMaintenance.get(`${SERVICE_MAINTENANCE}:${serviceId}`)
  if (maintenance !== undefined) return { kind: 'service-maintenance', output: maintenance }
  const isPassing = counts.passing > 0 && (rules.checksRequired === 'one' || counts.passing === counts.total)
  return isPassing ? undefined : { kind: 'unhealthy', ...counts }
}
