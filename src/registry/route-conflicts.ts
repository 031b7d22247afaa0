import type { RouteChange } from '../route/change.ts'
import type { OptionPairs, TargetSpec } from '../route/command.ts'
import type { HostPath } from '../route/host-path.ts'
import type { FindingSource, RouteProblems } from './route-problems.ts'

/**
 * Definitions that are right one by one and get in each other's way: targets of one route with different options, a target
 * defined twice, two services on one TCP port. They count as they always did; somebody should know. Looks at changed routes only.
 */
export class RouteConflicts {
  readonly #problems: RouteProblems
  /** By host and path: what was found when the targets of the route changed. */
  readonly #ofTargets = new Map<string, readonly FindingSource[]>()
  /** By host and path: targets that are there already, with other options. */
  readonly #ofDropped = new Map<string, readonly FindingSource[]>()

  constructor(problems: RouteProblems) {
    this.#problems = problems
  }

  noteTargets(changes: readonly RouteChange[]): void {
    for (const change of changes) this.#replace(this.#ofTargets, change, findConflicts(change))
  }

  /** What was left out of a route because the target is there already. */
  noteDropped(route: HostPath, dropped: readonly DroppedTarget[]): void {
    const different = dropped.filter(({ target, kept }) => describeOptions(target) !== describeOptions(kept))
    const findings = different.map(({ target, kept }) => {
      const reason = `service ${target.service} defines the target ${target.dst} twice, with ${describeOptions(kept)} and with ${describeOptions(target)}`
      return findingOf(route, [target.service], reason, 'one definition of a target; the first one counts')
    })
    this.#replace(this.#ofDropped, route, findings)
  }

  #replace(
    known: Map<string, readonly FindingSource[]>,
    { host, path }: HostPath,
    findings: readonly FindingSource[],
  ): void {
    const key = host + path
    const before = known.get(key)
    if (before === undefined && findings.length === 0) return
    for (const source of before ?? []) this.#problems.remove(source)
    for (const source of findings) this.#problems.add(source)
    if (findings.length === 0) known.delete(key)
    else known.set(key, findings)
  }
}

export interface DroppedTarget {
  readonly target: TargetSpec
  /** What was there before it. */
  readonly kept: TargetSpec
}

/** What the targets of one route disagree about. */
function findConflicts({ host, path, targets }: RouteChange): readonly FindingSource[] {
  const [first] = targets
  if (first === undefined || targets.length === 1) return []
  const route = { host, path }
  const findings: FindingSource[] = []
  const isTcpPort = host.startsWith(':') && path === ''
  const services = [...new Set(targets.map(({ service }) => service))]
  if (isTcpPort && services.length > 1) {
    const reason = `${services.length} services claim TCP port ${host.slice(1)}: ${shorten(services)}`
    findings.push(findingOf(route, services, reason, 'one service a port; connections are shared among all of them'))
  }
  if (targets.some(({ options }) => options !== first.options)) {
    const groups = Map.groupBy(targets, describeOptions)
    if (groups.size > 1) {
      const sides = [...groups].map(([options, specs]) => `${nameServices(specs)} with ${options}`)
      const expected = 'the same options on all targets of a route; a request gets those of the target it is sent to'
      findings.push(findingOf(route, services, `different options on one route: ${shorten(sides)}`, expected))
    }
  }
  return findings
}

function findingOf(
  { host, path }: HostPath,
  services: readonly string[],
  reason: string,
  expected: string,
): FindingSource {
  const origin = { kind: 'route', host, path, services } as const
  return { finding: { origin, text: host + path, column: 1, reason, expected } }
}

/** In an order of their own. `register` is about this router, not about requests. */
function describeOptions({ options }: { readonly options: OptionPairs }): string {
  const counted = [...new Map(options)].filter(([name]) => name !== 'register')
  if (counted.length === 0) return 'no options'
  return counted
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ')
}

function nameServices(specs: readonly TargetSpec[]): string {
  return shorten([...new Set(specs.map(({ service }) => service))])
}

const MAX_NAMED = 5

function shorten(names: readonly string[]): string {
  if (names.length <= MAX_NAMED) return names.join(', ')
  return `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} more`
}
