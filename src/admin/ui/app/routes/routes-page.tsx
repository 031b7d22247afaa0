import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import type { Api } from '../api.ts'
import type { LiveUpdates } from '../live-updates.ts'
import { EmptyTable } from './empty-table.tsx'
import { ProblemsPanel } from './problems-panel.tsx'
import { RawView } from './raw-view.tsx'
import { RegistryLine } from './registry-line.tsx'
import type { RoutesStore } from './routes-store.ts'
import { RoutesTable } from './routes-table.tsx'
import type { Row } from './row.ts'
import { RowDetails } from './row-details.tsx'

interface RoutesPageProps {
  readonly settings: PageSettings
  readonly api: Api
  readonly live: LiveUpdates
  readonly store: RoutesStore
}

export function RoutesPage({ settings, api, live, store }: RoutesPageProps) {
  const opened = useSignal<Row | undefined>(undefined)
  const isRawOpen = useSignal(false)
  const showRaw = (isOpen: boolean) => {
    isRawOpen.value = isOpen
  }
  const open = (row: Row | undefined) => {
    opened.value = row
  }
  return (
    <main id="main">
      <div class="page-head">
        <h1>Routing Table</h1>
        <RegistryLine status={live.status.value} />
      </div>
      <div class="toolbar">
        <FilterField store={store} />
        <Counts store={store} />
        <button type="button" onClick={() => showRaw(true)}>
          Raw
        </button>
      </div>
      {store.error.value !== undefined && (
        <p class="notice danger" role="alert">
          {store.error.value}
        </p>
      )}
      {settings.hasProblems && <ProblemsPanel api={api} live={live} />}
      <Table settings={settings} live={live} store={store} onOpen={open} />
      <p class="offscreen" role="status">
        {store.news}
      </p>
      {opened.value !== undefined && (
        <RowDetails row={opened.value} source={settings.source} onClose={() => open(undefined)} />
      )}
      {isRawOpen.value && <RawView api={api} onClose={() => showRaw(false)} />}
    </main>
  )
}

function Table({
  settings,
  live,
  store,
  onOpen,
}: Omit<RoutesPageProps, 'api'> & { readonly onOpen: (row: Row) => void }) {
  if (!store.hasLoaded.value)
    return store.error.value === undefined ? <p class="muted loading">Loading the routing table…</p> : null
  if (store.rows.value.length === 0) return <EmptyTable status={live.status.value} settings={settings} />
  if (store.visible.value.length > 0) return <RoutesTable store={store} source={settings.source} onOpen={onOpen} />
  return (
    <section class="empty">
      <h2>No route matches the filter</h2>
      <p>
        Every word must occur in a row. <code>service:</code>, <code>host:</code>, <code>src:</code>, <code>dst:</code>,{' '}
        <code>opt:</code> and <code>tag:</code> in front of a word look at that part only.
      </p>
      <button type="button" onClick={() => store.setFilter('')}>
        Show all {store.rows.value.length.toLocaleString()} targets
      </button>
    </section>
  )
}

function FilterField({ store }: { readonly store: RoutesStore }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // With a touch screen, the focus would bring up a keyboard that covers the table.
    if (matchMedia('(hover: hover)').matches) field.current?.focus({ preventScroll: true })
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest('input, textarea, select, dialog') !== null
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <input
      ref={field}
      id="filter"
      type="search"
      aria-label="Filter routes"
      title="All words must occur. service: host: src: dst: opt: tag: look at one part only."
      placeholder="type to filter routes, for instance  shop tag:blue"
      autocomplete="off"
      spellcheck={false}
      value={store.filter}
      onInput={event => store.setFilter(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== 'ArrowDown') return
        event.preventDefault()
        document.querySelector<HTMLElement>('table.routes button.open[tabindex="0"]')?.focus()
      }}
    />
  )
}

function Counts({ store }: { readonly store: RoutesStore }) {
  const { services, routes, targets, allTargets } = store.counts.value
  const isFiltered = targets !== allTargets
  return (
    <p class="counts" role="status">
      <Count n={services} name="service" /> <Count n={routes} name="route" /> <Count n={targets} name="target" />
      {isFiltered && <span class="muted"> of {allTargets.toLocaleString()}</span>}
    </p>
  )
}

function Count({ n, name }: { readonly n: number; readonly name: string }) {
  return (
    <span class="count">
      <strong>{n.toLocaleString()}</strong> {n === 1 ? name : `${name}s`}
    </span>
  )
}
