import type { Server, ServerResponse } from 'node:http'
import { describePreview } from './admin/override-preview.ts'
import { replyText } from './admin/reply.ts'
import { startAdmin } from './admin/server.ts'
import type { Certificates } from './cert/certificates.ts'
import type { Config } from './config/config.ts'
import { describeConfig } from './config/describe.ts'
import type { DescribedOptions } from './config/describe-options.ts'
import { Explainer } from './explain/explainer.ts'
import type { Log } from './log/log.ts'
import type { Readiness } from './readiness.ts'
import type { Registry } from './registry/registry.ts'
import type { RequestCounts } from './request-counts.ts'
import { type CommandContext, checkRouteText } from './route/check-command.ts'
import { diffRoute } from './route/table-diff.ts'
import type { RouteControl } from './route-control.ts'
import { VERSION } from './version.ts'

export interface OperatorUiParts {
  readonly log: Log
  readonly options: DescribedOptions
  readonly routes: RouteControl
  readonly registry: Registry
  readonly readiness: Readiness
  /** Undefined with metrics off. */
  readonly requests: RequestCounts | undefined
  readonly certificates: Certificates
  /** For `ui.addr` with a `cs`. */
  readonly prepare: ((server: Server) => void) | undefined
}

/** The admin server, and what it shows of the router. */
export function startOperatorUi(config: Config, parts: OperatorUiParts): ReturnType<typeof startAdmin> {
  const { log, options, routes, registry, readiness, requests, certificates, prepare } = parts
  const checkCommands = (text: string) => checkRouteText(text, commandContext(config))
  return startAdmin({
    ui: config.ui,
    prepare,
    describedConfig: describeConfig(config),
    describedOptions: options,
    version: VERSION,
    routes,
    registryStatus: () => registry.status(),
    log,
    certificates,
    overrides: registry.overrides,
    problems: () => routes.problems(),
    checkCommands,
    previewOverride: (source, text) =>
      describePreview(checkCommands(text), routes.feed.preview(source, text).map(diffRoute), requests?.recent()),
    history: { list: limit => routes.history.list(limit), at: time => routes.at(time) },
    explain: new Explainer({
      config,
      table: routes.table,
      feed: routes.feed,
      problems: () => routes.problems(),
      instances: registry.instances?.bind(registry),
    }),
    tagPrefix: config.registry.consul.tagPrefix,
    extra: new Map([['/ready', (_req, res) => replyReady(res, readiness)]]),
  })
}

/** What route commands are checked with. */
export function commandContext({ proxy, glob }: Config): CommandContext {
  return { matcher: proxy.matcher, globHosts: !glob.matchingDisabled }
}

function replyReady(res: ServerResponse, readiness: Readiness): void {
  const { isReady, text } = readiness.check(Date.now())
  replyText(res, isReady ? 200 : 503, `${text}\n`, { 'cache-control': 'no-store' })
}
