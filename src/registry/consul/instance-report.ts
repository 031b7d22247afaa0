import type { CatalogInstance, HealthCheck } from '../../consul/decode.ts'
import type { InstanceReport } from '../instance-report.ts'
import { type CountedCheck, describeOut, type InstanceHealth } from './passing.ts'
import { joinHostPort } from './service-routes.ts'

/** What is shown of a check: an output may be a whole page. */
const MAX_OUTPUT = 300

/** An instance with a route tag. */
export function reportInstance(
  health: InstanceHealth,
  known: CatalogInstance | undefined,
  checks: readonly CountedCheck[],
): InstanceReport {
  const { service, serviceId, node, out } = health
  const waits = 'its address is not known yet: the catalogue has been asked'
  return {
    service,
    instance: serviceId,
    node,
    address: known === undefined ? '' : joinHostPort(known),
    tags: known?.serviceTags ?? checks.find(({ check }) => check.serviceId !== '')?.check.serviceTags ?? [],
    out: out !== undefined ? describeOut(health) : known === undefined ? waits : undefined,
    checks: checks.map(({ check, status }) => ({
      id: check.checkId,
      status,
      output: check.output.slice(0, MAX_OUTPUT),
    })),
  }
}

/** An instance whose tags are no routes. */
export function reportWithoutRoutes(check: HealthCheck, tagPrefix: string): InstanceReport {
  return {
    service: check.serviceName,
    instance: check.serviceId,
    node: check.node,
    address: '',
    tags: check.serviceTags,
    out: `none of its tags begins with ${tagPrefix} (registry.consul.tagprefix)`,
    checks: [{ id: check.checkId, status: check.status, output: check.output.slice(0, MAX_OUTPUT) }],
  }
}
