import type { RouteChange } from '../route/change.ts'
import type { CommandContext } from '../route/check-command.ts'
import { compileGlob } from '../route/glob.ts'
import { compilePathGlob, isHostGlob } from '../route/glob-keys.ts'
import type { HostPath } from '../route/host-path.ts'
import type { RouteTable } from '../route/table.ts'
import type { Problem } from './route-feed.ts'
import { type FindingSource, RouteProblems } from './route-problems.ts'

/**
 * Routes that no request can take, because another one takes all that are for them. Only patterns can stand in each other's way, so
 * only they are looked at. The table itself is asked, with requests made for the route.
 */
export class RouteShadows {
  readonly #context: CommandContext
  readonly #now: () => number
  readonly #problems = new RouteProblems()
  /** By host and path: the routes that may be shadowed. */
  readonly #watched = new Map<string, HostPath>()
  /** Keys of routes with a host pattern, by hosts it fits. */
  readonly #bySample = new Map<string, Set<string>>()
  readonly #shadowed = new Map<string, FindingSource>()

  constructor(context: CommandContext, now: () => number = Date.now) {
    this.#context = context
    this.#now = now
  }

  /** After these changes are in the table. */
  update(changes: readonly RouteChange[], table: Pick<RouteTable, 'lookup'>): ReturnType<RouteProblems['settle']> {
    const touched = changes.filter(change => this.#mayBeShadowed(change))
    for (const { host, path, targets } of touched) {
      if (targets.length > 0) this.#watch({ host, path })
      else this.#unwatch({ host, path })
    }
    for (const route of this.#affected(touched, changes)) this.#look(route, table)
    for (const { host, path } of touched) if (!this.#watched.has(host + path)) this.#note(host + path, undefined)
    return this.#problems.settle(this.#now())
  }

  list(): readonly Problem[] {
    return this.#problems.list()
  }

  #watch(route: HostPath): void {
    const key = route.host + route.path
    if (this.#watched.has(key)) return
    this.#watched.set(key, route)
    if (!this.#isHostGlob(route.host)) return
    for (const sample of expandPattern(route.host)) {
      const same = this.#bySample.get(sample)
      if (same === undefined) this.#bySample.set(sample, new Set([key]))
      else same.add(key)
    }
  }

  #unwatch({ host, path }: HostPath): void {
    const key = host + path
    if (!this.#watched.delete(key) || !this.#isHostGlob(host)) return
    for (const sample of expandPattern(host)) {
      const same = this.#bySample.get(sample)
      if (same?.delete(key) && same.size === 0) this.#bySample.delete(sample)
    }
  }

  /** A host pattern concerns routes whose examples it fits; any other route those of its own host, and patterns that its host is an example of. */
  #affected(touched: readonly HostPath[], changes: readonly HostPath[]): ReadonlySet<HostPath> {
    const affected = new Set(touched)
    const add = (key: string) => {
      const route = this.#watched.get(key)
      if (route !== undefined) affected.add(route)
    }
    if (this.#bySample.size > 0) for (const { host } of changes) this.#bySample.get(host)?.forEach(add)
    if (touched.length === 0 || this.#watched.size > MAX_LOOKED_AT) return affected
    const globs = touched.filter(({ host }) => this.#isHostGlob(host)).map(({ host }) => compileGlob(host))
    // Compared here, for asking the table about every one of them takes ten times as long.
    for (const [key, { host }] of globs.length === 0 ? [] : this.#watched) {
      const hosts = this.#hostsOf(host)
      if (globs.some(glob => hosts.some(sample => glob.matches(sample)))) add(key)
    }
    if (this.#context.matcher === 'prefix') return affected
    const hosts = new Set(touched.map(({ host }) => host))
    for (const [key, { host }] of this.#watched) if (hosts.has(host)) add(key)
    return affected
  }

  #mayBeShadowed({ host }: HostPath): boolean {
    if (host.startsWith(':')) return false
    return this.#context.matcher !== 'prefix' || host === '' || this.#isHostGlob(host)
  }

  #isHostGlob(host: string): boolean {
    return this.#context.globHosts && isHostGlob(host)
  }

  #look(route: HostPath, table: Pick<RouteTable, 'lookup'>): void {
    const key = route.host + route.path
    if (!this.#watched.has(key)) return
    let by: string | undefined
    for (const { host, path } of this.#samples(route)) {
      for (const isTls of [false, true]) {
        const found = table.lookup(host, path, isTls)
        if (found === undefined || (found.host === route.host && found.path === route.path))
          return this.#note(key, undefined)
        by ??= found.host + found.path
      }
    }
    this.#note(key, by === undefined ? undefined : findingOf(route, by))
  }

  #note(key: string, source: FindingSource | undefined): void {
    const before = this.#shadowed.get(key)
    if (before?.finding.reason === source?.finding.reason) return
    if (before !== undefined) this.#problems.remove(before)
    if (source === undefined) this.#shadowed.delete(key)
    else {
      this.#shadowed.set(key, source)
      this.#problems.add(source)
    }
  }

  #hostsOf(host: string): readonly string[] {
    if (host === '') return ['a.sample', 'sample']
    return this.#isHostGlob(host) ? expandPattern(host) : [host]
  }

  /** Requests that the route is for, a few for every alternative of its patterns. None when there is no telling. */
  #samples({ host, path }: HostPath): readonly HostPath[] {
    const hosts = this.#hostsOf(host)
    const glob = this.#isHostGlob(host) ? compileGlob(host) : undefined
    if (glob !== undefined && !hosts.every(sample => glob.matches(sample))) return []
    const pathGlob = this.#context.matcher === 'glob' ? compilePathGlob(path) : undefined
    const paths = pathGlob === undefined ? [path] : expandPattern(path)
    if (pathGlob !== undefined && !paths.every(sample => pathGlob.matches(sample))) return []
    return hosts.flatMap(sample => paths.map(each => ({ host: sample, path: each })))
  }
}

/** Above so many patterns only those that changed are looked at. */
const MAX_LOOKED_AT = 2000
const MAX_SAMPLES = 16

function findingOf({ host, path }: HostPath, by: string): FindingSource {
  const origin = { kind: 'route', host, path, services: [] } as const
  const reason = `no request takes the route ${host}${path}: ${by} takes all that are for it`
  const expected = 'a pattern that fits something the other one does not; or one of the two'
  return { finding: { origin, text: host + path, column: 1, reason, expected } }
}

/** Texts that a pattern fits: `{a,b}.*` → `a.sample` and `b.sample`. Whether they do is for the caller to check. */
export function expandPattern(pattern: string): readonly string[] {
  const brace = pattern.search(/\{[^{}]*\}/)
  if (brace < 0) {
    const plain = pattern
      .replace(/\[!?([^\]])[^\]]*\]/g, '$1')
      .replaceAll('?', 'x')
      .replace(/\*+/g, 'sample')
      .replace(/\\(.)/g, '$1')
    return [plain]
  }
  const end = pattern.indexOf('}', brace)
  const alternatives = pattern.slice(brace + 1, end).split(',')
  const expanded = alternatives.flatMap(each => expandPattern(pattern.slice(0, brace) + each + pattern.slice(end + 1)))
  return expanded.slice(0, MAX_SAMPLES)
}
