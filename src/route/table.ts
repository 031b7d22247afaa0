import type { RouteChange } from './change.ts'
import type { TargetSpec } from './command.ts'
import type { Glob } from './glob.ts'
import { compilePathGlob } from './glob-keys.ts'
import { compareBytes, lowerCase } from './go-text.ts'
import type { HostCell } from './host-index.ts'
import { HostIndex } from './host-index.ts'
import type { HostPath } from './host-path.ts'
import { requestHost } from './host-path.ts'
import type { LookupTrace } from './lookup-trace.ts'
import type { PathMatcher } from './path-index.ts'
import { createPathIndex, suited } from './path-index.ts'
import type { Owner } from './path-trie.ts'
import type { Target } from './target.ts'
import { TargetPool } from './target-pool.ts'
import type { Ring } from './weights.ts'
import { buildRing, computeWeights } from './weights.ts'

export interface RouteTableOptions<T extends Target> {
  /** `proxy.matcher` */
  readonly matcher: PathMatcher
  /** False with `glob.matching.disabled`: host keys are compared as they are. */
  readonly globHosts: boolean
  /** Called once for every spec that is new to its route; a target stays for as long as a change names an equal spec. */
  makeTarget(spec: TargetSpec, route: HostPath): T
  /** Called when no route of the table has the target any more. */
  dropTarget?(target: T): void
}

/** The targets requests for one host and path go to. Immutable but for the count of its picks. */
export class Route<T extends Target = Target> {
  readonly host: string
  readonly path: string
  /** Where there is one target only, as with most routes, that one: a list would be two more places in memory to look at. */
  readonly only: T | undefined
  readonly targets: readonly [T, ...T[]]
  /** Where its pick count is in memory that threads share; -1 when it is counted here only. */
  readonly slot: number
  /** The compiled path when the matcher is `glob`, unless the path stands for itself. */
  readonly glob: Glob | undefined
  #turn: { count: number } | undefined
  #weights: readonly number[] | undefined
  #ring: Ring | undefined

  /** `before`: what it takes the place of. */
  constructor(fields: Pick<Route<T>, 'host' | 'path' | 'targets' | 'slot' | 'glob'>, before: Route<T> | undefined) {
    this.host = fields.host
    this.path = fields.path
    this.only = fields.targets.length === 1 ? fields.targets[0] : undefined
    this.targets = fields.targets
    this.slot = fields.slot
    this.glob = fields.glob
    if (before !== undefined) this.#turn = before.#turn
  }

  /** How often a target was picked in turn, by this thread. Goes on when the targets change. */
  get turn(): { count: number } {
    this.#turn ??= { count: 0 }
    return this.#turn
  }

  /** The share of traffic of each target, 0 to 1. */
  get weights(): readonly number[] {
    this.#weights ??= computeWeights(this.targets.map(target => target.spec.fixedWeight))
    return this.#weights
  }

  /** Indexes of targets in the order round robin picks them. */
  get ring(): Ring {
    this.#ring ??= buildRing(this.targets.map(target => target.spec.fixedWeight))
    return this.#ring
  }

  /** The target whose turn it is after so many. */
  targetAt(turn: number): T {
    const { ring } = this
    return this.targets[ring[turn % ring.length] ?? 0] ?? this.targets[0]
  }
}

/**
 * Which route a request takes. Its cost does not depend on how many routes and hosts there are: exact hosts are looked up,
 * host patterns tried only where their last labels fit, and paths followed through a trie per host.
 */
export class RouteTable<T extends Target = Target> {
  readonly #options: RouteTableOptions<T>
  readonly #hosts: HostIndex<Route<T>>
  #openEdit: TableEdit<T> | undefined
  #edits = 0
  #size = 0

  constructor(options: RouteTableOptions<T>) {
    this.#options = options
    this.#hosts = new HostIndex(options)
  }

  /** How many targets all routes have. */
  get size(): number {
    return this.#size
  }

  /**
   * The route of a request: the most specific host that has a route for the path, and of its routes the one the matcher
   * puts first.
   *
   * `host` is the Host header, `path` the decoded and normalised path; `isTls`: we ended the TLS of the connection.
   */
  lookup(host: string, path: string, isTls: boolean): Route<T> | undefined {
    return this.#hosts.find(requestHost(host, isTls), path, isTls, undefined)
  }

  /**
   * The route the same request takes when the host of `previous` and those before it do not count. Undefined behind the
   * last one, which is the host `''`.
   */
  lookupAfter(previous: Route<T>, host: string, path: string, isTls: boolean): Route<T> | undefined {
    return this.#hosts.find(requestHost(host, isTls), path, isTls, this.#hosts.get(previous.host))
  }

  /** As lookup(), and lookupAfter() where there is a `previous`; `trace` is told what was tried on the way. */
  trace(
    request: { readonly host: string; readonly path: string; readonly isTls: boolean },
    previous: Route<T> | undefined,
    trace: LookupTrace<Route<T>>,
  ): Route<T> | undefined {
    const { host, path, isTls } = request
    const after = previous && this.#hosts.get(previous.host)
    return this.#hosts.find(requestHost(host, isTls), path, isTls, after, trace)
  }

  /** The route of exactly this host key and path. */
  route({ host, path }: HostPath): Route<T> | undefined {
    return this.#hosts.routesOf(this.#hosts.get(host))?.get(path)
  }

  /** The routes of one host key, in the order they are tried. */
  routesOf(host: string): Iterable<Route<T>> {
    return this.#hosts.routesOf(this.#hosts.get(host))?.values() ?? []
  }

  /** The route of a TCP connection: `:3306` or a server name against host keys, as they are. Only paths `/` and none count. */
  lookupExact(key: string): Route<T> | undefined {
    const routes = this.#hosts.routesOf(this.#hosts.get(lowerCase(key)))
    return routes?.get('/') ?? routes?.get('')
  }

  /** All routes, hosts in ascending byte order, the routes of a host in the order they are tried. */
  *routes(): Generator<Route<T>> {
    const cells = [...this.#hosts.cells].sort((a, b) => compareBytes(a.key, b.key))
    // Taken at once: what is committed while somebody goes through them does not show.
    const indexes = cells.map(cell => this.#hosts.routesOf(cell))
    for (const index of indexes) yield* index?.values() ?? []
  }

  /** Begins an edit. There is one at a time: one that is still open is given up. */
  edit(): TableEdit<T> {
    this.#openEdit?.abandon()
    this.#edits++
    const edit: TableEdit<T> = new TableEdit(this.#edits, this.#hosts, this.#options, growth => {
      if (this.#openEdit !== edit) throw new Error('a later edit of the route table has begun')
      this.#openEdit = undefined
      this.#size += growth
    })
    this.#openEdit = edit
    return edit
  }
}

/** Changes of a table that take effect together. What is staged costs time in proportion to itself; commit is quick. */
export class TableEdit<T extends Target = Target> {
  readonly #number: number
  readonly #hosts: HostIndex<Route<T>>
  readonly #options: RouteTableOptions<T>
  readonly #onCommit: (growth: number) => void
  readonly #cells = new Set<HostCell<Route<T>>>()
  /** In the name of this edit nodes of tries are made. They keep it for good, and the edit itself has to go. */
  readonly #owner: Owner = {}
  /** By host and path. */
  readonly #pools = new Map<string, TargetPool<T>>()
  /** Those of which not all targets are used any more. */
  readonly #poolsWithLosses = new Set<TargetPool<T>>()
  #growth = 0
  #isOver = false

  /** Made by RouteTable.edit(). `onCommit` is told how many targets more there are, and throws when it is too late. */
  constructor(
    number: number,
    hosts: HostIndex<Route<T>>,
    options: RouteTableOptions<T>,
    onCommit: (growth: number) => void,
  ) {
    this.#number = number
    this.#hosts = hosts
    this.#options = options
    this.#onCommit = onCommit
  }

  /** Stages the new state of one route. Lookups do not see it yet. */
  apply(change: RouteChange): void {
    // What was committed is in use, and this edit would change it in place.
    if (this.#isOver) throw new Error('this edit of the route table is over')
    const { host, path } = change
    this.#hosts.sweep(SWEPT_AT_ONCE)
    const cell = this.#hosts.getOrAdd(host)
    this.#cells.add(cell)
    const routes = cell.routesAt(this.#number) ?? createPathIndex<Route<T>>(this.#options.matcher)
    const before = routes.get(path)
    const targets = this.#choose(cell, change)
    this.#growth += targets.length - (before?.targets.length ?? 0)

    const [first, ...others] = targets
    if (first === undefined) {
      const left = routes.delete(path, this.#owner)
      this.#hosts.stage(cell, left.isEmpty ? undefined : left, this.#number)
      return
    }
    const glob = this.#options.matcher === 'glob' ? (before?.glob ?? compilePathGlob(path)) : undefined
    // The text of the cell: what crossed threads brought one of its own for each route.
    const fields = { host: cell.key, path, targets: [first, ...others], slot: change.slot ?? -1, glob } as const
    const route = new Route<T>(fields, before)
    const grown = suited(routes.set(path, route, this.#owner), this.#owner)
    this.#hosts.stage(cell, grown, this.#number)
  }

  /** Makes all that was staged visible at once. Throws when another edit has begun since. */
  commit(): void {
    const losses = this.publish()
    while (losses.next().done !== true);
  }

  /**
   * Like commit(), but leaves it to the caller when targets that nobody uses any more are dropped: each step of what comes back does so for one
   * route, and all steps have to be taken.
   */
  publish(): Iterator<undefined> {
    this.#onCommit(this.#growth)
    this.#isOver = true
    this.#hosts.publish(this.#number, this.#cells)
    return this.#dropLosses()
  }

  /** Forgets what was staged. */
  abandon(): void {
    this.#isOver = true
    this.#hosts.unstage(this.#cells)
    for (const pool of this.#pools.values()) pool.dropMade(this.#options)
  }

  *#dropLosses(): Generator<undefined> {
    for (const pool of this.#poolsWithLosses) {
      pool.dropUnused(this.#options)
      yield
    }
  }

  #choose(cell: HostCell<Route<T>>, { host, path, targets }: RouteChange): readonly T[] {
    const key = host + path
    let pool = this.#pools.get(key)
    if (pool === undefined) {
      pool = new TargetPool(this.#hosts.routesOf(cell)?.get(path)?.targets ?? [])
      this.#pools.set(key, pool)
    }
    const chosen = pool.choose(targets, spec => this.#options.makeTarget(spec, { host: cell.key, path }))
    if (pool.hasUnused) this.#poolsWithLosses.add(pool)
    else this.#poolsWithLosses.delete(pool)
    return chosen
  }
}

/** How many hosts of earlier edits are tidied with each change: more than a change can add, so that they do not pile up. */
const SWEPT_AT_ONCE = 2
