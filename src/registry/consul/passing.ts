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
  | { readonly kind: 'unhealthy'; readonly passing: number; readonly total: number }

/** Consul's service IDs are unique on a node only. */
export function instanceKey(node: string, serviceId: string): string {
  return `${node}\0${serviceId}`
}

/**
 * All health checks of a datacenter → the instances with a route tag, by key. Takes time in proportion to the checks, and looks
 * only at the checks of an instance's own node. An instance without a check of its own is not among them: Fabio never routes those.
 */
export function evaluateChecks(checks: readonly HealthCheck[], rules: PassingRules): Map<string, InstanceHealth> {
  const isHealthy = new Set(rules.serviceStatus)
  const nodes = new Map<string, NodeChecks>()
  const instances = new Map<string, InstanceChecks>()
  for (const check of checks) {
    const kind = kindOf(check)
    if (kind === 'ordinary' && !hasRouteTag(check, rules.tagPrefix)) continue
    noteOnNode(nodes, check)
    // Every one that counts, not only the checks of services: in maintenance an instance has one check more, and it fails.
    if (check.serviceId === '') continue
    const instance = entryOf(instances, check)
    instance.total++
    if (isHealthy.has(check.status)) instance.passing++
    if (!isServiceCheck(check)) continue
    instance.service ??= check.serviceName
    instance.signature += `${check.checkId}\0${check.createIndex}\0${check.serviceTags.join('\0')}\n`
  }
  const health = new Map<string, InstanceHealth>()
  for (const [key, { node, serviceId, service, signature, ...counts }] of instances) {
    if (service === undefined) continue
    const out = reasonToStayOut(nodes.get(node), serviceId, counts, rules)
    health.set(key, { key, node, serviceId, service, out, signature })
  }
  return health
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

interface NodeChecks {
  /** The output of the check, when it says so. */
  agentDown: string | undefined
  maintenance: string | undefined
  /** Check ID → output, for `_service_maintenance:<service ID>` that is critical. */
  readonly serviceMaintenance: Map<string, string>
}

interface InstanceChecks {
  readonly node: string
  readonly serviceId: string
  /** Undefined until a check of the service itself is met. */
  service: string | undefined
  signature: string
  total: number
  passing: number
}

const SERF_HEALTH = 'serfHealth'
const NODE_MAINTENANCE = '_node_maintenance'
const SERVICE_MAINTENANCE = '_service_maintenance'

/** Checks that Consul makes itself tell about every instance, whatever their tags are. */
function kindOf(check: HealthCheck): 'special' | 'ordinary' {
  const { checkId } = check
  return checkId === SERF_HEALTH || checkId === NODE_MAINTENANCE || checkId.startsWith(SERVICE_MAINTENANCE)
    ? 'special'
    : 'ordinary'
}

function isServiceCheck({ serviceId, checkId }: HealthCheck): boolean {
  return (
    serviceId !== '' &&
    checkId !== SERF_HEALTH &&
    checkId !== NODE_MAINTENANCE &&
    !checkId.startsWith(`${SERVICE_MAINTENANCE}:`)
  )
}

/** Not trimmed here, although service-routes.ts trims: Fabio since 1.6.4. */
function hasRouteTag(check: HealthCheck, tagPrefix: string): boolean {
  return check.serviceTags.some(tag => tag.startsWith(tagPrefix))
}

function noteOnNode(nodes: Map<string, NodeChecks>, check: HealthCheck): void {
  const isCritical = check.status === 'critical'
  const isMaintenance = check.checkId === NODE_MAINTENANCE
  const isServiceMaintenance = isCritical && check.checkId.startsWith(`${SERVICE_MAINTENANCE}:`)
  const isAgentDown = isCritical && check.checkId === SERF_HEALTH
  if (!isMaintenance && !isServiceMaintenance && !isAgentDown) return
  const node = nodes.get(check.node) ?? { agentDown: undefined, maintenance: undefined, serviceMaintenance: new Map() }
  nodes.set(check.node, node)
  if (isAgentDown) node.agentDown = check.output
  if (isMaintenance) node.maintenance = check.output
  if (isServiceMaintenance) node.serviceMaintenance.set(check.checkId, check.output)
}

function entryOf(instances: Map<string, InstanceChecks>, { node, serviceId }: HealthCheck): InstanceChecks {
  const key = instanceKey(node, serviceId)
  let instance = instances.get(key)
  if (instance === undefined) {
    instance = { node, serviceId, service: undefined, signature: '', total: 0, passing: 0 }
    instances.set(key, instance)
  }
  return instance
}

function reasonToStayOut(
  node: NodeChecks | undefined,
  serviceId: string,
  counts: { readonly passing: number; readonly total: number },
  rules: PassingRules,
): OutReason | undefined {
  if (node?.agentDown !== undefined) return { kind: 'agent-down', output: node.agentDown }
  if (node?.maintenance !== undefined) return { kind: 'node-maintenance', output: node.maintenance }
  const maintenance = node?.serviceMaintenance.get(`${SERVICE_MAINTENANCE}:${serviceId}`)
  if (maintenance !== undefined) return { kind: 'service-maintenance', output: maintenance }
  const isPassing = counts.passing > 0 && (rules.checksRequired === 'one' || counts.passing === counts.total)
  return isPassing ? undefined : { kind: 'unhealthy', passing: counts.passing, total: counts.total }
}
