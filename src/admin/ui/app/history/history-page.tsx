import { useEffect } from 'preact/hooks'
import type { HistoryRow } from '../../../history-row.ts'
import type { Api } from '../api.ts'
import { formatSince } from '../format-time.ts'
import type { LiveUpdates } from '../live-updates.ts'
import { LoadState, useLoaded } from '../loaded.tsx'
import { RouteChangeItem } from '../manual/preview-view.tsx'

/** The last changes of the table: when, what and why. */
export function HistoryPage({ base, api, live }: { base: string; api: Api; live: LiveUpdates }) {
  const { value: rows, error, load } = useLoaded('The history', () => api.history())
  useEffect(() => {
    live.onRoutes(load)
    load()
  }, [api, live])
  return (
    <main id="main">
      <div class="page-head">
        <h1>History</h1>
        <p class="muted">
          The last changes of the routing table, newest first. <a href={`${base}/api/history?pretty`}>JSON</a>
        </p>
      </div>
      <LoadState value={rows} error={error} />
      {rows.value?.length === 0 && <p class="empty">The table has not changed since the start.</p>}
      {rows.value !== undefined && rows.value.length > 0 && (
        <ol class="history">
          {rows.value.map(row => (
            <ChangeItem key={`${row.time} ${row.version}`} row={row} base={base} />
          ))}
        </ol>
      )}
    </main>
  )
}

function ChangeItem({ row, base }: { readonly row: HistoryRow; readonly base: string }) {
  const { time, version, causes, count, routes } = row
  return (
    <li class="card">
      <p class="change-head">
        <strong>{formatSince(time)}</strong>
        <span>
          {count} {count === 1 ? 'route' : 'routes'}
        </span>
        <span class="muted">version {version}</span>
        <a href={`${base}/api/routes?raw&at=${time}`}>table at that time</a>
      </p>
      <ul class="causes">
        {causes.length === 0 && <li class="muted">cause not known</li>}
        {causes.map(({ name, event }, i) => (
          <li key={i}>
            <strong>{name}</strong> {event}
          </li>
        ))}
      </ul>
      {routes.length > 0 && (
        <details>
          <summary>
            {routes
              .map(({ host, path }) => host + path)
              .slice(0, 3)
              .join(', ')}
            {count > 3 && ' …'}
          </summary>
          <ul class="steps">
            {routes.map(route => (
              <RouteChangeItem key={route.host + route.path} route={route} />
            ))}
          </ul>
          {count > routes.length && <p>The first {routes.length} are shown.</p>}
        </details>
      )}
    </li>
  )
}
