import { render } from 'preact'
import type { PageSettings } from '../page-settings.ts'
import { Api } from './api.ts'
import { CertsPage } from './certs/certs-page.tsx'
import { SchemeChoice } from './color-scheme.ts'
import { ConfigPage } from './config/config-page.tsx'
import { ExplainPage } from './explain/explain-page.tsx'
import { HistoryPage } from './history/history-page.tsx'
import { LiveUpdates } from './live-updates.ts'
import { ManualPage } from './manual/manual-page.tsx'
import { OverrideDraft } from './manual/override-draft.ts'
import { pageOf } from './page.ts'
import { ProblemsPage } from './problems/problems-page.tsx'
import { RoutesPage } from './routes/routes-page.tsx'
import { RoutesStore } from './routes/routes-store.ts'
import { Shell } from './shell.tsx'

const settings: PageSettings = JSON.parse(document.body.dataset.settings ?? '{}')
const page = pageOf(location.pathname, settings)
const api = new Api(settings.base)
const live = new LiveUpdates(api.eventsUrl)

const TITLES: Readonly<Record<typeof page.name, string>> = {
  routes: 'Routes',
  problems: 'Problems',
  explain: 'Explain',
  history: 'History',
  manual: 'Overrides',
  certs: 'Certificates',
  config: 'Config',
}
document.title = `${TITLES[page.name]} · ${document.title}`
const root = document.getElementById('app')
if (root !== null) {
  root.replaceChildren()
  render(
    <Shell settings={settings} page={page} live={live} scheme={new SchemeChoice()}>
      {createPage()}
    </Shell>,
    root,
  )
}

function createPage() {
  switch (page.name) {
    case 'routes': {
      const store = new RoutesStore(api)
      live.onRoutes(() => void store.refresh())
      void store.refresh()
      return <RoutesPage settings={settings} api={api} live={live} store={store} />
    }
    case 'manual': {
      const draft = new OverrideDraft(api, page.path, settings)
      live.onRoutes(() => draft.lookForOthers())
      return <ManualPage settings={settings} api={api} draft={draft} />
    }
    case 'problems':
      return <ProblemsPage base={settings.base} api={api} live={live} />
    case 'history':
      return <HistoryPage base={settings.base} api={api} live={live} />
    case 'certs':
      return <CertsPage base={settings.base} api={api} live={live} />
    case 'explain':
      return <ExplainPage api={api} />
    case 'config':
      return <ConfigPage settings={settings} api={api} />
  }
}
