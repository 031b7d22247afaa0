import { isHostGlob } from './glob-keys.ts'
import { HostGlobs } from './host-globs.ts'
import { defaultPortSuffix } from './host-path.ts'
import type { LookupTrace } from './lookup-trace.ts'
import type { PathIndex } from './path-index.ts'

/**
 * One host key of the table and its routes. A cell stays while its routes change, and knows what they will be when the edit
 * that stages them is published: so an edit of many hosts takes effect in one step, by the number of the last edit alone.
 */
export class HostCell<R> {
  readonly key: string
  /** `exact`: compared with the host of a request. `glob`: a pattern for it. `any`: the key `''`, tried last. */
  readonly kind: 'exact' | 'glob' | 'any'
  #routes: PathIndex<R> | undefined = undefined
  #staged: PathIndex<R> | undefined = undefined
  /** The number of the edit that staged something. */
  #stagedBy = Infinity

  constructor(key: string, kind: HostCell<R>['kind']) {
    this.key = key
    this.kind = kind
  }

  /** What there is when this edit is the last one published; undefined while the host has no routes. */
  routesAt(edit: number): PathIndex<R> | undefined {
    return this.#stagedBy <= edit ? this.#staged : this.#routes
  }

  get isStaged(): boolean {
    return this.#stagedBy !== Infinity
  }

  stage(routes: PathIndex<R> | undefined, edit: number): void {
    this.#staged = routes
    this.#stagedBy = edit
  }

  /** Lets go of what no lookup will ask for any more, now that this is the last edit published. */
  settle(edit: number): void {
    if (this.#stagedBy > edit) return
    this.#routes = this.#staged
    this.unstage()
  }

  unstage(): void {
    this.#staged = undefined
    this.#stagedBy = Infinity
  }
}

/**
 * Finds the host keys that fit the host of a request, most specific first: exact ones, those with a default port before
 * those without; then globs in Fabio's order; then the key `''`. A key that ends with the default port of the connection is
 * compared without it.
 */
export class HostIndex<R> {
  readonly #areGlobsOn: boolean
  readonly #cells = new Map<string, HostCell<R>>()
  readonly #globs = new HostGlobs<R>()
  readonly #plain = new DefaultPort<R>(defaultPortSuffix(false))
  readonly #tls = new DefaultPort<R>(defaultPortSuffix(true))
  /** The last edit whose changes can be seen. */
  #published = 0
  /** Cells of earlier edits that are still to be settled. */
  readonly #unsettled: Iterator<HostCell<R>>[] = []

  constructor({ globHosts }: { globHosts: boolean }) {
    this.#areGlobsOn = globHosts
  }

  /** All hosts, also those that have no routes yet, or no more. */
  get cells(): Iterable<HostCell<R>> {
    return this.#cells.values()
  }

  get(key: string): HostCell<R> | undefined {
    return this.#cells.get(key)
  }

  routesOf(cell: HostCell<R> | undefined): PathIndex<R> | undefined {
    return cell?.routesAt(this.#published)
  }

  /** The cell of the key. A new one has no routes, so nobody finds it yet. */
  getOrAdd(key: string): HostCell<R> {
    const known = this.#cells.get(key)
    if (known !== undefined) return known
    const isGlob = this.#areGlobsOn && isHostGlob(key)
    const cell = new HostCell<R>(key, key === '' ? 'any' : isGlob ? 'glob' : 'exact')
    this.#cells.set(key, cell)
    if (isGlob) this.#globs.add(cell)
    this.#plain.add(cell)
    this.#tls.add(cell)
    return cell
  }

  /** Says what the routes of a cell are when this edit is published. */
  stage(cell: HostCell<R>, routes: PathIndex<R> | undefined, edit: number): void {
    cell.settle(this.#published)
    cell.stage(routes, edit)
  }

  /** Makes visible what the edit staged, which is in these cells. Edits are numbered in their order. */
  publish(edit: number, cells: ReadonlySet<HostCell<R>>): void {
    this.#published = edit
    // An edit of nothing gives no occasion to tidy up after it.
    if (cells.size > 0) this.#unsettled.push(cells[Symbol.iterator]())
  }

  /** Forgets what an edit staged in these cells. */
  unstage(cells: ReadonlySet<HostCell<R>>): void {
    for (const cell of cells) cell.unstage()
    if (cells.size > 0) this.#unsettled.push(cells[Symbol.iterator]())
  }

  /** Tidies up to so many cells of earlier edits: lets go of their old routes, and takes out those without any. */
  sweep(count: number): void {
    for (let n = 0; n < count; n++) {
      const next = this.#unsettled.at(-1)?.next()
      if (next === undefined) return
      if (next.done === true) {
        this.#unsettled.pop()
        continue
      }
      const cell = next.value
      cell.settle(this.#published)
      // It may have come up twice, and its key may have a new cell.
      const isNeeded = cell.isStaged || this.routesOf(cell) !== undefined || this.#cells.get(cell.key) !== cell
      if (!isNeeded) this.#delete(cell)
    }
  }

  /**
   * The route of the first host that has one for this path. `host` is as requestHost() makes it. With `after`, only hosts
   * behind that one count. `trace` is told what is tried.
   */
  find(
    host: string,
    path: string,
    isTls: boolean,
    after: HostCell<R> | undefined,
    trace: LookupTrace<R> | undefined = undefined,
  ): R | undefined {
    if (after === undefined || after.kind === 'exact') {
      const found = this.#findExact({ host, path, port: isTls ? this.#tls : this.#plain, after, trace })
      if (found !== undefined) return found
    }
    if (after?.kind === 'any') return undefined
    if (!this.#globs.isEmpty) {
      const rest = after?.kind === 'glob' ? after : undefined
      const found = this.#globs.find({ host, path, isTls, after: rest, edit: this.#published, trace })
      if (found !== undefined) return found
    }
    const any = this.routesOf(this.#cells.get(''))
    const found = any?.match(path)
    if (any !== undefined) trace?.tried({ key: '', fits: true, note: 'fits every host', route: found })
    return found
  }

  #findExact({ host, path, port, after, trace }: ExactSearch<R>): R | undefined {
    if (after === undefined) {
      const cell = port.cellFor(host)
      const routes = this.routesOf(cell)
      const found = routes?.match(path)
      if (cell !== undefined && routes !== undefined)
        trace?.tried({ key: cell.key, fits: true, note: 'the host with the default port', route: found })
      if (found !== undefined) return found
    }
    const bare = this.#cells.get(host)
    if (bare === undefined || bare === after || bare.kind !== 'exact' || port.endsKeyOf(bare)) return undefined
    const routes = this.routesOf(bare)
    const found = routes?.match(path)
    if (routes !== undefined) trace?.tried({ key: host, fits: true, note: 'the host itself', route: found })
    return found
  }

  #delete(cell: HostCell<R>): void {
    this.#cells.delete(cell.key)
    if (cell.kind === 'glob') this.#globs.delete(cell)
    this.#plain.delete(cell)
    this.#tls.delete(cell)
  }
}

interface ExactSearch<R> {
  readonly host: string
  readonly path: string
  readonly port: DefaultPort<R>
  readonly after: HostCell<R> | undefined
  readonly trace: LookupTrace<R> | undefined
}

/** The exact keys that end with the default port of one kind of connection, by what stands before it. */
class DefaultPort<R> {
  readonly #suffix: string
  readonly #cells = new Map<string, HostCell<R>>()

  constructor(suffix: string) {
    this.#suffix = suffix
  }

  endsKeyOf(cell: HostCell<R>): boolean {
    return cell.key.endsWith(this.#suffix)
  }

  cellFor(host: string): HostCell<R> | undefined {
    return this.#cells.size === 0 ? undefined : this.#cells.get(host)
  }

  add(cell: HostCell<R>): void {
    if (cell.kind === 'exact' && this.endsKeyOf(cell)) this.#cells.set(this.#beforePort(cell), cell)
  }

  delete(cell: HostCell<R>): void {
    if (cell.kind === 'exact' && this.endsKeyOf(cell)) this.#cells.delete(this.#beforePort(cell))
  }

  #beforePort(cell: HostCell<R>): string {
    return cell.key.slice(0, -this.#suffix.length)
  }
}
