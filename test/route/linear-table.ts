import { isIPv6 } from 'node:net'
import type { RouteChange } from '../../src/route/change.ts'
import type { TargetSpec } from '../../src/route/command.ts'
import { compileGlob } from '../../src/route/glob.ts'
import { GlobSyntaxError } from '../../src/route/glob-syntax.ts'
import { naiveGlobMatches } from './naive-glob.ts'

export interface LinearRoute {
  readonly host: string
  readonly path: string
  readonly targets: readonly TargetSpec[]
}

/** The documented order of precedence, plainly: every host key and every path is looked at for every request. */
export class LinearTable {
  readonly #matcher: 'prefix' | 'iprefix' | 'glob'
  readonly #globHosts: boolean
  readonly #routes = new Map<string, LinearRoute>()

  constructor({ matcher, globHosts }: { matcher: 'prefix' | 'iprefix' | 'glob'; globHosts: boolean }) {
    this.#matcher = matcher
    this.#globHosts = globHosts
  }

  apply({ host, path, targets }: RouteChange): void {
    if (targets.length === 0) this.#routes.delete(`${host} ${path}`)
    else this.#routes.set(`${host} ${path}`, { host, path, targets })
  }

  /** The route of a request, then those it takes when the hosts before do not count. */
  candidates(requestedHost: string, path: string, isTls: boolean): readonly LinearRoute[] {
    const defaultPort = isTls ? ':443' : ':80'
    const normalize = (host: string) => (host.endsWith(defaultPort) ? host.slice(0, -defaultPort.length) : host)
    const host = normalize(requestedHost.toLowerCase())

    const keys = [...new Set(this.routes().map(route => route.host))].filter(key => key !== '')
    const exact = keys.filter(key => !this.#isPattern(key) && normalize(key) === host)
    const patterns = keys.filter(key => this.#isPattern(key) && naiveGlobMatches(normalize(key), host))
    const order = [...exact.sort((a, b) => b.length - a.length), ...patterns.sort(byReversedHost), '']
    return order.flatMap(key => this.#firstOf(key, path) ?? [])
  }

  exact(key: string): LinearRoute | undefined {
    return this.routes().find(({ host, path }) => host === key.toLowerCase() && '/'.startsWith(path))
  }

  /** Hosts ascending, paths in the order they are tried. */
  routes(): readonly LinearRoute[] {
    const fold = (path: string) => (this.#matcher === 'iprefix' ? path.toLowerCase() : path)
    return [...this.#routes.values()].sort(
      (a, b) => bytes(a.host, b.host) || bytes(fold(b.path), fold(a.path)) || bytes(b.path, a.path),
    )
  }

  #firstOf(key: string, requested: string): LinearRoute | undefined {
    return this.routes().find(({ host, path }) => {
      if (host !== key) return false
      if (this.#matcher === 'prefix') return requested.startsWith(path)
      if (this.#matcher === 'iprefix') return requested.toLowerCase().startsWith(path.toLowerCase())
      return isValid(path) ? naiveGlobMatches(path, requested) : path === requested
    })
  }

  #isPattern(key: string): boolean {
    const literal = /^\[(.*)\](:\d*)?$/.exec(key)
    return this.#globHosts && /[*?[{\\]/.test(key) && !isIPv6(literal?.[1] ?? '') && isValid(key)
  }
}

function isValid(pattern: string): boolean {
  try {
    compileGlob(pattern)
    return true
  } catch (error) {
    if (error instanceof GlobSyntaxError) return false
    throw error
  }
}

/** Descending by the host read backwards, with the port behind it. */
function byReversedHost(a: string, b: string): number {
  const reversed = (key: string) => {
    const [, host = key, port = ''] = /^([^:[\]]+)(:[^:[\]]+)$/.exec(key) ?? []
    return [...host].reverse().join('') + port
  }
  return bytes(reversed(b), reversed(a)) || bytes(b, a)
}

function bytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
