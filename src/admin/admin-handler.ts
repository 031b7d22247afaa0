import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SourceFacts } from '../cert/certificate-collection.ts'
import type { DescribedOption } from '../config/describe-options.ts'
import type { RecordedChange } from '../history/route-history.ts'
import type { Log } from '../log/log.ts'
import type { OverrideStore, RegistryStatus } from '../registry/registry.ts'
import type { Problem } from '../registry/route-feed.ts'
import type { Rejection } from '../route/command.ts'
import { serveCheck } from './check-api.ts'
import { Events } from './events.ts'
import { type ExplainSource, serveExplain, serveExplainService } from './explain-api.ts'
import { serveHistory } from './history-api.ts'
import type { OverridePreview } from './override-preview.ts'
import { OverridesApi } from './overrides-api.ts'
import { replyJson, replyRedirect, replyText } from './reply.ts'
import { BadTarget, encodePath, parseRequestTarget, type RequestTarget } from './request-target.ts'
import { RoutesApi, type TableAt } from './routes-api.ts'
import type { RoutesView } from './routes-view.ts'
import { Pages, type UiSettings } from './ui/pages.ts'

export interface AdminHandlerOptions {
  readonly ui: UiSettings
  /** What `/api/config` shows; secrets are redacted already. */
  readonly describedConfig: object
  /** What `/api/config?origin` shows: every option with its value and where that comes from; likewise. */
  readonly describedOptions: Readonly<Record<string, DescribedOption>>
  readonly version: string
  readonly routes: RoutesView
  readonly registryStatus: () => RegistryStatus
  readonly log: Log
  /** Absent when the registry's backend cannot keep overrides. */
  readonly overrides?: OverrideStore | undefined
  /** Certificates of listeners, by source. */
  readonly certificates?: CertificatesView
  /** What in the route definitions does not count as it was meant. */
  readonly problems?: () => readonly Problem[]
  /** Finds what is wrong with route commands before they are stored. */
  readonly checkCommands?: (text: string) => readonly Rejection[]
  /** What the table would become if the text of a source were this one. */
  readonly previewOverride?: (source: string, text: string) => OverridePreview
  /** The last changes of the table, and the tables of before. */
  readonly history?: { list(limit: number): readonly RecordedChange[]; readonly at: TableAt }
  /** Says why a request goes where it goes. */
  readonly explain?: ExplainSource
  /** `registry.consul.tagprefix`, for the page of an empty table. */
  readonly tagPrefix?: string
  /** More paths, never below `ui.path`, for instance `/ready`; they go before the server's own. */
  readonly extra?: ReadonlyMap<string, (req: IncomingMessage, res: ServerResponse) => void | Promise<void>>
}

export interface CertificatesView {
  /** Does a listener have TLS? */
  readonly hasSources: boolean
  /** Another number with every change of the facts. */
  readonly version: number
  facts(): readonly SourceFacts[]
}

type Handler = (req: IncomingMessage, res: ServerResponse, target: RequestTarget) => void | Promise<void>

/** Which path is answered by what. Paths, codes and texts are Fabio's; `/config`, `/api/status` and the like are ours. */
export class AdminHandler implements Disposable {
  readonly #log: Log
  readonly #base: string
  readonly #events: Events
  readonly #handlers = new Map<string, Handler>()
  /** Handlers of everything below a path that ends with a slash. */
  readonly #subtrees = new Map<string, Handler>()

  constructor(options: AdminHandlerOptions) {
    this.#log = options.log
    this.#base = options.ui.path
    this.#events = new Events(options.routes, () => summarizeStatus(options))
    const routesApi = new RoutesApi(options.routes, options.history?.at)

    // Health checks registered in Consul do not know of ui.path.
    this.#handlers.set('/health', (_req, res) => replyText(res, 200, 'OK\n'))
    this.#on('/api/version', (_req, res) => replyText(res, 200, options.version))
    this.#on('/api/config', (_req, res, target) => {
      const shown = queryOf(target).has('origin') ? options.describedOptions : options.describedConfig
      replyJson(res, shown, prettyOf(target))
    })
    this.#on('/api/routes', (req, res, target) => routesApi.serve(req, res, queryOf(target)))
    this.#on('/api/status', (_req, res, target) => replyJson(res, options.registryStatus(), prettyOf(target)))
    this.#on('/api/problems', (_req, res, target) => replyJson(res, options.problems?.() ?? [], prettyOf(target)))
    this.#on('/api/certs', (_req, res, target) => replyJson(res, options.certificates?.facts() ?? [], prettyOf(target)))
    this.#on('/api/events', (req, res) => this.#events.serve(req, res))
    this.#on('/favicon.ico', (_req, res) => replyNotFound(res))
    this.#addOverrides(options)
    this.#addExplain(options)
    const { history } = options
    if (history !== undefined) {
      this.#on('/api/history', (req, res, target) => serveHistory(req, res, queryOf(target), n => history.list(n)))
    }
    this.#addPages(options)
    for (const [path, serve] of options.extra ?? []) this.#handlers.set(path, serve)
  }

  /** Never throws: what goes wrong is this request's affair alone. */
  serve(req: IncomingMessage, res: ServerResponse): void {
    this.#dispatch(req, res).catch((cause: unknown) => {
      if (cause instanceof BadTarget) return replyText(res, 400, `${cause.message}\n`)
      if (req.destroyed && !req.complete) return // The client left while it sent its body.
      this.#log.error(
        `Admin request ${req.method} ${req.url} failed: ${cause instanceof Error ? cause.stack : String(cause)}`,
      )
      if (res.headersSent) res.destroy()
      else replyText(res, 500, 'internal error\n')
    })
  }

  isEventStream(res: ServerResponse): boolean {
    return this.#events.has(res)
  }

  /** Ends the event streams. */
  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]()
  }

  async #dispatch(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = parseRequestTarget(req.url ?? '/')
    if (target.cleaned !== undefined) return replyRedirect(res, 307, target.cleaned)
    const handler = this.#handlers.get(target.path) ?? this.#subtreeHandler(target.path)
    if (handler !== undefined) return handler(req, res, target)

    const withSlash = `${target.path}/`
    if (target.path === this.#base || this.#subtrees.has(withSlash)) {
      return replyRedirect(res, 307, encodePath(withSlash) + target.search)
    }
    if (target.path.startsWith(`${this.#base}/`)) return replyRedirect(res, 303, encodePath(`${this.#base}/routes`))
    replyNotFound(res)
  }

  #subtreeHandler(path: string): Handler | undefined {
    for (const [prefix, handler] of this.#subtrees) if (path.startsWith(prefix)) return handler
    return undefined
  }

  #on(path: string, handler: Handler): void {
    this.#handlers.set(this.#base + path, handler)
  }

  #onSubtree(path: string, handler: Handler): void {
    this.#subtrees.set(`${this.#base}${path}/`, handler)
  }

  #addOverrides(options: AdminHandlerOptions): void {
    const { ui, checkCommands } = options
    const api = new OverridesApi(options)
    const depth = `${this.#base}/api/manual`.split('/').length - 1
    const isReadOnly = ui.access !== 'rw'
    const serveOverride: Handler = isReadOnly
      ? replyForbidden
      : (req, res, target) => api.serveOverride(req, res, target.after(depth), queryOf(target))
    this.#on('/api/manual', serveOverride)
    this.#onSubtree('/api/manual', serveOverride)
    this.#on(
      '/api/paths',
      isReadOnly ? replyForbidden : (req, res, target) => api.servePaths(req, res, prettyOf(target)),
    )
    if (checkCommands !== undefined) {
      this.#on('/api/check', isReadOnly ? replyForbidden : (req, res) => serveCheck(req, res, checkCommands))
    }
  }

  #addExplain({ explain }: AdminHandlerOptions): void {
    if (explain === undefined) return
    this.#on('/api/explain', (req, res, target) => serveExplain(req, res, queryOf(target), explain))
    const depth = `${this.#base}/api/explain/service`.split('/').length - 1
    this.#onSubtree('/api/explain/service', (req, res, target) => {
      serveExplainService(req, res, target.after(depth).slice(1), { source: explain, ...prettyOf(target) })
    })
  }

  #addPages(options: AdminHandlerOptions): void {
    const pages = new Pages(options)
    const servePage: Handler = (_req, res) => pages.servePage(res)
    const serveManual = options.ui.access === 'rw' ? servePage : replyForbidden
    this.#on('/routes', servePage)
    this.#on('/config', servePage)
    this.#on('/problems', servePage)
    this.#on('/history', servePage)
    this.#on('/certs', servePage)
    this.#on('/explain', servePage)
    this.#on('/manual', serveManual)
    this.#onSubtree('/manual', serveManual)
    this.#onSubtree('/assets', (req, res, target) =>
      pages.serveAsset(req, res, target.path.slice(`${this.#base}/assets/`.length)),
    )
  }
}

/** What the pages show of the state; changes seldom, where the status itself counts every request to the registry. */
function summarizeStatus({ registryStatus, problems, certificates }: AdminHandlerOptions): object {
  const { backend, state, since, reason, snapshot, held } = registryStatus()
  const found = problems?.() ?? []
  const conflicts = found.filter(({ origin }) => origin.kind === 'route').length
  const newest = found.reduce((latest, problem) => Math.max(latest, problem.since), 0)
  return {
    registry: { backend, state, since, reason, snapshot, held },
    problems: { count: found.length - conflicts, conflicts, newest },
    certificates: certificates?.version ?? 0,
  }
}

function replyForbidden(_req: IncomingMessage, res: ServerResponse): void {
  replyText(res, 403, 'Forbidden\n')
}

function replyNotFound(res: ServerResponse): void {
  replyText(res, 404, '404 page not found\n')
}

function queryOf(target: RequestTarget): URLSearchParams {
  return new URLSearchParams(target.search)
}

function prettyOf(target: RequestTarget): { readonly pretty: boolean } {
  return { pretty: queryOf(target).has('pretty') }
}
