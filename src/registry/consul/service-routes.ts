import type { CatalogInstance } from '../../consul/decode.ts'
import type { OptionPairs } from '../../route/command.ts'
import { parseGoFloat } from '../../route/go-float.ts'
import { fields, lowerCase, trimSpace } from '../../route/go-text.ts'
import { parseOptions, parseTags } from '../../route/parse-commands.ts'
import type { Problem, RouteDefinition } from '../route-feed.ts'

export interface TagRules {
  /** `registry.consul.tagprefix`. */
  readonly tagPrefix: string
  /** What `$DC` in a tag stands for: the datacenter of our agent. */
  readonly datacenter: string
}

export interface ServiceRoutes {
  readonly definitions: readonly RouteDefinition[]
  /** A tag that is no route, or part of one that has no effect. Costs only itself. */
  readonly problems: readonly Omit<Problem, 'since'>[]
}

/**
 * The tags of an instance → its routes. Nothing is rendered to text on the way, so what a tag, a name or an address contains
 * can neither break another route nor become a command. Whether a route makes sense is for the feed to find.
 */
export function buildServiceRoutes(instance: CatalogInstance, rules: TagRules): ServiceRoutes {
  const definitions: RouteDefinition[] = []
  const problems: Omit<Problem, 'since'>[] = []
  const routeTags: Tag[] = []
  const serviceTags: string[] = []
  for (const raw of instance.serviceTags) {
    const tag = { raw, text: trimSpace(raw) }
    const fault = findControlCharacter(tag.text)
    const isRoute = tag.text.startsWith(rules.tagPrefix)
    if (fault === undefined && isRoute) routeTags.push(tag)
    else if (fault === undefined) serviceTags.push(tag.text)
    // A tag that is about something else may hold anything; no command could name this one.
    else if (isRoute) problems.push(problemOf(instance, tag, fault))
  }
  // The tags of a route are written with commas between them, so a comma makes two of one.
  const tags = serviceTags.length === 0 ? [] : parseTags(serviceTags.join(','))
  for (const tag of routeTags) {
    const { src, dst, weight, options, faults } = readRouteTag(tag.text, rules, joinHostPort(instance))
    for (const fault of faults) problems.push(problemOf(instance, tag, fault))
    if (src === undefined) continue
    const target = { service: instance.serviceName, dst, fixedWeight: weight, tags, options }
    definitions.push({ origin: originOf(instance, tag), command: { kind: 'add', src, target } })
  }
  return { definitions, problems }
}

interface Tag {
  /** As it was registered. */
  readonly raw: string
  /** Without the blanks around it. */
  readonly text: string
}

interface Fault {
  /** From 1, in UTF-16 units of the tag without the blanks around it. */
  readonly column: number
  readonly reason: string
  readonly expected: string
}

interface TagRoute {
  /** Undefined: the tag is no route at all. */
  readonly src: string | undefined
  readonly dst: string
  readonly weight: number
  readonly options: OptionPairs
  readonly faults: readonly Fault[]
}

/** `<prefix>[blanks]<src>[ <options>]` */
function readRouteTag(tag: string, rules: TagRules, address: string): TagRoute {
  const start = tag.length - trimSpace(tag.slice(rules.tagPrefix.length)).length
  const blank = tag.indexOf(' ', start)
  const src = blank < 0 ? tag.slice(start) : tag.slice(start, blank)
  const options = readOptions(tag, blank < 0 ? tag.length : blank, address)
  if (src !== '') return { ...options, src: options.isUsable ? expandSource(src, rules.datacenter) : undefined }
  const reason = "syntax error: 'route add' invalid"
  const fault = { column: tag.length + 1, reason, expected: `${rules.tagPrefix}host/path` }
  return { ...options, src: undefined, faults: [fault, ...options.faults] }
}

interface TagOptions {
  readonly dst: string
  readonly weight: number
  readonly options: OptionPairs
  readonly faults: readonly Fault[]
  readonly isUsable: boolean
}

/** The options that decide about the target are taken out, the others are passed on in their order. */
function readOptions(tag: string, from: number, address: string): TagOptions {
  const passedOn: string[] = []
  const faults: Fault[] = []
  let dst = `http://${address}/`
  let isRedirect = false
  let weight = { text: '', column: 1 }
  let position = from
  for (const option of fields(tag.slice(from))) {
    position = tag.indexOf(option, position)
    const column = position + 1
    position += option.length
    const scheme = SCHEMES.get(option)
    if (scheme !== undefined) {
      // Fabio lets a `proto=` behind the redirect win, which then redirects to the service itself.
      if (!isRedirect) dst = `${scheme}://${address}`
    } else if (option.startsWith('weight=')) {
      weight = { text: option.slice('weight='.length), column: column + 'weight='.length }
    } else if (option.startsWith('redirect=')) {
      const comma = option.indexOf(',')
      if (comma < 0) {
        const reason = `Invalid syntax for redirect: ${option}. should be redirect=<code>,<url>`
        faults.push({ column, reason, expected: 'redirect=<code>,<url>' })
        continue
      }
      isRedirect = true
      // Only the first comma separates: a URL may contain others.
      dst = option.slice(comma + 1)
      passedOn.push(option.slice(0, comma))
    } else {
      passedOn.push(option)
    }
  }
  const share = parseWeight(weight.text)
  if (share === undefined) {
    faults.push({ column: weight.column, reason: 'syntax error: weight value invalid', expected: 'weight=0.25' })
  }
  return { dst, weight: share ?? 0, options: parseOptions(passedOn.join(' ')), faults, isUsable: share !== undefined }
}

/** Exactly these, in lower case; any other `proto=` is an ordinary option. */
const SCHEMES = new Map([
  ['proto=tcp', 'tcp'],
  ['proto=https', 'https'],
  ['proto=grpc', 'grpc'],
  ['proto=grpcs', 'grpcs'],
])

/** 0 for no weight. Undefined for what is no number; an infinite one crashes Fabio, and means nothing here either. */
function parseWeight(text: string): number | undefined {
  if (text === '') return 0
  const weight = parseGoFloat(text)
  if (weight === undefined || Math.abs(weight) === Infinity) return undefined
  // Go takes NaN for a number, and Fabio for no weight, like a negative one.
  return Number.isNaN(weight) || weight < 0 ? 0 : weight
}

function findControlCharacter(tag: string): Fault | undefined {
  const at = tag.search(/\p{Cc}/u)
  return at < 0
    ? undefined
    : { column: at + 1, reason: 'control character in a tag', expected: 'a tag on one line, without tabs' }
}

/** Only `/path` and `host/path` are expanded. The host is lower-cased afterwards, the path is not. */
function expandSource(src: string, datacenter: string): string {
  const slash = src.indexOf('/')
  if (src.startsWith(':') || slash < 0) return src
  return `${lowerCase(expand(src.slice(0, slash), datacenter))}/${expand(src.slice(slash + 1), datacenter)}`
}

/** Go's os.Expand with `DC` as the only variable: any other is empty, and a `$` before what cannot be a name stays. */
function expand(text: string, datacenter: string): string {
  let expanded = ''
  let at = 0
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    const { name, end } = readVariable(text, dollar + 1)
    expanded += text.slice(at, dollar)
    if (end === dollar + 1) expanded += '$'
    else if (name === 'DC') expanded += datacenter
    at = end
  }
  return expanded + text.slice(at)
}

/** What follows a `$`. Ends where it starts when that is no variable; `${` without a `}` is one without a name. */
function readVariable(text: string, start: number): { name: string; end: number } {
  if (text[start] === '{') {
    const brace = text.indexOf('}', start)
    return brace < 0 ? { name: '', end: start + 1 } : { name: text.slice(start + 1, brace), end: brace + 1 }
  }
  if (/[*#$@!?\-0-9]/.test(text.charAt(start))) return { name: text.charAt(start), end: start + 1 }
  let end = start
  while (/\w/.test(text.charAt(end))) end++
  return { name: text.slice(start, end), end }
}

/** `host:port` of an instance. */
export function joinHostPort({ serviceAddress, nodeAddress, servicePort }: CatalogInstance): string {
  const host = serviceAddress === '' ? nodeAddress : serviceAddress
  return /[:%]/.test(host) ? `[${host}]:${servicePort}` : `${host}:${servicePort}`
}

function originOf(instance: CatalogInstance, tag: Tag): RouteDefinition['origin'] {
  const { serviceName, serviceId, node } = instance
  return { kind: 'service', service: serviceName, instance: serviceId, node, tag: tag.raw }
}

function problemOf(instance: CatalogInstance, tag: Tag, fault: Fault): Omit<Problem, 'since'> {
  const column = fault.column + tag.raw.indexOf(tag.text)
  return { origin: originOf(instance, tag), text: tag.raw, ...fault, column }
}
