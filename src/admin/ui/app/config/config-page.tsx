import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import { type Api, describeError } from '../api.ts'
import { buildSections, countOrigins, isWanted, type Section, type Setting, type Wanted } from './setting.ts'

export function ConfigPage({ settings, api }: { readonly settings: PageSettings; readonly api: Api }) {
  const sections = useSignal<readonly Section[] | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const filter = useSignal('')
  const onlySet = useSignal(false)
  const emptyToo = useSignal(false)
  useEffect(() => {
    api.options().then(
      options => {
        sections.value = buildSections(options)
      },
      cause => {
        error.value = `The configuration cannot be loaded: ${describeError(cause)}`
      },
    )
  }, [api, sections, error])

  const wanted: Wanted = {
    text: filter.value.trim().toLowerCase(),
    onlySet: onlySet.value,
    emptyToo: emptyToo.value,
  }
  const counts = countOrigins(sections.value ?? [])
  const shown = (sections.value ?? [])
    .map(({ name, settings }) => ({ name, settings: settings.filter(setting => isWanted(setting, wanted)) }))
    .filter(section => section.settings.length > 0)
  const json = `${settings.base}/api/config`
  return (
    <main id="main">
      <div class="page-head">
        <h1>Configuration</h1>
        <p class="muted">
          fabio {settings.version}. Secrets are not shown. As JSON: <a href={`${json}?origin&pretty`}>options</a>,{' '}
          <a href={`${json}?pretty`}>runtime config</a>
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
        <Switch signal={onlySet} text="Only what is set" />
        <Switch signal={emptyToo} text="Empty ones too" />
      </div>
      {counts !== '' && <p class="muted set-counts">Set: {counts}. All else has its default.</p>}
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      {sections.value === undefined && error.value === undefined && <p class="muted loading">Loading…</p>}
      <div class="sections">
        {shown.map(section => (
          <SectionCard key={section.name} section={section} />
        ))}
      </div>
      {sections.value !== undefined && shown.length === 0 && <p class="empty">No setting matches.</p>}
    </main>
  )
}

function Switch({ signal, text }: { readonly signal: Signal<boolean>; readonly text: string }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={signal}
        onChange={event => {
          signal.value = event.currentTarget.checked
        }}
      />
      {text}
    </label>
  )
}

function SectionCard({ section }: { readonly section: Section }) {
  return (
    <section class="card">
      <h2>{section.name}</h2>
      <dl>
        {section.settings.map(setting => (
          <SettingLine key={setting.name} setting={setting} />
        ))}
      </dl>
    </section>
  )
}

function SettingLine({ setting: { name, value, place, isSet } }: { readonly setting: Setting }) {
  return (
    <div class={isSet ? 'set' : ''}>
      <dt>{breakable(name)}</dt>
      <dd>
        <span class="mono">{value === '' ? <span class="none">empty</span> : value}</span>
        {isSet && <span class="place">{place}</span>}
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
