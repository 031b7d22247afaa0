import { buildServiceRoutes } from '../registry/consul/service-routes.ts'
import { type Origin, RouteFeed } from '../registry/route-feed.ts'
import { type CommandContext, columnOf, findFaults } from '../route/check-command.ts'
import type { OptionPairs } from '../route/command.ts'
import { fields, trimSpace } from '../route/go-text.ts'
import { splitSource } from '../route/host-path.ts'
import { parseRouteLine } from '../route/parse-commands.ts'
import { type FoundService, findServices } from './find-services.ts'
import { findLiveConflicts, type LiveRoute } from './live-conflicts.ts'
import { type Place, placeOf, readStructure, StructureError, type TextNode } from './structured-text.ts'

export interface LintContext extends CommandContext {
  readonly tagPrefix: string
  /** The table of a running router, to find what would get in its way. */
  readonly live: readonly LiveRoute[]
}

/** Something wrong, or that cannot be meant so. */
export interface Finding extends Place {
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** What would be right. */
  readonly hint: string
}

/** A route that the text defines, and where. */
export interface FoundRoute {
  readonly service: string
  readonly src: string
  readonly options: OptionPairs
  readonly place: Place
}

/** Finds what is wrong with a list of tags, a routes file, a service definition or a job; in the order of the text. */
export function lintText(text: string, context: LintContext): readonly Finding[] {
  const linter = new Linter(context)
  const kind = kindOf(text, context.tagPrefix)
  if (kind === 'routes') linter.lintRoutes(text)
  else if (kind === 'tags') linter.lintTagLines(text)
  else linter.lintStructure(text)
  return linter.finish()
}

/** By its first line that says something. */
export function kindOf(text: string, tagPrefix: string): 'routes' | 'tags' | 'structure' {
  const first = text.split('\n').find(line => trimSpace(line) !== '' && !/^\s*(?:#|\/\/)/.test(line)) ?? ''
  if (/^\s*[[{]/.test(first)) return 'structure'
  if (/^\s*route\s/.test(first)) return 'routes'
  if (trimSpace(first).startsWith(tagPrefix)) return 'tags'
  return /^\s*[\w-]+\s*(?:"[^"]*"\s*)*(?:[{=]|$)/.test(first) && /[{=]/.test(text) ? 'structure' : 'tags'
}

class Linter {
  readonly #context: LintContext
  readonly #findings: Finding[] = []
  readonly #routes: FoundRoute[] = []

  constructor(context: LintContext) {
    this.#context = context
  }

  lintRoutes(text: string): void {
    const feed = new RouteFeed({ ...this.#context, textHeadings: false })
    feed.setText('', text)
    feed.commit()
    for (const { origin, column, reason, expected } of feed.problems()) {
      if (origin.kind === 'route')
        this.#add('warning', placeOfRoute(origin, text), `route ${origin.host}${origin.path}: ${reason}`, expected)
      else this.#add('error', { line: origin.kind === 'text' ? origin.line : 1, column }, reason, expected)
    }
    for (const [index, line] of text.split('\n').entries()) {
      const parsed = parseRouteLine(line, index + 1)
      if (parsed.kind !== 'command' || parsed.command.kind !== 'add') continue
      const { src, target } = parsed.command
      const place = { line: index + 1, column: columnOf(src, line) }
      this.#routes.push({ service: target.service, src, options: target.options, place })
      this.#checkOptions(target.options, name => ({ line: index + 1, column: columnOfOption(name, line) }))
    }
  }

  lintTagLines(text: string): void {
    let offset = 0
    const tags: TextNode[] = []
    for (const line of text.split('\n')) {
      const value = line.replace(/\r$/, '')
      const offsets = Array.from({ length: value.length + 1 }, (_, at) => offset + at)
      if (trimSpace(value) !== '' && !value.startsWith('#')) tags.push({ kind: 'text', value, offsets })
      offset += line.length + 1
    }
    this.#lintService({ name: '', tags }, text)
  }

  lintStructure(text: string): void {
    let services: readonly FoundService[]
    try {
      services = findServices(readStructure(text))
    } catch (cause) {
      if (!(cause instanceof StructureError)) throw cause
      return this.#add('error', cause.place, cause.message, 'a service definition or a job, in JSON or HCL')
    }
    if (services.length === 0) {
      const hint = 'service { tags = [ "urlprefix-/path" ] }, or the same in JSON'
      this.#add('error', { line: 1, column: 1 }, 'there is no service in it', hint)
    }
    for (const service of services) this.#lintService(service, text)
  }

  finish(): readonly Finding[] {
    for (const { place, message, hint } of findLiveConflicts(this.#routes, this.#context.live))
      this.#add('warning', place, message, hint)
    return this.#findings.sort((a, b) => a.line - b.line || a.column - b.column)
  }

  #lintService({ name, tags }: FoundService, source: string): void {
    const seen = new Map<string, Place>()
    for (const tag of tags) {
      const placeAt = (column: number) => placeOf(source, tag.offsets[Math.min(column, tag.offsets.length) - 1] ?? 0)
      const earlier = seen.get(trimSpace(tag.value))
      if (earlier !== undefined)
        this.#add('warning', placeAt(1), `the tag stands in line ${earlier.line} already`, 'each tag once')
      seen.set(trimSpace(tag.value), placeAt(1))
      this.#lintTag(name, tag, placeAt)
    }
  }

  #lintTag(service: string, { value }: TextNode, placeAt: (column: number) => Place): void {
    const { tagPrefix } = this.#context
    // What is put in when the job runs is not known; it is as long here as it is written, so that columns stay.
    const tag = value.replace(/\$\{(?!DC\})[^}]*\}/g, variable => 'x'.repeat(variable.length))
    if (!trimSpace(tag).startsWith(tagPrefix)) {
      if (looksLikeRoute(trimSpace(tag), tagPrefix))
        this.#add(
          'warning',
          placeAt(1),
          `the tag does not begin with ${tagPrefix}: it is no route`,
          `${tagPrefix}host/path`,
        )
      return
    }
    const node = { node: '', nodeAddress: '127.0.0.1', serviceAddress: '', servicePort: 80, modifyIndex: 0 }
    const instance = {
      ...node,
      serviceId: service,
      serviceName: service === '' ? 'service' : service,
      serviceTags: [tag],
    }
    const { definitions, problems } = buildServiceRoutes(instance, { tagPrefix, datacenter: 'dc1' })
    for (const { column, reason, expected } of problems) this.#add('error', placeAt(column), reason, expected)
    for (const { command } of definitions) {
      for (const { part, reason, expected } of findFaults(command, this.#context))
        this.#add('error', placeAt(columnOf(part, tag)), reason, expected)
      const { options } = command.target
      this.#checkOptions(options, name => placeAt(columnOfOption(name, tag)))
      this.#routes.push({ service, src: command.src, options, place: placeAt(columnOf(tagPrefix, tag)) })
    }
  }

  /** Any other name is passed over by the router, and most likely a slip. */
  #checkOptions(options: OptionPairs, placeAt: (name: string) => Place): void {
    for (const [name] of options) {
      if (KNOWN_OPTIONS.has(name)) continue
      this.#add('warning', placeAt(name), `there is no option ${name}: it has no effect`, [...KNOWN_OPTIONS].join(', '))
    }
  }

  #add(severity: Finding['severity'], { line, column }: Place, message: string, hint: string): void {
    this.#findings.push({ line, column, severity, message, hint })
  }
}

const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  'strip',
  'prepend',
  'host',
  'tlsskipverify',
  'proto',
  'pxyproto',
  'redirect',
  'auth',
  'grpcservername',
  'h2',
  'register',
  'allow',
  'deny',
  'weight',
])

/** An option stands behind a blank or a quote; its name may also be part of a host. */
function columnOfOption(name: string, text: string): number {
  return Math.max(text.indexOf(` ${name}`), text.indexOf(`"${name}`)) + 2 || 1
}

function looksLikeRoute(tag: string, tagPrefix: string): boolean {
  const letters = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  const wanted = letters(tagPrefix)
  return wanted !== '' && letters(tag.slice(0, tagPrefix.length + 2)).startsWith(wanted)
}

function placeOfRoute({ host, path }: Extract<Origin, { kind: 'route' }>, text: string): Place {
  const lines = text.split('\n')
  const isNamed = (word: string) => {
    const source = splitSource(word)
    return source.host === host && source.path === path
  }
  const at = lines.findIndex(line => fields(line).slice(3, 4).some(isNamed))
  const line = lines[at] ?? ''
  return { line: Math.max(0, at) + 1, column: columnOf(fields(line)[3] ?? '', line) }
}
