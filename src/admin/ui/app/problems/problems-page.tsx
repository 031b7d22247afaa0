import { useSignal, useSignalEffect } from '@preact/signals'
import type { Problem } from '../answers.ts'
import type { Api } from '../api.ts'
import type { LiveUpdates } from '../live-updates.ts'
import { LoadState, useLoaded } from '../loaded.tsx'
import { SearchBox } from '../search-box.tsx'
import { ProblemItem } from './problem-item.tsx'

const MAX_SHOWN = 500

/** Everything in the definitions that does not count as it was meant, and what gets in another's way. */
export function ProblemsPage({ base, api, live }: { base: string; api: Api; live: LiveUpdates }) {
  const { value: problems, error, load } = useLoaded('The problems', () => api.problems())
  const filter = useSignal('')
  useSignalEffect(() => {
    if (live.status.value !== undefined) load()
  })
  const wanted = filter.value.trim().toLowerCase()
  const all = problems.value ?? []
  const shown = all.filter(problem => JSON.stringify(problem).toLowerCase().includes(wanted))
  const isConflict = ({ origin }: Problem) => origin.kind === 'route'
  return (
    <main id="main">
      <div class="page-head">
        <h1>Problems</h1>
        <p class="muted">
          A mistake costs only itself: everything else is served. <a href={`${base}/api/problems?pretty`}>JSON</a>
        </p>
      </div>
      <LoadState value={problems} error={error} />
      {problems.value !== undefined && all.length === 0 && (
        <section class="empty">
          <h2>No problems</h2>
          <p>Every tag and every line that defines a route counts as it was meant, and none gets in another’s way.</p>
        </section>
      )}
      {all.length > 0 && (
        <div class="toolbar">
          <SearchBox text={filter} label="Filter problems" placeholder="service, node, key, text …" />
          <p class="muted" role="status">
            {shown.length === all.length ? `${all.length} in all` : `${shown.length} of ${all.length}`}
          </p>
        </div>
      )}
      <ProblemList title="Mistakes" problems={shown.filter(problem => !isConflict(problem))} />
      <ProblemList title="Conflicts" problems={shown.filter(isConflict)} />
      {all.length > 0 && shown.length === 0 && <p class="empty">No problem matches.</p>}
    </main>
  )
}

function ProblemList({ title, problems }: { readonly title: string; readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null
  return (
    <section class="card problem-list">
      <h2>
        {title} <span class="badge">{problems.length}</span>
      </h2>
      <ul class="steps">
        {problems.slice(0, MAX_SHOWN).map((problem, i) => (
          <ProblemItem key={i} problem={problem} />
        ))}
      </ul>
      {problems.length > MAX_SHOWN && <p>The first {MAX_SHOWN} are shown.</p>}
    </section>
  )
}
