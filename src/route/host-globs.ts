import type { Glob } from './glob.ts'
import { compileGlob } from './glob.ts'
import { compareBytes } from './go-text.ts'
import type { HostCell } from './host-index.ts'
import { defaultPortSuffix, hostOrderKey } from './host-path.ts'
import type { LookupTrace } from './lookup-trace.ts'

/**
 * Host patterns by the whole labels they end with: `*.eu.test` stands at `eu.test`, a pattern that may end with anything at
 * `''`. So a host is compared with the patterns for its own ends only, not with those of others.
 */
export class HostGlobs<R> {
  readonly #byEnd = new Map<string, Entry<R>[]>()
  /** How many ends there are of each number of labels, up to the longest. */
  readonly #endsByLength: number[] = []
  /** The entries for the ends of the host that is being looked for, shortest first. Kept to be used again. */
  readonly #lists: Entry<R>[][] = []

  get isEmpty(): boolean {
    return this.#byEnd.size === 0
  }

  /** The key of the cell must compile. */
  add(cell: HostCell<R>): void {
    for (const entry of entriesOf(cell)) {
      const entries = this.#byEnd.get(entry.end)
      if (entries !== undefined) {
        entries.splice(placeOf(entries, entry), 0, entry)
        continue
      }
      this.#byEnd.set(entry.end, [entry])
      const length = countLabels(entry.end)
      while (this.#endsByLength.length <= length) this.#endsByLength.push(0)
      this.#endsByLength[length] = (this.#endsByLength[length] ?? 0) + 1
    }
  }

  delete(cell: HostCell<R>): void {
    for (const entry of entriesOf(cell)) {
      const entries = this.#byEnd.get(entry.end) ?? []
      const place = placeOf(entries, entry)
      if (entries[place]?.cell !== cell) continue
      entries.splice(place, 1)
      if (entries.length > 0) continue
      this.#byEnd.delete(entry.end)
      const length = countLabels(entry.end)
      this.#endsByLength[length] = (this.#endsByLength[length] ?? 0) - 1
      while (this.#endsByLength.at(-1) === 0) this.#endsByLength.pop()
    }
  }

  /** The route for the path of the first pattern, in Fabio's order, that fits the host and has one; behind `after` if given. */
  find({ host, path, isTls, after, edit, trace }: HostRequest<R>): R | undefined {
    const limit = after && { cell: after, orderKey: hostOrderKey(after.key) }
    let best: Entry<R> | undefined
    let found: R | undefined
    // The longest end first: most often it is the one, and the others need no look.
    for (let n = this.#findLists(host) - 1; n >= 0; n--) {
      for (const entry of this.#lists[n] ?? []) {
        if (best !== undefined && compareOrder(entry, best) < 0) break
        if (limit !== undefined && compareOrder(entry, limit) >= 0) continue
        if (entry.isTls !== undefined && entry.isTls !== isTls) continue
        const routes = entry.cell.routesAt(edit)
        const fits = routes !== undefined && (entry.isWhole || entry.glob.matches(host))
        const route = fits ? routes.match(path) : undefined
        if (trace !== undefined && routes !== undefined) {
          trace.tried({
            key: entry.cell.key,
            fits,
            note: fits ? 'a pattern that fits' : 'the pattern does not fit',
            route,
          })
        }
        if (route === undefined) continue
        best = entry
        found = route
        break
      }
    }
    return found
  }

  /** Gathers the entries that may fit, and says how many lists of them there are. */
  #findLists(host: string): number {
    let count = 0
    let end = host.length
    for (let labels = 0; labels < this.#endsByLength.length; labels++) {
      let from = host.length
      if (labels > 0) {
        const dot = end === 0 ? -1 : host.lastIndexOf('.', end - 1)
        if (dot < 0) break
        end = dot
        from = dot + 1
      }
      // A host may have many labels, so it is cut only where there are patterns as long.
      const entries = this.#endsByLength[labels] === 0 ? undefined : this.#byEnd.get(host.slice(from))
      if (entries !== undefined) this.#lists[count++] = entries
    }
    return count
  }
}

interface HostRequest<R> {
  readonly host: string
  readonly path: string
  readonly isTls: boolean
  readonly after: HostCell<R> | undefined
  /** The last one published. */
  readonly edit: number
  readonly trace: LookupTrace<R> | undefined
}

interface Ordered<R> {
  readonly cell: HostCell<R>
  readonly orderKey: string
}

/** A pattern as connections of one kind see it, or those of both. */
interface Entry<R> extends Ordered<R> {
  readonly glob: Glob
  /** The whole labels every host ends with that fits; all of them have more in front. */
  readonly end: string
  /** Whether every host with that end fits. */
  readonly isWhole: boolean
  /** Undefined: on any connection. */
  readonly isTls: boolean | undefined
}

/** A key that ends with the default port of a kind of connection is compared without it there. */
function entriesOf<R>(cell: HostCell<R>): readonly Entry<R>[] {
  const { key } = cell
  const orderKey = hostOrderKey(key)
  const entry = (pattern: string, isTls: boolean | undefined): Entry<R> => {
    const glob = compileGlob(pattern)
    const dot = glob.literalEnd.indexOf('.')
    const end = dot < 0 ? '' : glob.literalEnd.slice(dot + 1)
    const isWhole = glob.isSuffix && (glob.literalEnd === '' || (dot === 0 && end !== ''))
    return { cell, orderKey, glob, end, isWhole, isTls }
  }
  for (const isTls of [false, true]) {
    const port = defaultPortSuffix(isTls)
    if (key.endsWith(port)) return [entry(key.slice(0, -port.length), isTls), entry(key, !isTls)]
  }
  return [entry(key, undefined)]
}

function countLabels(end: string): number {
  return end === '' ? 0 : end.split('.').length
}

/** Where an entry stands among those that descend in Fabio's order, or where it would. */
function placeOf<R>(entries: readonly Entry<R>[], wanted: Ordered<R>): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = entries[middle]
    if (entry !== undefined && compareOrder(entry, wanted) > 0) low = middle + 1
    else high = middle
  }
  return low
}

function compareOrder<R>(a: Ordered<R>, b: Ordered<R>): number {
  return compareBytes(a.orderKey, b.orderKey) || compareBytes(a.cell.key, b.cell.key)
}
