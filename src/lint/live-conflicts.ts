import type { OptionPairs } from '../route/command.ts'
import { splitSource } from '../route/host-path.ts'
import type { FoundRoute } from './lint.ts'
import type { Place } from './structured-text.ts'

/** A target of a running router. */
export interface LiveRoute {
  readonly service: string
  readonly host: string
  readonly path: string
  readonly options: OptionPairs
}

export interface LiveConflict {
  readonly place: Place
  readonly message: string
  readonly hint: string
}

/**
 * What the routes of a text would get in the way of. `live` are those of a running router; what it has of the same services is
 * left out, for that is what the text replaces. The routes of the text are compared with each other as well.
 */
export function findLiveConflicts(routes: readonly FoundRoute[], live: readonly LiveRoute[]): readonly LiveConflict[] {
  const services = new Set(routes.map(({ service }) => service))
  const byRoute = Map.groupBy(
    live.filter(({ service }) => !services.has(service)),
    ({ host, path }) => host + path,
  )
  const conflicts: LiveConflict[] = []
  for (const { service, src, options, place } of routes) {
    const { host, path } = splitSource(src)
    const others = byRoute.get(host + path) ?? []
    const names = [...new Set(others.map(other => other.service))].join(', ')
    if (others.length === 0) continue
    const other = others.find(each => describe(each.options) !== describe(options))
    if (host.startsWith(':') && path === '') {
      conflicts.push({
        place,
        message: `TCP port ${host.slice(1)} is served by ${names} already`,
        hint: 'a port of its own',
      })
    } else if (other === undefined) {
      const message = `the route ${host}${path} is served by ${names} already: requests would be shared`
      conflicts.push({ place, message, hint: 'a route of its own, unless sharing is meant' })
    } else {
      const mine = `${service === '' ? 'this service' : service} with ${describe(options)}`
      const message = `the route ${host}${path} is served by ${other.service} with ${describe(other.options)} already, and would be by ${mine}`
      conflicts.push({ place, message, hint: 'the same options on all targets of a route, or another route' })
    }
  }
  return conflicts
}

function describe(options: OptionPairs): string {
  const pairs = [...new Map(options)].filter(([name]) => name !== 'register')
  return pairs.length === 0
    ? 'no options'
    : pairs
        .map(pair => pair.join('='))
        .sort()
        .join(' ')
}
