import type { RouteRow, RoutesView } from '../../src/admin/routes-view.ts'

/** A routing table that a test fills by hand; its rows come out in the order they were put in. */
export class FakeTable implements RoutesView {
  version = 1
  #rows: readonly RouteRow[]
  #listeners = new Set<() => void>()

  constructor(rows: readonly RouteRow[] = []) {
    this.#rows = rows
  }

  targets(): Iterable<RouteRow> {
    return this.#rows
  }

  raw(): string {
    return this.#rows.map(row => `route add ${row.service} ${row.host}${row.path} ${row.dst}`).join('\n')
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  set(rows: readonly RouteRow[]): void {
    this.#rows = rows
    this.version += 1
    for (const listener of this.#listeners) listener()
  }
}

export function createRow(row: Partial<RouteRow>): RouteRow {
  return { service: 'web', host: '', path: '/', dst: 'http://10.0.0.5:8080/', options: [], tags: [], weight: 1, ...row }
}
