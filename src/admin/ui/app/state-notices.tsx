import type { ServerStatus } from './answers.ts'
import { formatSince } from './format-time.ts'

/** On every page: the table is not what the registry says, and why. Nothing while it is. */
export function StateNotices({ status }: { readonly status: ServerStatus | undefined }) {
  const { snapshot, held } = status?.registry ?? {}
  if (snapshot === undefined && held === undefined) return null
  return (
    <div class="state-notices" role="status">
      {snapshot !== undefined && (
        <p class="notice warn">
          <strong>Routes from a snapshot</strong> written {formatSince(snapshot.writtenAt)}, until the registry answers.
        </p>
      )}
      {held !== undefined && (
        <p class="notice warn">
          <strong>The withdrawal of {count(held.routes, 'route')} is held back</strong> since {formatSince(held.since)}:
          the registry no longer lists {count(held.instances, 'instance')}. They are served until{' '}
          {formatSince(held.until)} at least, and until a second, consistent read confirms it.
        </p>
      )}
    </div>
  )
}

function count(number: number, thing: string): string {
  return `${number.toLocaleString()} ${thing}${number === 1 ? '' : 's'}`
}
