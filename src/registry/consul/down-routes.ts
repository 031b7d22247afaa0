import type { CatalogInstance } from '../../consul/decode.ts'
import { downTarget } from '../../route/known-down.ts'
import type { RouteDefinition } from '../route-feed.ts'
import { buildServiceRoutes, type TagRules } from './service-routes.ts'

/** The routes of a service of which no instance is healthy: those of its instances, to nowhere. */
export function buildDownRoutes(instances: readonly CatalogInstance[], rules: TagRules): readonly RouteDefinition[] {
  const definitions = instances.flatMap(instance => buildServiceRoutes(instance, rules).definitions)
  // Connections to a port have nobody to answer them: such a route is gone, as ever.
  const answered = definitions.filter(({ command }) => !command.src.startsWith(':'))
  return answered.map(({ origin, command }) => {
    return { origin, command: { ...command, target: downTarget(command.target.service) } }
  })
}
