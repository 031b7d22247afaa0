import type { RouteCommand, TargetSpec } from '../../src/route/command.ts'

interface RunRoute {
  readonly host: string
  readonly path: string
  targets: TargetSpec[]
}

/** Runs all commands of a document one after the other, as they are described, over everything there is. */
export function runWholeDocument(commands: readonly RouteCommand[]): Map<string, readonly TargetSpec[]> {
  let routes: RunRoute[] = []
  const find = (src: string) => {
    const { host, path } = split(src)
    return routes.find(route => route.host === host && route.path === path)
  }
  for (const command of commands) {
    if (command.kind === 'add') {
      let route = find(command.src)
      if (route === undefined) {
        route = { ...split(command.src), targets: [] }
        routes.push(route)
      }
      if (!route.targets.some(target => isSame(target, command.target))) route.targets.push(command.target)
    } else if (command.kind === 'remove') {
      const { service, tags, dst } = command
      const isEverywhere = tags.length > 0 || (command.src === undefined && dst === undefined)
      for (const route of routes) {
        if (!isEverywhere && route !== find(command.src ?? '')) continue
        route.targets = route.targets.filter(target => {
          const isMeant = isSelected(target, service, tags) && (isEverywhere || dst === undefined || target.dst === dst)
          return !isMeant
        })
      }
    } else {
      const route = find(command.src)
      const selected = route?.targets.filter(target => isSelected(target, command.service, command.tags)) ?? []
      const fixedWeight = Math.max(command.weight, 0) / selected.length
      if (route !== undefined) {
        route.targets = route.targets.map(target => (selected.includes(target) ? { ...target, fixedWeight } : target))
      }
    }
    routes = routes.filter(route => route.targets.length > 0)
  }
  return new Map(routes.map(route => [`${route.host} ${route.path}`, route.targets]))
}

function split(src: string): { host: string; path: string } {
  if (src.startsWith(':')) return { host: src, path: '' }
  const [host = '', ...path] = src.split('/')
  return { host: host.toLowerCase(), path: `/${path.join('/')}` }
}

function isSelected(target: TargetSpec, service: string | undefined, tags: readonly string[]): boolean {
  return (service === undefined || target.service === service) && tags.every(tag => target.tags.includes(tag))
}

function isSame(a: TargetSpec, b: TargetSpec): boolean {
  const fields = ({ service, dst, fixedWeight, tags }: TargetSpec) => JSON.stringify([service, dst, fixedWeight, tags])
  return fields(a) === fields(b)
}
