import { readFile } from 'node:fs/promises'
import { type Origin, RouteFeed } from '../registry/route-feed.ts'
import { checkRouteText } from '../route/check-command.ts'
import { fields } from '../route/go-text.ts'
import { parseRouteLine } from '../route/parse-commands.ts'
import { reasonOf, type Subject } from './subject.ts'

/** The routes that stand in the configuration or in a file it names. Those of Consul and of a JSON endpoint are known only there. */
export async function checkRoutes(subject: Subject): Promise<void> {
  const { config, findings, placeOf } = subject
  const { registry } = config
  if (registry.backend === 'static') {
    const place = placeOf('registry.static.routes')
    checkText(subject, registry.static.routes, (line, column) => ({
      place,
      prefix: `registry.static.routes, line ${line}, column ${column}: `,
    }))
  }
  if (registry.backend !== 'file') return
  const { path, noRouteHtmlPath } = registry.file
  try {
    checkText(subject, await readFile(path, 'utf8'), (line, column) => ({
      place: `${path}:${line}:${column}`,
      prefix: '',
    }))
  } catch (cause) {
    findings.error(placeOf('registry.file.path'), `registry.file.path: open ${path}: ${reasonOf(cause)}`)
  }
  if (noRouteHtmlPath === '') return
  try {
    await readFile(noRouteHtmlPath)
  } catch (cause) {
    const option = 'registry.file.noroutehtmlpath'
    findings.error(placeOf(option), `${option}: open ${noRouteHtmlPath}: ${reasonOf(cause)}`)
  }
}

type Locate = (line: number, column: number) => { readonly place: string; readonly prefix: string }

/** By the code that reads them while the router runs. */
function checkText(subject: Subject, text: string, locate: Locate): void {
  const { config, findings } = subject
  const context = { matcher: config.proxy.matcher, globHosts: !config.glob.matchingDisabled }
  const lost = new Set(checkRouteText(text, context).map(({ line, column, reason }) => `${line} ${column} ${reason}`))
  const feed = new RouteFeed({ ...context, textHeadings: false })
  feed.setText('', text)
  feed.commit()
  for (const { origin, column, reason, expected } of feed.problems()) {
    const line = origin.kind === 'text' ? origin.line : lineNaming(origin, text)
    const { place, prefix } = locate(line, column)
    const message = `${prefix}${reason}; expected ${expected}`
    // The others count, but not in every respect as they were meant.
    if (lost.has(`${line} ${column} ${reason}`)) findings.error(place, message)
    else findings.warn(place, message)
  }
  checkAuthSchemes(subject, text, locate)
}

/** Where the route is first spoken of, for what several lines do to it. */
function lineNaming(origin: Origin, text: string): number {
  if (origin.kind !== 'route') return 1
  const route = origin.host + origin.path
  return text.split('\n').findIndex(line => fields(line).some(word => word === route || `${word}/` === route)) + 1 || 1
}

function checkAuthSchemes({ config, findings }: Subject, text: string, locate: Locate): void {
  for (const [index, line] of text.split('\n').entries()) {
    const parsed = parseRouteLine(line, index + 1)
    if (parsed.kind !== 'command' || parsed.command.kind !== 'add') continue
    const scheme = new Map(parsed.command.target.options).get('auth') ?? ''
    if (scheme === '' || config.proxy.authSchemes.has(scheme)) continue
    const { place, prefix } = locate(index + 1, line.indexOf(`auth=${scheme}`) + 1)
    findings.warn(place, `${prefix}auth=${scheme}: proxy.auth has no scheme of this name; every request gets 401`)
  }
}
