import type { ApiRoute } from '../answers.ts'

/** One target of a route, with what showing and finding it takes. */
export interface Row {
  /** From 1, in the order of the table. */
  readonly number: number
  readonly service: string
  readonly host: string
  readonly src: string
  readonly dst: string
  readonly opts: string
  readonly tags: readonly string[]
  readonly weight: number
  /** The same for the same target in the next version of the table. */
  readonly key: string
  /** All a filter looks at. */
  readonly text: string
  readonly lowerText: string
  /** A tag such as `urlprefix-http://host/` makes a route no request can match. */
  readonly hasScheme: boolean
}

export interface RowChanges {
  /** Keys of rows that are new or have another weight. */
  readonly touched: ReadonlySet<string>
  readonly added: number
  readonly removed: number
  readonly reweighed: number
}

export function buildRows(routes: readonly ApiRoute[]): readonly Row[] {
  const seen = new Map<string, number>()
  return routes.map((route, i) => {
    const tags = route.tags ?? []
    const text = [route.service, route.src, route.dst, route.opts, ...tags].join('\n')
    // Equal targets may occur twice; the second is then another row.
    const count = seen.get(text) ?? 0
    seen.set(text, count + 1)
    return {
      number: i + 1,
      service: route.service,
      host: route.host,
      src: route.src,
      dst: route.dst,
      opts: route.opts,
      tags,
      weight: route.weight,
      key: count === 0 ? text : `${text}\n${count}`,
      text,
      lowerText: text.toLowerCase(),
      hasScheme: /^https?:\/+/i.test(route.src),
    }
  })
}

export function compareRows(before: readonly Row[], after: readonly Row[]): RowChanges {
  const weights = new Map(before.map(row => [row.key, row.weight]))
  const touched = new Set<string>()
  let added = 0
  let reweighed = 0
  for (const { key, weight } of after) {
    const old = weights.get(key)
    weights.delete(key)
    if (old === weight) continue
    touched.add(key)
    if (old === undefined) added += 1
    else reweighed += 1
  }
  return { touched, added, removed: weights.size, reweighed }
}

export function formatPercent(weight: number): string {
  return `${(weight * 100).toFixed(2)}%`
}
