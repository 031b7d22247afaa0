import type { RouteDiff } from '../../../../route/route-diff.ts'
import type { OverridePreview } from '../../../override-preview.ts'

type Target = RouteDiff['targets'][number]

const MAX_SHOWN = 100

const MARKS: Readonly<
  Record<Target['change'], { readonly mark: string; readonly name: string; readonly kind: string }>
> = {
  added: { mark: '+', name: 'added', kind: 'ok' },
  removed: { mark: '−', name: 'removed', kind: 'danger' },
  reweighted: { mark: '±', name: 're-weighted', kind: 'warn' },
  options: { mark: '~', name: 'other options', kind: 'warn' },
  same: { mark: '', name: 'unchanged', kind: '' },
}

/** What the table becomes when the draft is stored. */
export function PreviewView({ preview }: { readonly preview: OverridePreview }) {
  const { routes, totals, requests } = preview
  return (
    <section class="card preview" aria-labelledby="preview-heading">
      <h2 id="preview-heading">What saving would change</h2>
      <p role="status">
        {totals.routes === 0 ? (
          'Nothing: the table stays as it is.'
        ) : (
          <>
            {totals.routes} {totals.routes === 1 ? 'route' : 'routes'}: {totals.added} targets added, {totals.removed}{' '}
            removed, {totals.reweighted} re-weighted.
          </>
        )}{' '}
        {totals.routes > 0 && <RequestShare requests={requests} />}
      </p>
      <ul class="steps">
        {routes.slice(0, MAX_SHOWN).map(route => (
          <RouteChangeItem key={route.host + route.path} route={route} />
        ))}
      </ul>
      {totals.routes > MAX_SHOWN && (
        <p>
          The first {MAX_SHOWN} of {totals.routes} are shown.
        </p>
      )}
    </section>
  )
}

function RequestShare({ requests }: { readonly requests: OverridePreview['requests'] }) {
  if (requests === undefined) {
    return (
      <span class="muted">
        How many requests that is, is not known: <code>metrics.target</code> is empty.
      </span>
    )
  }
  const { seconds, total, moved } = requests
  const share = total === 0 ? 0 : (moved / total) * 100
  const window = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`
  return (
    <strong>
      {share.toFixed(1)}% of the requests of the last {window} ({moved.toLocaleString()} of {total.toLocaleString()})
      would go elsewhere.
    </strong>
  )
}

/** What becomes of one route, target by target. */
export function RouteChangeItem({ route }: { readonly route: RouteDiff & { readonly requests?: number | undefined } }) {
  const { host, path, change, targets, moved, requests } = route
  return (
    <li>
      <p>
        <strong class="mono">{host + path}</strong>{' '}
        {change !== 'changed' && <span class={`badge ${change === 'added' ? 'ok' : 'danger'}`}>route {change}</span>}{' '}
        <span class="muted">
          {change === 'changed' && `${(moved * 100).toFixed(1)}% of its requests move`}
          {requests !== undefined && ` (${requests.toLocaleString()} requests)`}
        </span>
      </p>
      <ul class="paths-tried">
        {targets.map((target, i) => {
          const { mark, name, kind } = MARKS[target.change]
          return (
            <li key={i} class={`target-change ${kind}`}>
              <span class="mark" role="img" aria-label={name}>
                {mark}
              </span>{' '}
              {target.service} <span class="mono">{target.dst}</span> {percent(target.before)} → {percent(target.after)}{' '}
              <span class="muted">{target.change === 'same' ? '' : name}</span>
            </li>
          )
        })}
      </ul>
    </li>
  )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}
