import { setImmediate } from 'node:timers/promises'
import type { RouteRow, RoutesView } from './admin/routes-view.ts'
import type { Config } from './config/config.ts'
import { type ChangeCause, type RecordedRoute, RouteHistory } from './history/route-history.ts'
import type { Log } from './log/log.ts'
import type { FeedChange, Origin, Problem } from './registry/route-feed.ts'
import { RouteFeed } from './registry/route-feed.ts'
import { RouteShadows } from './registry/route-shadows.ts'
import type { RouteChange } from './route/change.ts'
import type { CommandContext } from './route/check-command.ts'
import { formatTable, formatTableDetail } from './route/format-table.ts'
import { type Route, RouteTable } from './route/table.ts'
import { Target } from './route/target.ts'

/** So many routes are built before the control plane does something else. */
const ROUTES_PER_TURN = 500

/** Takes a change to the workers. Resolves with the change as they were given it, when all of them serve it. */
export type Publish = (changes: readonly RouteChange[]) => Promise<readonly RouteChange[]>

export interface RouteControlOptions {
  readonly config: Config
  readonly log: Log
  readonly publish: Publish
  /** A target is gone from the table, with the labels its series have. */
  onTargetGone(labels: readonly (readonly [string, string])[]): void
}

/** The control plane's routes: what registries say goes through here into the table, the workers and the log. */
export class RouteControl implements RoutesView {
  readonly feed: RouteFeed
  readonly history = new RouteHistory()
  private readonly options: RouteControlOptions
  /** As it is served; changed by this class only. */
  readonly table: RouteTable
  private readonly shadows: RouteShadows
  private readonly context: CommandContext
  private readonly listeners = new Set<() => void>()
  private publishing: Promise<void> = Promise.resolve()
  private committed = 0

  constructor(options: RouteControlOptions) {
    const { proxy, glob, registry } = options.config
    const globHosts = !glob.matchingDisabled
    this.options = options
    this.context = { matcher: proxy.matcher, globHosts }
    this.shadows = new RouteShadows(this.context)
    this.feed = new RouteFeed({ matcher: proxy.matcher, globHosts, textHeadings: registry.backend === 'consul' })
    this.table = new RouteTable({
      matcher: proxy.matcher,
      globHosts,
      makeTarget: (spec, route) => new ListedTarget(spec, route),
      dropTarget: target => {
        if (target instanceof ListedTarget) options.onTargetGone(target.labels)
      },
    })
  }

  get version(): number {
    return this.committed
  }

  /** How many targets the table has. */
  get size(): number {
    return this.table.size
  }

  routes(): Iterable<Route> {
    return this.table.routes()
  }

  /** What in the definitions does not count as it was meant, and what gets in another's way. */
  problems(): readonly Problem[] {
    return [...this.feed.problems(), ...this.shadows.list()]
  }

  targets(): Iterable<RouteRow> {
    return rowsOf(this.table)
  }

  /** The table as it was at a time in epoch milliseconds; undefined when the history does not reach back so far. */
  at(time: number): Pick<RoutesView, 'targets' | 'raw'> | undefined {
    const since = this.history.since(time)
    if (since === undefined) return undefined
    const table = new RouteTable({ ...this.context, makeTarget: spec => new Target(spec) })
    const edit = table.edit()
    for (const { host, path, targets } of this.table.routes()) {
      if (!since.has(`${host}\n${path}`)) edit.apply({ host, path, targets: targets.map(({ spec }) => spec) })
    }
    for (const { host, path, before } of since.values()) edit.apply({ host, path, targets: before })
    edit.commit()
    return { targets: () => rowsOf(table), raw: () => formatTable(table) }
  }

  raw(): string {
    return formatTable(this.table)
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Takes what was staged in the feed as one change, everywhere. */
  commit(causes: readonly ChangeCause[] = []): void {
    const change = this.feed.commit()
    if (change === undefined) return
    this.report(change)
    if (change.routes.length > 0) {
      // One after the other, in the order of their making: each names what the table is to be after it.
      this.publishing = this.publishing
        .then(() => this.publish(change, causes))
        .catch((cause: unknown) => {
          this.options.log.error(
            `cannot publish routes: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
          )
        })
    }
    this.logChange(change)
  }

  /** Resolves when everything committed so far is served by every worker. */
  async settled(): Promise<void> {
    await this.publishing
  }

  private async publish(change: FeedChange, causes: readonly ChangeCause[]): Promise<void> {
    this.record(change, causes)
    const edit = this.table.edit()
    for (const [i, route] of change.routes.entries()) {
      edit.apply(route)
      // Everything else of the control plane gets its turn while a large table is built.
      if (i % ROUTES_PER_TURN === ROUTES_PER_TURN - 1) await setImmediate()
    }
    // Committed and sent in one moment: a worker that is replaced has the change from the one or the other.
    edit.commit()
    const published = this.options.publish(change.routes)
    this.committed = change.version
    this.report(this.shadows.update(change.routes, this.table))
    for (const listener of this.listeners) listener()
    await published
  }

  private record({ version, routes, sources }: FeedChange, causes: readonly ChangeCause[]): void {
    const written = sources.map(name => ({ kind: 'text', name, event: 'was written' }) as const)
    const recorded = routes.map(({ host, path, targets }): RecordedRoute => {
      const before = this.table.route({ host, path })?.targets.map(target => target.spec) ?? []
      return { host, path, before, after: targets }
    })
    const change = {
      version,
      time: Date.now(),
      causes: [...causes, ...written],
      count: routes.length,
      routes: recorded,
    }
    this.history.record(change)
  }

  private report({ newProblems, goneProblems }: Pick<FeedChange, 'newProblems' | 'goneProblems'>): void {
    const { log } = this.options
    for (const problem of newProblems.slice(0, MAX_REPORTED)) log.warn(describeProblem(problem))
    if (newProblems.length > MAX_REPORTED) log.warn(`${newProblems.length - MAX_REPORTED} more: see /api/problems`)
    for (const { origin, reason } of goneProblems.slice(0, MAX_REPORTED))
      log.info(`${describeOrigin(origin)} is well again (was: ${reason})`)
    if (goneProblems.length > MAX_REPORTED) log.info(`${goneProblems.length - MAX_REPORTED} more are well again`)
  }

  private logChange(change: FeedChange): void {
    const { config, log } = this.options
    const { routesFormat } = config.log
    const { addedLines, removedLines } = change
    if (addedLines.length === 0 && removedLines.length === 0) return
    if (!log.isOn('INFO')) return
    if (routesFormat === 'all') log.info(`Updated config to\n${this.feed.document()}`)
    else if (routesFormat === 'detail') {
      void this.settled().then(() => log.info(`Updated config to\n${formatTableDetail(this.table)}`))
    } else {
      if (routesFormat !== 'delta') log.warn(`Invalid route format "${routesFormat}". Defaulting to "delta"`)
      const lines = [...removedLines.map(line => `- ${line}`), ...addedLines.map(line => `+ ${line}`)]
      log.info(`Config updates\n${lines.join('\n')}`)
    }
  }
}

function* rowsOf(table: RouteTable): Generator<RouteRow> {
  for (const route of table.routes()) {
    for (const [index, target] of route.targets.entries()) {
      const { service, tags, options } = target.spec
      const { host, path } = route
      yield { service, host, path, dst: target.url, options, tags, weight: route.weights[index] ?? 0 }
    }
  }
}

/** A target that knows how its metrics are labelled. */
class ListedTarget extends Target {
  readonly #route: { readonly host: string; readonly path: string }

  constructor(spec: ConstructorParameters<typeof Target>[0], route: { host: string; path: string }) {
    super(spec)
    this.#route = route
  }

  /** Made when they are asked for: a large table would have many, for the few targets that go. */
  get labels(): readonly (readonly [string, string])[] {
    const { host, path } = this.#route
    return [
      ['service', this.service],
      ['host', host],
      ['path', path],
      ['target', this.url],
    ]
  }
}

function describeProblem(problem: Problem): string {
  const { origin, text, column, reason, expected } = problem
  if (origin.kind === 'route') return `${describeOrigin(origin)}: ${reason}; expected ${expected}`
  return `${describeOrigin(origin)}, column ${column}: ${reason}, in '${text}'; expected ${expected}`
}

/** Of one change: the first ones tell the story, and a log is no place for thousands. */
const MAX_REPORTED = 50

function describeOrigin(origin: Origin): string {
  if (origin.kind === 'route') return `route ${origin.host}${origin.path}`
  if (origin.kind === 'text') return `${origin.source} line ${origin.line}`
  return `service ${origin.service}, instance ${origin.instance} on node ${origin.node}, tag '${origin.tag}'`
}
