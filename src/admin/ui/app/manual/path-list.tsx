import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Api, describeError, encodePath } from '../api.ts'

interface PathListProps {
  readonly api: Api
  readonly base: string
  readonly current: string
  /** Changes when the list may have. */
  readonly version: string | undefined
}

/** The overrides there are, and the way to a new one. */
export function PathList({ api, base, current, version }: PathListProps) {
  const paths = useSignal<readonly string[]>([])
  const error = useSignal<string | undefined>(undefined)
  useEffect(() => {
    api.paths().then(
      answer => {
        paths.value = answer.toSorted()
        error.value = undefined
      },
      cause => {
        error.value = `The list cannot be loaded: ${describeError(cause)}`
      },
    )
  }, [api, paths, error, version])

  const all = paths.value.includes(current) ? paths.value : [current, ...paths.value]
  return (
    <aside class="paths">
      <h2>Overrides</h2>
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      <nav aria-label="Overrides">
        <ul>
          {all.map(path => (
            <li key={path}>
              <a href={`${base}/manual${encodePath(path)}`} {...(path === current ? { 'aria-current': 'page' } : {})}>
                {path === '' ? 'default' : path}
                {!paths.value.includes(path) && <span class="badge">new</span>}
              </a>
            </li>
          ))}
          {!all.includes('') && (
            <li>
              <a href={`${base}/manual`}>
                default <span class="badge">new</span>
              </a>
            </li>
          )}
        </ul>
      </nav>
      <NewPath base={base} />
    </aside>
  )
}

function NewPath({ base }: { readonly base: string }) {
  const name = useSignal('')
  const mistake = useSignal<string | undefined>(undefined)
  const open = (event: Event) => {
    event.preventDefault()
    const path = name.value.trim().replace(/^\/*/, '/')
    mistake.value = findMistake(path)
    if (mistake.value === undefined) location.assign(`${base}/manual${encodePath(path)}`)
  }
  return (
    <form onSubmit={open} noValidate>
      <label for="new-path">New override</label>
      <div class="field-and-button">
        <input
          id="new-path"
          type="text"
          placeholder="/team-a"
          autocomplete="off"
          spellcheck={false}
          value={name}
          onInput={event => {
            name.value = event.currentTarget.value
          }}
          aria-invalid={mistake.value !== undefined}
          aria-describedby="new-path-mistake"
        />
        <button type="submit">Open</button>
      </div>
      <p id="new-path-mistake" class="mistake" role="alert">
        {mistake}
      </p>
    </form>
  )
}

/** What the server would refuse, said before the page changes. */
function findMistake(path: string): string | undefined {
  if (path === '/') return 'Give it a name, for instance /team-a.'
  if (path.includes('//') || path.endsWith('/')) return 'Every part between slashes needs a name.'
  if (path.split('/').some(part => part === '.' || part === '..')) return 'The parts . and .. are not names.'
  return undefined
}
