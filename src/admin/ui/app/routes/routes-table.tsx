import { useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import { RouteRow } from './route-row.tsx'
import type { RoutesStore } from './routes-store.ts'
import type { Row } from './row.ts'
import { RowWindow } from './row-window.ts'
import type { SortKey } from './sort.ts'

const COLUMNS: readonly { readonly key: SortKey; readonly label: string }[] = [
  { key: 'service', label: 'Service' },
  { key: 'src', label: 'Source' },
  { key: 'dst', label: 'Target' },
  { key: 'opts', label: 'Options' },
  { key: 'weight', label: 'Weight' },
  { key: 'tags', label: 'Tags' },
]

interface RoutesTableProps {
  readonly store: RoutesStore
  readonly source: PageSettings['source']
  readonly onOpen: (row: Row) => void
}

/**
 * Only the rows on the screen are in the document. The name of the service is each row's button, and one of them is
 * in the order of the tab key; from there, arrow keys, Page Up and Down, Home and End walk through all rows.
 */
export function RoutesTable({ store, source, onOpen }: RoutesTableProps) {
  const rows = store.visible.value
  const range = useMemo(() => new RowWindow(), [])
  const head = useRef<HTMLTableSectionElement>(null)
  const body = useRef<HTMLTableSectionElement>(null)
  const active = useSignal(0)
  const wantsFocus = useRef(false)

  useEffect(() => (head.current === null ? undefined : range.follow(head.current)), [range])
  useLayoutEffect(() => range.update(rows.length), [range, rows.length])
  useSignalEffect(() => {
    if (store.filter.value !== undefined && store.order.value !== null) active.value = 0 // Other rows, so begin at the top.
  })
  useLayoutEffect(() => {
    if (!wantsFocus.current) return
    wantsFocus.current = false
    body.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus({ preventScroll: true })
  })

  const first = Math.min(range.first.value, rows.length)
  const end = Math.min(range.end.value, rows.length)
  const tabStop = Math.min(Math.max(active.value, first), end - 1)

  const onKeyDown = (event: KeyboardEvent) => {
    const index = stepOf(event, { at: tabStop, last: rows.length - 1, page: range.rowsOnScreen() })
    if (index === undefined) return
    event.preventDefault()
    active.value = Math.min(Math.max(index, 0), rows.length - 1)
    wantsFocus.current = true
    range.reveal(active.value)
  }
  const onClick = (event: MouseEvent) => {
    const row = rows[rowIndexAt(event.target)]
    if (row === undefined || getSelection()?.isCollapsed === false) return // Text is being selected, not a row.
    active.value = rowIndexAt(event.target)
    onOpen(row)
  }

  return (
    <table class="routes" aria-label="Routing table" aria-rowcount={rows.length + 1}>
      <thead ref={head}>
        <tr aria-rowindex={1}>
          <th class="number" scope="col">
            <abbr title="Place in the table">#</abbr>
          </th>
          {COLUMNS.map(column => (
            <Heading key={column.key} store={store} column={column} />
          ))}
        </tr>
      </thead>
      <Spacer rows={first} height={range.rowHeight} />
      <tbody ref={body} onKeyDown={onKeyDown} onClick={onClick}>
        {rows.slice(first, end).map((row, i) => (
          <RouteRow
            key={row.key}
            row={row}
            index={first + i}
            previous={rows[first + i - 1]}
            isTouched={store.touched.value.has(row.key)}
            isTabStop={first + i === tabStop}
            source={source}
          />
        ))}
      </tbody>
      <Spacer rows={rows.length - end} height={range.rowHeight} />
    </table>
  )
}

function Heading({ store, column }: { readonly store: RoutesStore; readonly column: (typeof COLUMNS)[number] }) {
  const order = store.order.value?.key === column.key ? store.order.value : undefined
  const direction = order === undefined ? 'none' : order.descending ? 'descending' : 'ascending'
  return (
    <th class={column.key} scope="col" aria-sort={direction}>
      <button type="button" class="sort" onClick={() => store.sortBy(column.key)}>
        {column.label}
        <span class={`arrow ${direction}`} aria-hidden="true" />
      </button>
    </th>
  )
}

/** Stands for rows that are not in the document. */
function Spacer({ rows, height }: { readonly rows: number; readonly height: number }) {
  if (rows <= 0) return null
  return (
    <tbody class="spacer" aria-hidden="true">
      <tr>
        <td style={{ height: `${rows * height}px` }} />
      </tr>
    </tbody>
  )
}

/** -1 for a link, which goes its own way. */
function rowIndexAt(target: EventTarget | null): number {
  if (!(target instanceof Element) || target.closest('a') !== null) return -1
  const index = target.closest('tr')?.getAttribute('aria-rowindex')
  return index === null || index === undefined ? -1 : Number(index) - 2
}

interface Place {
  readonly at: number
  readonly last: number
  readonly page: number
}

function stepOf(event: KeyboardEvent, { at, last, page }: Place): number | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  switch (event.key) {
    case 'ArrowDown':
      return at + 1
    case 'ArrowUp':
      return at - 1
    case 'PageDown':
      return at + page
    case 'PageUp':
      return at - page
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
