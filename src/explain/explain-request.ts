import { isIP } from 'node:net'
import { isAllowed, leadsBack, redirected, wantedUpgrade } from '../proxy/http/handler.ts'
import { outgoingHead } from '../proxy/http/outgoing-head.ts'
import type { ClientFacts, RequestHeadWriter } from '../proxy/http/request-head.ts'
import { readTarget } from '../proxy/http/request-target.ts'
import { upstreamTarget } from '../proxy/http/upstream-target.ts'
import { WireTarget } from '../proxy/wire-target.ts'
import { explainLookup } from '../route/explain-lookup.ts'
import { DOWN_SCHEME } from '../route/known-down.ts'
import type { HostCandidate } from '../route/lookup-trace.ts'
import type { PathMatcher } from '../route/path-index.ts'
import { buildRedirectUrl } from '../route/redirect.ts'
import type { Route, RouteTable } from '../route/table.ts'
import type { Target } from '../route/target.ts'
import { Http1Head } from '../wire/http1-head.ts'
import type { AskedRequest, ExplainedRoute, ExplainedTarget, Explanation } from './explanation.ts'

/** What the explanation is about. */
export interface ExplainedRouter {
  readonly table: RouteTable
  readonly matcher: PathMatcher
  readonly requestHeads: RequestHeadWriter
  readonly maxHeaders: number
  /** `proxy.noroutestatus` */
  readonly noRouteStatus: number
  /** What is known of the health of a target of this route. */
  healthOf(target: Target, route: { readonly host: string; readonly path: string }): string
}

/** What becomes of a request, step by step. Each step is taken by the code that takes it for a request. */
export function explainRequest(router: ExplainedRouter, asked: AskedRequest): Explanation {
  const url = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)([^#]*)/i.exec(asked.url)
  const [, scheme = 'http', host = '', target = ''] = url ?? []
  const isTls = /^(?:https|wss)$/i.test(scheme)
  if (/^tcp$/i.test(scheme) || /^:[0-9]+$/.test(asked.url)) return explainConnection(router, asked, host)
  const names = new Set(asked.headers.map(line => line.slice(0, line.indexOf(':')).trim().toLowerCase()))
  const lines = names.has('host') ? asked.headers : [`Host: ${host}`, ...asked.headers]
  const path = target.startsWith('/') ? target : `/${target}`
  const text = `${asked.method} ${path} HTTP/1.1\r\n${lines.map(line => `${line.trim()}\r\n`).join('')}\r\n`
  const bytes = Buffer.from(text, 'utf8')
  const head = new Http1Head()
  const request = { method: asked.method, host, path, query: '', isTls, client: asked.client }
  // A line feed in what was asked would end the head before its end.
  if (bytes.indexOf('\r\n\r\n') !== bytes.length - 4)
    return refused(request, 400, 'a head ends with its first empty line')
  const refusal = head.parseRequest(bytes, 0, bytes.length, router.maxHeaders)
  if (refusal !== undefined) return refused(request, refusal.status, refusal.reason)
  if (asked.method === 'CONNECT')
    return refused(request, router.noRouteStatus, 'CONNECT has no route: this is no forward proxy')
  const read = readTarget(head)
  if ('refused' in read) return refused(request, 400, read.refused)
  return new RequestExplainer(router, head, { ...read, isTls, client: asked.client }).explain()
}

function refused(request: Explanation['request'], status: number, reason: string): Explanation {
  const outcome = `The request is refused with ${status} before a route is looked for: ${reason}.`
  return { request, outcome, status, hosts: [], route: undefined }
}

function explainConnection(router: ExplainedRouter, asked: AskedRequest, host: string): Explanation {
  const key = host === '' ? asked.url : host
  const route = router.table.lookupExact(key)
  const request = { method: 'TCP', host: key, path: '', query: '', isTls: false, client: asked.client }
  if (route === undefined) {
    return { request, outcome: `No route for connections to ${key}.`, status: 0, hosts: [], route: undefined }
  }
  const targets = route.targets.map((target, at): ExplainedTarget => {
    const { accessRules } = target.options
    const allows = accessRules === undefined || isIP(asked.client) === 0 || accessRules.allows(asked.client)
    return {
      ...describeTarget(router, route, at, target),
      access: accessRules === undefined ? undefined : { rules: rulesOf(target), allows },
      redirect: undefined,
      sent: [],
      note: allows ? 'gets the bytes of the connection' : 'the access rules deny this client',
    }
  })
  const outcome = `The connection goes to ${nameTargets(route)}.`
  return { request, outcome, status: 0, hosts: [], route: { ...placeOf(route), skipped: [], targets } }
}

interface ReadRequest {
  readonly host: string
  readonly path: string
  readonly rawPath: string
  readonly query: string
  readonly isTls: boolean
  readonly client: string
}

class RequestExplainer {
  readonly #router: ExplainedRouter
  readonly #head: Http1Head
  readonly #request: ReadRequest
  readonly #client: ClientFacts

  constructor(router: ExplainedRouter, head: Http1Head, request: ReadRequest) {
    this.#router = router
    this.#head = head
    this.#request = request
    const tls = request.isTls ? { version: '0x0304', cipher: '0x1301' } : undefined
    this.#client = { address: request.client, port: 0, tls }
  }

  explain(): Explanation {
    const { table, matcher } = this.#router
    const { host, path, query, isTls, client } = this.#request
    const { hosts, routes } = explainLookup(table, matcher, this.#request)
    const request = { method: this.#head.method, host, path, query, isTls, client }
    const skipped: Route[] = []
    for (const route of routes) {
      if (!leadsBack(this.#asked, route.targets[0], isTls)) return { request, ...this.#take(route, skipped, hosts) }
      skipped.push(route)
    }
    // The routes for any host are the last: they are taken even if they lead back.
    const last = skipped.at(-1)
    if (last?.host === '') return { request, ...this.#take(last, skipped.slice(0, -1), hosts) }
    const status = this.#router.noRouteStatus
    const reason = hosts.some(({ fits }) => fits) ? 'no path of the hosts that fit does' : 'no host of the table fits'
    return { request, outcome: `No route, answered with ${status}: ${reason}.`, status, hosts, route: undefined }
  }

  get #asked() {
    const { host, path, rawPath, query } = this.#request
    return { head: this.#head, host, path, rawPath, query }
  }

  #take(route: Route, skipped: readonly Route[], hosts: readonly HostCandidate[]): Omit<Explanation, 'request'> {
    const targets = route.targets.map((target, at) => this.#explainTarget(route, at, target))
    const names = skipped.map(({ host, path }) => host + path)
    const explained: ExplainedRoute = { ...placeOf(route), skipped: names, targets }
    return { ...summarize(route, targets), hosts, route: explained }
  }

  #explainTarget(route: Route, at: number, target: Target): ExplainedTarget {
    const described = describeTarget(this.#router, route, at, target)
    const { accessRules } = target.options
    const allows = accessRules === undefined || isAllowed(this.#head, this.#request.client, accessRules)
    const access = accessRules === undefined ? undefined : { rules: rulesOf(target), allows }
    const status = target.options.redirectStatus
    const redirect =
      target.redirect === undefined || status === undefined
        ? undefined
        : { status, location: buildRedirectUrl(target.redirect, redirected(this.#asked)).location }
    const nothing = { ...described, access, redirect, sent: [] }
    if (!allows) return { ...nothing, note: 'the access rules deny this client: 403' }
    if (redirect !== undefined) return { ...nothing, note: 'is a redirect: nothing is sent anywhere' }
    if (target.scheme === DOWN_SCHEME) return { ...nothing, note: 'no instance of the service is healthy: 503' }
    if (target.isTcp) return { ...nothing, note: 'is a TCP target: it gets no HTTP requests' }
    const note = described.auth === '' ? '' : `after a user of ${described.auth} has been let in, else 401`
    return { ...described, access, redirect, sent: this.#sentTo(target), note }
  }

  #sentTo(target: Target): readonly string[] {
    const wire = new WireTarget(target.spec)
    const upgrade = wantedUpgrade(this.#head)
    const sentHost = wire.hostBytes ?? this.#request.host
    const sentTarget = upstreamTarget(this.#request, wire)
    const requestId = '<a new id>'
    const head = outgoingHead({ head: this.#head, sentTarget, sentHost, requestId, upgrade }, wire)
    const text = this.#router.requestHeads.write(head, this.#client)
    return Buffer.from(text, 'latin1').toString('utf8').split('\r\n').slice(0, -2)
  }
}

function describeTarget(
  router: ExplainedRouter,
  route: Route,
  at: number,
  target: Target,
): Omit<ExplainedTarget, 'access' | 'redirect' | 'sent' | 'note'> {
  const { service, tags, options } = target.spec
  return {
    service,
    dst: target.url,
    weight: route.weights[at] ?? 0,
    tags,
    options,
    health: router.healthOf(target, route),
    auth: target.options.auth ?? '',
  }
}

function rulesOf({ spec }: Target): string {
  return spec.options
    .flatMap(([name, value]) => (name === 'allow' || name === 'deny' ? [`${name}=${value}`] : []))
    .join(' ')
}

function placeOf({ host, path }: Route): { readonly host: string; readonly path: string } {
  return { host, path }
}

function nameTargets({ targets }: Route): string {
  const [first] = targets
  return targets.length === 1 ? first.url : `one of ${targets.length} targets of ${first.service}`
}

function summarize(route: Route, targets: readonly ExplainedTarget[]): { outcome: string; status: number } {
  const name = `The route ${route.host}${route.path}`
  const served = targets.filter(({ weight }) => weight > 0)
  const [first] = served
  if (first !== undefined && served.every(({ access }) => access?.allows === false))
    return { outcome: `${name} is taken, and its access rules deny this client: 403.`, status: 403 }
  if (first?.redirect !== undefined) {
    const { status, location } = first.redirect
    return { outcome: `${name} answers with ${status} and the location ${location}.`, status }
  }
  if (route.targets[0].scheme === DOWN_SCHEME)
    return { outcome: `${name} is taken, and no instance of ${route.targets[0].service} is healthy: 503.`, status: 503 }
  return { outcome: `${name} is taken, to ${nameTargets(route)}.`, status: 0 }
}
