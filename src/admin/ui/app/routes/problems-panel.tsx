import { useSignal, useSignalEffect } from '@preact/signals'
import type { Problem } from '../answers.ts'
import { type Api, describeError } from '../api.ts'
import type { LiveUpdates } from '../live-updates.ts'
import { ProblemItem } from '../problems/problem-item.tsx'

const MAX_SHOWN = 200

/** Tags and lines in which something does not count as it was meant, each with its place. */
export function ProblemsPanel({ api, live }: { readonly api: Api; readonly live: LiveUpdates }) {
  const problems = useSignal<readonly Problem[]>([])
  const error = useSignal<string | undefined>(undefined)
  const isOpen = useSignal(false)
  const known = live.status.value?.problems
  useSignalEffect(() => {
    if (!isOpen.value || (live.status.value?.problems.count ?? 0) === 0) return
    api.problems().then(
      answer => {
        problems.value = answer.filter(({ origin }) => origin.kind !== 'route')
        error.value = undefined
      },
      cause => {
        error.value = describeError(cause)
      },
    )
  })
  if (known === undefined || known.count === 0) return null
  return (
    <details
      class="notice warn problems"
      onToggle={event => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary>
        {known.count === 1
          ? 'One route definition has a mistake.'
          : `${known.count.toLocaleString()} route definitions have a mistake.`}{' '}
        All others are in the table as they were meant.
      </summary>
      {error.value !== undefined && <p role="alert">{error.value}</p>}
      <ul>
        {problems.value.slice(0, MAX_SHOWN).map((problem, i) => (
          <ProblemItem key={i} problem={problem} />
        ))}
      </ul>
      {problems.value.length > MAX_SHOWN && <p>The first {MAX_SHOWN} are shown.</p>}
    </details>
  )
}
