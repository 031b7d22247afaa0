import { batch, computed, signal } from '@preact/signals'
import { type Api, describeError } from '../api.ts'
import { buildFilter } from './filter.ts'
import { buildRows, compareRows, type Row, type RowChanges } from './row.ts'
import { formatOrder, nextOrder, type Order, parseOrder, type SortKey, sortRows } from './sort.ts'

/** A marked row stays marked so long. */
const FLASH_MS = 2500
/** Loading takes at most about a third of the time, however often the table changes and however large it is. */
const PAUSE_FACTOR = 2
const MIN_PAUSE_MS = 300
const RETRY_PAUSE_MS = 3000

/** The table as the page has it, and what of it is shown. */
export class RoutesStore {
  readonly rows = signal<readonly Row[]>([])
  readonly hasLoaded = signal(false)
  readonly error = signal<string | undefined>(undefined)
  readonly filter = signal('')
  readonly order = signal<Order | undefined>(undefined)
  readonly touched = signal<ReadonlySet<string>>(new Set())
  /** What the last change was, in words. */
  readonly news = signal('')

  readonly #sorted = computed(() => sortRows(this.rows.value, this.order.value))
  readonly visible = computed(() => {
    const matches = buildFilter(this.filter.value)
    return this.filter.value.trim() === '' ? this.#sorted.value : this.#sorted.value.filter(matches)
  })
  readonly counts = computed(() => ({
    services: new Set(this.visible.value.map(row => row.service)).size,
    routes: new Set(this.visible.value.map(row => row.src)).size,
    targets: this.visible.value.length,
    allTargets: this.rows.value.length,
  }))

  readonly #api: Api
  #etag: string | undefined
  #loading = false
  #loadAgain = false
  #flashEnd: number | undefined

  constructor(api: Api) {
    this.#api = api
    const query = new URLSearchParams(location.search)
    this.filter.value = query.get('filter') ?? ''
    this.order.value = parseOrder(query.get('sort'))
  }

  setFilter(text: string): void {
    this.filter.value = text
    this.#remember()
  }

  sortBy(key: SortKey): void {
    this.order.value = nextOrder(this.order.value, key)
    this.#remember()
  }

  /** Loads the table; calls during a load make one more load after it. */
  async refresh(): Promise<void> {
    if (this.#loading) {
      this.#loadAgain = true
      return
    }
    this.#loading = true
    const start = performance.now()
    let pauseMs = 0
    try {
      const answer = await this.#api.routes(this.#etag)
      if (answer !== undefined) {
        this.#etag = answer.etag
        this.#show(buildRows(answer.routes))
      }
      this.error.value = undefined
    } catch (cause) {
      this.error.value = `The routing table cannot be loaded: ${describeError(cause)}`
      this.#loadAgain = true
      pauseMs = RETRY_PAUSE_MS
    }
    pauseMs = Math.max(pauseMs, MIN_PAUSE_MS, PAUSE_FACTOR * (performance.now() - start))
    setTimeout(() => this.#afterPause(), pauseMs)
  }

  #afterPause(): void {
    this.#loading = false
    if (!this.#loadAgain) return
    this.#loadAgain = false
    void this.refresh()
  }

  #show(rows: readonly Row[]): void {
    batch(() => {
      if (this.hasLoaded.value) this.#tell(compareRows(this.rows.value, rows))
      this.rows.value = rows
      this.hasLoaded.value = true
    })
  }

  #tell(changes: RowChanges): void {
    this.news.value = describeChanges(changes)
    this.touched.value = changes.touched
    clearTimeout(this.#flashEnd)
    this.#flashEnd = setTimeout(() => {
      this.touched.value = new Set()
    }, FLASH_MS)
  }

  /** In the address, so that a reload or a colleague sees the same; not in the history, where every letter would be a step. */
  #remember(): void {
    const query = new URLSearchParams(location.search)
    for (const [name, value] of [
      ['filter', this.filter.value],
      ['sort', formatOrder(this.order.value)],
    ] as const) {
      if (value === '') query.delete(name)
      else query.set(name, value)
    }
    const search = query.toString()
    history.replaceState(null, '', search === '' ? location.pathname : `?${search}`)
  }
}

function describeChanges({ added, removed, reweighed }: RowChanges): string {
  const parts = [
    [added, 'added'],
    [removed, 'removed'],
    [reweighed, 'with another weight'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return told.length === 0 ? '' : `Targets: ${told.join(', ')}`
}
