import type { InstanceReport } from '../registry/instance-report.ts'
import type { Origin, Problem, RouteFeed } from '../registry/route-feed.ts'
import type { ServiceRoute } from '../registry/route-service.ts'
import type { Step } from '../registry/route-steps.ts'
import type { RouteLine } from '../registry/route-text.ts'
import type { TargetSpec } from '../route/command.ts'
import type { HostPath } from '../route/host-path.ts'
import type { RouteTable } from '../route/table.ts'
import type { ExplainedDefinition, ExplainedInstance, ServiceExplanation } from './explanation.ts'

export interface ServiceFacts {
  readonly feed: RouteFeed
  readonly table: RouteTable
  readonly problems: readonly Problem[]
  /** Undefined where the registry knows of no instances. */
  readonly instances: readonly InstanceReport[] | undefined
}

/** Every instance of a service and why it is in or out, every definition of it and what became of that. */
export function explainService(facts: ServiceFacts, service: string): ServiceExplanation {
  const { feed, instances = [] } = facts
  const problems = facts.problems.filter(({ origin }) => isAbout(origin, service))
  const byInstance = new Map<string, ServiceRoute[]>()
  for (const route of feed.serviceRoutes()) {
    const { origin } = route.definition
    if (origin.kind !== 'service' || origin.service !== service) continue
    const key = keyOf(origin)
    byInstance.set(key, [...(byInstance.get(key) ?? []), route])
  }
  const explained = instances.map((instance): ExplainedInstance => {
    const routes = byInstance.get(keyOf(instance)) ?? []
    const rejected = problems.filter(({ origin }) => origin.kind === 'service' && keyOf(origin) === keyOf(instance))
    const fatal = rejected.filter(
      ({ text }) => !routes.some(({ add, definition }) => add !== undefined && tagOf(definition.origin) === text),
    )
    return {
      ...instance,
      definitions: [...routes.flatMap(route => explainRoute(facts, route)), ...fatal.map(explainRejected)],
    }
  })
  const lines = [...feed.lines()].flatMap(line => explainLine(facts, line, service))
  return {
    service,
    outcome: summarize(service, explained, lines, facts.instances !== undefined),
    instances: explained,
    lines,
  }
}

function isAbout(origin: Origin, service: string): boolean {
  return origin.kind === 'service' && origin.service === service
}

function keyOf({ node, instance }: { readonly node: string; readonly instance: string }): string {
  return `${node}\0${instance}`
}

function tagOf(origin: Origin): string {
  return origin.kind === 'service' ? origin.tag : ''
}

function explainRejected({ text, column, reason, expected, since }: Problem): ExplainedDefinition {
  const note = `${reason}; expected ${expected}; since ${new Date(since).toISOString()}`
  return { place: 'tag', text, route: '', dst: '', weight: 0, state: 'rejected', note, column }
}

function explainRoute(facts: ServiceFacts, { add, definition }: ServiceRoute): readonly ExplainedDefinition[] {
  if (add === undefined) return []
  return [{ place: 'tag', text: tagOf(definition.origin), ...placeInTable(facts, add, add.target), column: 0 }]
}

function explainLine(facts: ServiceFacts, line: RouteLine, service: string): readonly ExplainedDefinition[] {
  const { step, source, number, raw } = line
  if (step?.kind !== 'add' || step.target.service !== service) return []
  return [
    { place: `${source} line ${number}`, text: raw.text, ...placeInTable(facts, step.at, step.target), column: 0 },
  ]
}

function placeInTable(
  { feed, table, problems }: ServiceFacts,
  at: HostPath,
  target: TargetSpec,
): Omit<ExplainedDefinition, 'place' | 'text' | 'column'> {
  const name = at.host + at.path
  const { dst } = target
  const route = [...table.routesOf(at.host)].find(({ path }) => path === at.path)
  const place = route?.targets.findIndex(({ spec }) => spec.service === target.service && spec.dst === dst) ?? -1
  if (route === undefined || place < 0) {
    const remover = [...feed.lines()].find(({ step }) => step !== undefined && removes(step, at, target))
    const by = remover === undefined ? 'an override' : `${remover.source} line ${remover.number}, ${remover.raw.text}`
    return { route: name, dst, weight: 0, state: 'removed', note: `removed by ${by}` }
  }
  const weight = route.weights[place] ?? 0
  const conflict = problems.find(({ origin }) => origin.kind === 'route' && origin.host + origin.path === name)
  if (weight === 0) {
    const others = route.targets.filter((_, other) => (route.weights[other] ?? 0) > 0).map(({ service }) => service)
    const note = `gets no requests: the fixed weights of others take all (${[...new Set(others)].join(', ')})`
    return { route: name, dst, weight, state: 'no share', note }
  }
  return { route: name, dst, weight, state: 'routed', note: conflict?.reason ?? '' }
}

function removes(step: Step, at: HostPath, target: TargetSpec): boolean {
  if (step.kind !== 'remove' && step.kind !== 'wide-remove') return false
  if (step.service !== undefined && step.service !== target.service) return false
  if (!step.tags.every(tag => target.tags.includes(tag))) return false
  if (step.kind === 'wide-remove') return true
  return step.at.host === at.host && step.at.path === at.path && (step.dst ?? target.dst) === target.dst
}

function summarize(
  service: string,
  instances: readonly ExplainedInstance[],
  lines: readonly ExplainedDefinition[],
  hasInstances: boolean,
): string {
  if (instances.length === 0 && lines.length === 0) {
    const where = hasInstances
      ? 'The registry lists no check of a service of this name: only instances with a check are routed'
      : 'No line defines it'
    return `Service ${service} is not known. ${where}.`
  }
  const isRouted = ({ definitions }: ExplainedInstance) => definitions.some(({ state }) => state === 'routed')
  const routed = instances.filter(isRouted).length
  const routedLines = lines.filter(({ state }) => state === 'routed').length
  const parts = [
    ...(instances.length > 0 ? [`${routed} of ${instances.length} instances`] : []),
    ...(lines.length > 0 ? [`${routedLines} of ${lines.length} lines`] : []),
  ]
  return `Service ${service}: ${parts.join(' and ')} routed.`
}
