import { compareBytes } from './go-text.ts'
import { hostOrderKey } from './host-path.ts'
import type { HostCandidate, PathCandidate, TriedHost } from './lookup-trace.ts'
import { createPathIndex, type PathMatcher } from './path-index.ts'
import type { Route, RouteTable } from './table.ts'
import type { Target } from './target.ts'

export interface ExplainedLookup<T extends Target> {
  /** Most specific first. */
  readonly hosts: readonly HostCandidate[]
  /** All routes that would do, in their order; the first one is what lookup() answers. */
  readonly routes: readonly Route<T>[]
}

export interface LookupRequest {
  readonly host: string
  /** Decoded and normalised. */
  readonly path: string
  readonly isTls: boolean
}

/** What the table does for a request, and what it would do without the hosts that come first. The table itself is asked. */
export function explainLookup<T extends Target>(
  table: RouteTable<T>,
  matcher: PathMatcher,
  request: LookupRequest,
): ExplainedLookup<T> {
  const tried = new Map<string, TriedHost<Route<T>>>()
  const trace = { tried: (host: TriedHost<Route<T>>) => void tried.set(host.key, host) }
  const routes: Route<T>[] = []
  let route = table.trace(request, undefined, trace)
  while (route !== undefined && routes.length < MAX_ROUTES) {
    routes.push(route)
    route = table.trace(request, route, trace)
  }
  const winner = routes[0]
  const hosts = [...tried.values()].sort(compareHosts).map(host => {
    const { key, fits, note } = host
    const { paths, unlisted } = fits ? explainPaths(table, matcher, host, request.path) : NO_PATHS
    return { key, fits, note, outcome: outcomeOf(host, winner), paths, unlisted }
  })
  return { hosts, routes }
}

const MAX_ROUTES = 50
const MAX_LISTED = 20
const NO_PATHS = { paths: [], unlisted: 0 }

function outcomeOf<T extends Target>(
  { fits, route }: TriedHost<Route<T>>,
  winner: Route<T> | undefined,
): HostCandidate['outcome'] {
  if (!fits) return 'no'
  if (route === undefined) return 'no path'
  return route === winner ? 'wins' : 'later'
}

/** Each path alone in an index of its own, so that what compares it is what compares it for a request. */
function explainPaths<T extends Target>(
  table: RouteTable<T>,
  matcher: PathMatcher,
  host: TriedHost<Route<T>>,
  path: string,
): Pick<HostCandidate, 'paths' | 'unlisted'> {
  const owner = {}
  const paths: PathCandidate[] = []
  let unlisted = 0
  for (const route of table.routesOf(host.key)) {
    const alone = createPathIndex<Route<T>>(matcher).set(route.path, route, owner)
    const fits = alone.match(path) !== undefined
    if (fits || paths.length < MAX_LISTED) paths.push({ path: route.path, fits, wins: route === host.route })
    else unlisted++
  }
  return { paths, unlisted }
}

/** Exact keys, patterns in Fabio's order, and the key for any host. */
function compareHosts<R>(a: TriedHost<R>, b: TriedHost<R>): number {
  return rankOf(a) - rankOf(b) || compareBytes(hostOrderKey(b.key), hostOrderKey(a.key)) || compareBytes(b.key, a.key)
}

function rankOf<R>({ key, note }: TriedHost<R>): number {
  if (key === '') return 3
  if (note === 'the host with the default port') return 0
  return note === 'the host itself' ? 1 : 2
}
