import type { Row } from './row.ts'

const SORT_KEYS = ['service', 'src', 'dst', 'opts', 'weight', 'tags'] as const
export type SortKey = (typeof SORT_KEYS)[number]

/** No order means the table's own: the one in which requests are matched. */
export interface Order {
  readonly key: SortKey
  readonly descending: boolean
}

/** Equal rows stay in the order of the table. */
export function sortRows(rows: readonly Row[], order: Order | undefined): readonly Row[] {
  if (order === undefined) return rows
  const { key, descending } = order
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = key === 'tags' ? [a.tags.join(' '), b.tags.join(' ')] : [a[key], b[key]]
    return x < y ? -sign : x > y ? sign : 0
  })
}

/** Up, down, and back to the table's own order. */
export function nextOrder(order: Order | undefined, key: SortKey): Order | undefined {
  if (order?.key !== key) return { key, descending: false }
  return order.descending ? undefined : { key, descending: true }
}

/** `service`, or `-service` for descending. */
export function parseOrder(text: string | null): Order | undefined {
  const key = SORT_KEYS.find(name => name === text?.replace(/^-/, ''))
  return key === undefined ? undefined : { key, descending: text?.startsWith('-') ?? false }
}

export function formatOrder(order: Order | undefined): string {
  return order === undefined ? '' : `${order.descending ? '-' : ''}${order.key}`
}
