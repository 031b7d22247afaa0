import type { ServerStatus } from '../answers.ts'
import { formatSince } from '../format-time.ts'

/** Where the routes come from and whether they are fresh. */
export function RegistryLine({ status }: { readonly status: ServerStatus | undefined }) {
  if (status === undefined) return <p class="registry muted">Registry: …</p>
  const { backend, state, since, reason } = status.registry
  if (state === 'connected') {
    return (
      <p class="registry">
        <span class="dot ok" aria-hidden="true" /> Registry <strong>{backend}</strong> connected since{' '}
        {formatSince(since)}
      </p>
    )
  }
  return (
    <p class={`registry ${state === 'stale' ? 'stale' : ''}`} role="status">
      <span class={`dot ${state === 'stale' ? 'danger' : 'warn'}`} aria-hidden="true" />{' '}
      {state === 'stale' ? (
        <>
          Registry <strong>{backend}</strong> cannot be reached since {formatSince(since)}. The last good table stays in
          service.
        </>
      ) : (
        <>
          Connecting to registry <strong>{backend}</strong> since {formatSince(since)}
        </>
      )}
      {reason !== undefined && <span class="reason"> {reason}</span>}
    </p>
  )
}
