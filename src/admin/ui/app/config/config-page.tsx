import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import type { Api } from '../api.ts'
import { LoadState, useLoaded } from '../loaded.tsx'
import { SearchBox } from '../search-box.tsx'
import { buildSections, countOrigins, isWanted, type Section, type Setting, type Wanted } from './setting.ts'

export function ConfigPage({ settings, api }: { readonly settings: PageSettings; readonly api: Api }) {
  const {
    value: sections,
    error,
    load,
  } = useLoaded('The configuration', async () => buildSections(await api.options()))
  const filter = useSignal('')
  const onlySet = useSignal(false)
  const emptyToo = useSignal(false)
  useEffect(load, [api])

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
        <SearchBox text={filter} label="Filter settings" placeholder="type to filter settings" />
        <Switch signal={onlySet} text="Only what is set" />
        <Switch signal={emptyToo} text="Empty ones too" />
      </div>
      {counts !== '' && <p class="muted set-counts">Set: {counts}. All else has its default.</p>}
      <LoadState value={sections} error={error} />
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
