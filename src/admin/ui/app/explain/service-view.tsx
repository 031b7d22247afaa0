import type { ServiceExplanation } from '../../../../explain/explanation.ts'

type Instance = ServiceExplanation['instances'][number]
type Definition = ServiceExplanation['lines'][number]

const BADGES: Readonly<Record<Definition['state'], string>> = {
  routed: 'ok',
  rejected: 'danger',
  removed: 'warn',
  'no share': 'warn',
}

/** Every instance of a service, and why it is in or out. */
export function ServiceView({ explanation }: { readonly explanation: ServiceExplanation }) {
  const { outcome, instances, lines } = explanation
  const isRouted = [...instances.flatMap(instance => instance.definitions), ...lines].some(
    ({ state }) => state === 'routed',
  )
  return (
    <>
      <p class={`notice ${isRouted ? 'good' : 'warn'}`}>{outcome}</p>
      {instances.length > 0 && (
        <section class="card">
          <h2>Instances</h2>
          <ul class="steps">
            {instances.map(instance => (
              <InstanceStep key={`${instance.node} ${instance.instance}`} instance={instance} />
            ))}
          </ul>
        </section>
      )}
      {lines.length > 0 && (
        <section class="card">
          <h2>Lines</h2>
          <Definitions definitions={lines} />
        </section>
      )}
    </>
  )
}

function InstanceStep({ instance }: { readonly instance: Instance }) {
  const { node, address, out, checks, definitions } = instance
  return (
    <li>
      <p>
        <strong>{instance.instance}</strong> on {node} <span class="mono">{address}</span>{' '}
        <span class={`badge ${out === undefined ? 'ok' : 'danger'}`}>{out === undefined ? 'in' : 'out'}</span>
      </p>
      {out !== undefined && <p>{out}</p>}
      {checks.length > 0 && (
        <ul class="paths-tried">
          {checks.map(({ id, status, output }) => (
            <li key={id}>
              check <code>{id}</code> <span class={status === 'passing' ? 'good-text' : 'bad-text'}>{status}</span>{' '}
              <span class="muted">{output}</span>
            </li>
          ))}
        </ul>
      )}
      <Definitions definitions={definitions} />
    </li>
  )
}

function Definitions({ definitions }: { readonly definitions: readonly Definition[] }) {
  if (definitions.length === 0) return null
  return (
    <ul class="paths-tried">
      {definitions.map(({ place, text, state, route, dst, weight, note, column }, i) => (
        <li key={i}>
          <span class={`badge ${BADGES[state]}`}>{state}</span> {place} <code>{text}</code>
          {state === 'routed' && (
            <span class="muted">
              {' '}
              {(weight * 100).toFixed(2)}% of {route} to {dst}
            </span>
          )}
          {note !== '' && (
            <p>
              {column > 0 && `Column ${column}: `}
              {note}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
