import type { Problem } from './route-feed.ts'

/** A problem as its finder knows it: one without a time. */
export type Finding = Omit<Problem, 'since'>

/** Keeps the problems there are, and tells which came and went. */
export class RouteProblems {
  /** By the object their finder holds; a set would not do, because the problem of a line moves with the line. */
  readonly #since = new Map<FindingSource, number>()
  #came: FindingSource[] = []
  #went: FindingSource[] = []

  add(source: FindingSource): void {
    this.#came.push(source)
  }

  remove(source: FindingSource): void {
    this.#went.push(source)
  }

  /** Takes in what was added and removed since the last time. What came as it went has never been away. */
  settle(now: number): { readonly newProblems: readonly Problem[]; readonly goneProblems: readonly Problem[] } {
    const gone = new Map<string, FindingSource[]>()
    for (const source of this.#went) {
      const key = keyOf(source)
      const same = gone.get(key)
      if (same === undefined) gone.set(key, [source])
      else same.push(source)
    }
    const newProblems: Problem[] = []
    for (const source of this.#came) {
      const before = gone.get(keyOf(source))?.pop()
      const since = (before === undefined ? undefined : this.#since.get(before)) ?? now
      if (before === undefined) newProblems.push({ ...source.finding, since })
      else this.#since.delete(before)
      this.#since.set(source, since)
    }
    const goneProblems: Problem[] = []
    for (const source of [...gone.values()].flat()) {
      const since = this.#since.get(source)
      // What came and went since the last time was never reported.
      if (since !== undefined && this.#since.delete(source)) goneProblems.push({ ...source.finding, since })
    }
    this.#came = []
    this.#went = []
    return { newProblems, goneProblems }
  }

  list(): readonly Problem[] {
    return [...this.#since].map(([{ finding }, since]) => ({ ...finding, since }))
  }
}

/** Who found a problem, and what it is now: the number of its line may change. */
export interface FindingSource {
  readonly finding: Finding
}

/** What makes it the same problem: all but the number of its line. */
function keyOf({ finding: { origin, text, column, reason } }: FindingSource): string {
  return JSON.stringify([placeOf(origin), text, column, reason])
}

function placeOf(origin: Finding['origin']): string | readonly string[] {
  switch (origin.kind) {
    case 'text':
      return origin.source
    case 'service':
      return [origin.service, origin.instance, origin.node, origin.tag]
    case 'route':
      return origin.host + origin.path
  }
}
