import type { CommandContext } from '../route/check-command.ts'
import { columnOf, findFaults } from '../route/check-command.ts'
import { formatCommand } from '../route/format-commands.ts'
import { splitSource } from '../route/host-path.ts'
import type { ServiceAdd } from './route-composition.ts'
import type { RouteDefinition } from './route-feed.ts'
import type { Finding, FindingSource } from './route-problems.ts'
import { canonicalTarget } from './route-steps.ts'

/** One definition of a service instance in force: the target it adds, unless something is wrong with it. */
export class ServiceRoute {
  readonly definition: RouteDefinition
  /** The command as text. */
  readonly line: string
  readonly add: ServiceAdd | undefined
  readonly faults: readonly FindingSource[]

  constructor(definition: RouteDefinition, line: string, context: CommandContext) {
    const { origin, command } = definition
    const faults = findFaults(command, context)
    const text = origin.kind === 'service' ? origin.tag : line
    this.definition = definition
    this.line = line
    this.faults = faults.map(({ part, reason, expected }) => {
      const finding: Finding = { origin, text, column: columnOf(part, text), reason, expected }
      return { finding }
    })
    if (faults.some(fault => fault.isFatal)) {
      this.add = undefined
      return
    }
    const { host, path } = splitSource(command.src)
    this.add = { host, path, target: canonicalTarget(command.target), line }
  }
}

export interface ServiceDifference {
  readonly routes: readonly ServiceRoute[]
  readonly removed: readonly ServiceRoute[]
  readonly added: readonly ServiceRoute[]
}

/** Takes new definitions of an instance over. Those it had before keep their object. */
export function updateServiceRoutes(
  before: readonly ServiceRoute[],
  definitions: readonly RouteDefinition[],
  context: CommandContext,
): ServiceDifference {
  const left = before.length === 0 ? NOTHING : Map.groupBy(before, route => route.line)
  const added: ServiceRoute[] = []
  const routes = definitions.map(definition => {
    const line = formatCommand(definition.command)
    const candidates = left.get(line)
    const place = candidates?.findIndex(route => isSameOrigin(route.definition, definition)) ?? -1
    const known = place < 0 ? undefined : candidates?.splice(place, 1)[0]
    if (known !== undefined) return known
    const route = new ServiceRoute(definition, line, context)
    added.push(route)
    return route
  })
  return { routes, removed: [...left.values()].flat(), added }
}

const NOTHING: ReadonlyMap<string, ServiceRoute[]> = new Map()

function isSameOrigin({ origin: a }: RouteDefinition, { origin: b }: RouteDefinition): boolean {
  if (a.kind !== 'service' || b.kind !== 'service') {
    return a.kind === 'text' && b.kind === 'text' && a.source === b.source && a.line === b.line
  }
  return a.tag === b.tag && a.instance === b.instance && a.node === b.node && a.service === b.service
}
