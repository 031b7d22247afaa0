import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import { type Api, describeError } from '../api.ts'
import { buildSections, type Section, type Setting } from './setting.ts'

export function ConfigPage({ settings, api }: { readonly settings: PageSettings; readonly api: Api }) {
  const sections = useSignal<readonly Section[] | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const filter = useSignal('')
  const showsEmpty = useSignal(false)
  useEffect(() => {
    api.config().then(
      config => {
        sections.value = buildSections(config)
      },
      cause => {
        error.value = `The configuration cannot be loaded: ${describeError(cause)}`
      },
    )
  }, [api, sections, error])

  return (
    <main id="main">
      <div class="page-head">
        <h1>Configuration</h1>
        <p class="muted">
          fabio {settings.version}. Secrets are not shown. <a href={`${settings.base}/api/config?pretty`}>As JSON</a>
        </p>
      </div>
      <div class="toolbar">
        <input
          type="search"
          aria-label="Filter settings"
          placeholder="type to filter settings"
          value={filter}
          onInput={event => {
            filter.value = event.currentTarget.value
          }}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={showsEmpty}
            onChange={event => {
              showsEmpty.value = event.currentTarget.checked
            }}
          />
          Empty ones too
        </label>
      </div>
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      {sections.value === undefined && error.value === undefined && <p class="muted loading">Loading…</p>}
      <div class="sections">
        {(sections.value ?? []).map(section => (
          <SectionCard
            key={section.name}
            section={section}
            wanted={filter.value.trim().toLowerCase()}
            showsEmpty={showsEmpty.value}
          />
        ))}
      </div>
    </main>
  )
}

interface SectionCardProps {
  readonly section: Section
  /** In small letters; whoever asks for a setting by name gets it even when it is empty. */
  readonly wanted: string
  readonly showsEmpty: boolean
}

function SectionCard({ section, wanted, showsEmpty }: SectionCardProps) {
  const shown = section.settings.filter(({ name, value }) => {
    if (wanted === '') return showsEmpty || value !== ''
    return `${section.name}.${name} ${value}`.toLowerCase().includes(wanted)
  })
  if (shown.length === 0) return null
  return (
    <section class="card">
      <h2>{section.name}</h2>
      <dl>
        {shown.map(setting => (
          <SettingLine key={setting.name} setting={setting} />
        ))}
      </dl>
    </section>
  )
}

function SettingLine({ setting: { name, value, exact } }: { readonly setting: Setting }) {
  return (
    <div>
      <dt>{breakable(name)}</dt>
      <dd class="mono" title={exact}>
        {value === '' ? <span class="none">empty</span> : value}
      </dd>
    </div>
  )
}

/** Long names may wrap after a dot. */
function breakable(name: string) {
  return name.split('.').map((part, i) => (
    <>
      {i > 0 && (
        <>
          .<wbr />
        </>
      )}
      {part}
    </>
  ))
}
