import type { Explanation } from '../../../../explain/explanation.ts'
import { ScrollBox } from '../scroll-box.tsx'

type Host = Explanation['hosts'][number]
type Target = NonNullable<Explanation['route']>['targets'][number]

const OUTCOMES: Readonly<Record<Host['outcome'], { readonly text: string; readonly badge: string }>> = {
  wins: { text: 'wins', badge: 'ok' },
  later: { text: 'would do, but comes later', badge: '' },
  'no path': { text: 'no path fits', badge: 'warn' },
  no: { text: 'does not fit', badge: '' },
}

/** The steps of a request, in their order. */
export function RequestView({ explanation }: { readonly explanation: Explanation }) {
  const { request, outcome, status, hosts, route } = explanation
  return (
    <>
      <p class={`notice ${status >= 400 ? 'warn' : 'good'}`}>{outcome}</p>
      {request.method !== 'TCP' && (
        <p class="muted read-as">
          Read as host <code>{request.host || '(none)'}</code>, path <code>{request.path}</code>
          {request.query !== '' && (
            <>
              , query <code>{request.query}</code>
            </>
          )}
          , {request.isTls ? 'over TLS' : 'in the clear'}, from <code>{request.client}</code>
        </p>
      )}
      {hosts.length > 0 && (
        <section class="card">
          <h2>1. Hosts, most specific first</h2>
          <ol class="steps">
            {hosts.map(host => (
              <HostStep key={host.key} host={host} />
            ))}
          </ol>
        </section>
      )}
      {route !== undefined && (
        <section class="card">
          <h2>
            {hosts.length > 0 && '2. '}Route{' '}
            <span class="mono">
              {route.host}
              {route.path}
            </span>
          </h2>
          {route.skipped.length > 0 && (
            <p>Passed over, because their redirect leads back here: {route.skipped.join(', ')}</p>
          )}
          <ul class="steps">
            {route.targets.map((target, i) => (
              <TargetStep key={i} target={target} />
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function HostStep({ host: { key, note, outcome, paths, unlisted } }: { readonly host: Host }) {
  const { text, badge } = OUTCOMES[outcome]
  return (
    <li>
      <p>
        <strong class="mono">{key === '' ? 'any host' : key}</strong> <span class={`badge ${badge}`}>{text}</span>{' '}
        <span class="muted">{note}</span>
      </p>
      {paths.length > 0 && (
        <ul class="paths-tried">
          {paths.map(path => (
            <li key={path.path}>
              <code>{path.path}</code>{' '}
              <span class={path.wins ? 'good-text' : 'muted'}>
                {path.wins ? 'fits best' : path.fits ? 'fits, comes later' : 'does not fit'}
              </span>
            </li>
          ))}
          {unlisted > 0 && <li class="muted">{unlisted} more that do not fit</li>}
        </ul>
      )}
    </li>
  )
}

function TargetStep({ target }: { readonly target: Target }) {
  const { service, dst, weight, tags, options, health, access, auth, redirect, sent, note } = target
  const options_ = options.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(' ')
  const facts = [
    ['Share', `${(weight * 100).toFixed(2)}%`],
    ['Health', health],
    ['Options', options_],
    ['Tags', tags.join(', ')],
    ['Access rules', access === undefined ? '' : `${access.rules}: ${access.allows ? 'allowed' : 'denied'}`],
    ['Authentication', auth],
    ['Redirect', redirect === undefined ? '' : `${redirect.status} ${redirect.location}`],
    ['Note', note],
  ].filter(([, text]) => text !== '')
  return (
    <li>
      <p>
        <strong>{service}</strong> <span class="mono">{dst}</span>
      </p>
      <dl class="facts">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      {sent.length > 0 && (
        <details>
          <summary>The request as it is sent</summary>
          <ScrollBox label={`Request to ${dst}`}>
            <pre>{sent.join('\n')}</pre>
          </ScrollBox>
        </details>
      )}
    </li>
  )
}
