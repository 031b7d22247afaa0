import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../log/log.ts'
import type { OverrideStore } from '../../registry/registry.ts'
import { Content } from '../content.ts'
import { escapeHtml, reply, replyText } from '../reply.ts'
import { encodePath } from '../request-target.ts'
import { type Accent, buildAccent } from './accent.ts'
import { BuiltAssets } from './assets.ts'
import { ICON_SVG, LOGO_BW_SVG, LOGO_SVG } from './logo.ts'
import type { PageSettings } from './page-settings.ts'

/** The `ui.*` options. */
export interface UiSettings {
  readonly access: string
  readonly color: string
  readonly title: string
  /** `''` or `/x`, without a slash at the end. */
  readonly path: string
  readonly routingTable: { readonly source: PageSettings['source'] }
}

/** They are compressed once: the script of 83 kB in 4 ms. */
const ASSET_COMPRESSION_LEVEL = 9

export interface PagesOptions {
  readonly ui: UiSettings
  readonly version: string
  readonly overrides?: OverrideStore | undefined
  readonly problems?: unknown
  readonly checkCommands?: unknown
  readonly explain?: unknown
  readonly history?: unknown
  readonly certificates?: { readonly hasSources: boolean }
  readonly previewOverride?: unknown
  readonly tagPrefix?: string
  readonly log: Log
}

/** The shell, which is the same for every page, and what it loads. The script looks at the address for which page to show. */
export class Pages {
  readonly #shell: (isBuilt: boolean) => string
  readonly #built: BuiltAssets
  readonly #assets = new Map<string, Content>()

  constructor(options: PagesOptions) {
    this.#shell = isBuilt => formatShell(options, isBuilt)
    this.#built = new BuiltAssets(options.log)
    const svg = 'image/svg+xml'
    this.#assets.set('logo.svg', new Content(svg, LOGO_SVG))
    this.#assets.set('logo.bw.svg', new Content(svg, LOGO_BW_SVG))
    this.#assets.set('icon.svg', new Content(svg, ICON_SVG))
    this.#assets.set('accent.css', new Content('text/css; charset=utf-8', formatAccent(buildAccent(options.ui.color))))
  }

  async servePage(res: ServerResponse): Promise<void> {
    const isBuilt = (await this.#built.load()).size > 0
    reply(res, 200, this.#shell(isBuilt), { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
  }

  async serveAsset(req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
    const asset = this.#assets.get(name) ?? (await this.#builtAsset(name))
    if (asset === undefined) return replyText(res, 404, '404 page not found\n')
    await asset.reply(req, res)
  }

  async #builtAsset(name: string): Promise<Content | undefined> {
    const text = (await this.#built.load()).get(name)
    if (text === undefined) return undefined
    const asset = new Content(
      name.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      text,
      { level: ASSET_COMPRESSION_LEVEL },
    )
    this.#assets.set(name, asset)
    return asset
  }
}

function formatShell(
  {
    ui,
    version,
    overrides,
    problems,
    checkCommands,
    explain,
    history,
    certificates,
    previewOverride,
    tagPrefix,
  }: PagesOptions,
  isBuilt: boolean,
): string {
  const base = encodePath(ui.path)
  const settings: PageSettings = {
    base,
    title: ui.title,
    version,
    isReadOnly: ui.access !== 'rw',
    canStore: overrides !== undefined,
    canCheck: checkCommands !== undefined,
    hasProblems: problems !== undefined,
    canPreview: previewOverride !== undefined && overrides !== undefined,
    hasHistory: history !== undefined,
    hasCertificates: certificates?.hasSources === true,
    canExplain: explain !== undefined,
    tagPrefix: tagPrefix ?? 'urlprefix-',
    source: ui.routingTable.source,
  }
  const notice = isBuilt
    ? '<noscript>These pages need JavaScript. The same is to be had as text: <a href="BASE/api/routes?raw">routing table</a>.</noscript>'
    : 'The files of these pages are missing from this installation; <code>npm run build</code> makes them. The API works: ' +
      '<a href="BASE/api/routes?raw">routing table</a>, <a href="BASE/api/config?pretty">configuration</a>.'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>fabio${ui.title === '' ? '' : ` - ${escapeHtml(ui.title)}`}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" type="image/svg+xml" href="${base}/assets/icon.svg">
<link rel="stylesheet" href="${base}/assets/accent.css">
<link rel="stylesheet" href="${base}/assets/app.css">
<script src="${base}/assets/theme.js"></script>
<script type="module" src="${base}/assets/app.js"></script>
</head>
<body data-settings="${escapeHtml(JSON.stringify(settings))}">
<div id="app">${notice.replaceAll('BASE', base)}</div>
</body>
</html>
`
}

function formatAccent({ bar, barCurrent, onBar, text }: Accent): string {
  const both = ({ light, dark }: Accent['bar']) => `light-dark(${light},${dark})`
  return `:root{--bar:${both(bar)};--bar-current:${both(barCurrent)};--on-bar:${both(onBar)};--accent:${both(text)}}\n`
}
