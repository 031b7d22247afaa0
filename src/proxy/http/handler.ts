import { randomUUID } from 'node:crypto'
import type { Verdict } from '../../auth/authenticator.ts'
import type { AccessRules } from '../../route/access-rules.ts'
import { DOWN_SCHEME } from '../../route/known-down.ts'
import { buildRedirectUrl } from '../../route/redirect.ts'
import type { Route } from '../../route/table.ts'
import type { Target } from '../../route/target.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import { mayComeIn } from '../access.ts'
import type { ServedTarget } from '../served-target.ts'
import type { HttpContext } from './context.ts'
import type { Carrier, Exchange } from './exchange.ts'
import { Forward } from './forward.ts'
import { HeldRequest } from './held-request.ts'
import { Http2Forward } from './http2-forward.ts'
import { fail, refuseRequest, sendRedirect, unauthorized } from './local-reply.ts'
import { readTarget } from './request-target.ts'

/** The steps of a request, in order. Each answers, or lets the next go on. */
export function serve(exchange: Exchange, context: HttpContext): void {
  if (context.givesRequestIds) exchange.requestId = randomUUID()
  const { withdraws } = exchange.downstream.client
  if (withdraws !== undefined) exchange.head.withdraw(withdraws)
  if (!readRequest(exchange, context)) return

  const isTls = exchange.downstream.client.tls !== undefined
  const route = findRoute(exchange, context, isTls)
  if (route === undefined) return
  const { target } = exchange
  if (target === undefined) return

  const { accessRules } = target.options
  const { address } = exchange.downstream.client
  if (accessRules !== undefined && !isAllowed(exchange.head, address, accessRules)) {
    return fail(exchange, context, 'access-denied', `route rules denied access from ${address} to ${target.url}`)
  }
  if (target.options.auth !== undefined) return authenticate(exchange, target, target.options.auth, context)
  goOn(exchange, target, context)
}

/** The request may come in: it is answered with a redirect, or carried to its target. */
function goOn(exchange: Exchange, target: ServedTarget, context: HttpContext): void {
  if (target.redirect !== undefined) return redirect(exchange, target, context)

  exchange.startedAt = performance.now()
  if (target.pool === undefined) {
    if (target.scheme === DOWN_SCHEME)
      return fail(exchange, context, 'service-down', `service ${target.service} has no healthy instance`)
    const problem = `unsupported protocol scheme "${target.scheme}" of target ${target.url}`
    return fail(exchange, context, 'unsupported-target', problem)
  }
  // A change of protocol is HTTP/1.1's: what asks for one goes that way.
  const sessions = exchange.upgrade === '' ? target.http2() : undefined
  const forward =
    sessions === undefined
      ? new Forward(exchange, target, target.pool, context)
      : new Http2Forward(exchange, target, sessions, context)
  exchange.carrier = forward
  forward.start()
}

/** `auth=`: what is known already is decided at once; else the request waits, and no loop does. */
function authenticate(exchange: Exchange, target: ServedTarget, scheme: string, context: HttpContext): void {
  const { head, downstream } = exchange
  const authorization = head.get(HEADER.authorization)
  const verdict = context.authenticator.check(scheme, authorization)
  if (verdict !== undefined) return judge(exchange, target, scheme, verdict, context)
  const attempt = { scheme, authorization: authorization ?? '', client: downstream.client.address }
  const pending = context.authenticator.verify(attempt, late => {
    exchange.carrier = undefined
    judge(exchange, target, scheme, late, context)
    // A redirect, or a refusal, is the whole answer; only what goes to an upstream wants the body.
    if (exchange.carrier !== undefined) held.release((exchange.carrier as Carrier).request)
  })
  const held = new HeldRequest(exchange, {
    gone: () => pending.cancel(),
    timeout: () => fail(exchange, context, 'client-timeout', `client ${attempt.client} did not send its body in time`),
  })
  exchange.carrier = held
}

function judge(exchange: Exchange, target: ServedTarget, scheme: string, verdict: Verdict, context: HttpContext): void {
  switch (verdict.kind) {
    case 'pass':
      return goOn(exchange, target, context)
    case 'denied':
      return unauthorized(exchange, `Www-Authenticate: ${verdict.challenge}\r\n`)
    case 'unknown-scheme':
      context.log.error(`unknown auth scheme '${scheme}'`)
      return unauthorized(exchange, '')
    case 'busy':
      return fail(
        exchange,
        context,
        'auth-busy',
        `too many credentials for auth scheme '${scheme}' wait to be verified`,
      )
  }
}

/** Takes the request line apart. @returns false when the request has its answer already */
function readRequest(exchange: Exchange, context: HttpContext): boolean {
  const { head } = exchange
  if (head.method === 'OPTIONS' && head.target === '*') {
    exchange.downstream.sendReply({ status: 200, lines: '', body: '' })
    return false
  }
  if (head.method === 'CONNECT') {
    // Its target is a host and no path, so no route can match it: this is no forward proxy.
    context.notFound.add(1)
    fail(exchange, context, 'no-route', `No route for ${head.target}`)
    return false
  }
  const target = readTarget(head)
  if ('refused' in target) {
    refuseRequest(exchange, context, target.refused)
    return false
  }
  exchange.host = target.host
  exchange.path = target.path
  exchange.rawPath = target.rawPath
  exchange.query = target.query
  exchange.upgrade = wantedUpgrade(head)
  return true
}

/** The protocol to offer to the upstream. A body before a change of protocol cannot be told from what comes after it. */
export function wantedUpgrade(head: Http1Head): string {
  const value = head.get(HEADER.upgrade)
  if (value === undefined || head.version === 10 || head.hasBody) return ''
  const folded = value.toLowerCase()
  // As in the original a WebSocket handshake needs no `Connection: Upgrade`: proxies before us are known to lose it.
  if (folded === 'websocket') return value
  // HTTP/2 behind an upgrade would carry requests past the routes and their access rules.
  if (!head.wantsUpgrade || folded.includes('h2c')) return ''
  return value
}

/** Finds route and target. @returns undefined when there is none; then the request has its answer */
function findRoute(exchange: Exchange, context: HttpContext, isTls: boolean): Route<ServedTarget> | undefined {
  const { host, path } = exchange
  let route = context.table.lookup(host, path, isTls)
  while (route !== undefined) {
    const target = context.pick(route)
    if (target.redirect === undefined || !leadsBack(exchange, target, isTls)) {
      exchange.route = route
      exchange.target = target
      return route
    }
    context.log.info('Skipping redirect with same scheme, host and path')
    const next = context.table.lookupAfter(route, host, path, isTls)
    if (next === undefined && route.host === '') {
      exchange.route = route
      exchange.target = target
      return route
    }
    route = next
  }
  context.notFound.add(1)
  fail(exchange, context, 'no-route', `No route for ${host}${exchange.rawPath}${exchange.query}`)
  return undefined
}

type Asked = Pick<Exchange, 'head' | 'host' | 'path' | 'rawPath' | 'query'>

/** Would the redirect lead to the request that it answers? */
export function leadsBack(asked: Asked, target: Pick<Target, 'redirect'>, isTls: boolean): boolean {
  if (target.redirect === undefined) return false
  const url = buildRedirectUrl(target.redirect, redirected(asked))
  const scheme = asked.head.get(HEADER.xForwardedProto) || (isTls ? 'https' : 'http')
  return url.scheme === scheme && url.host === asked.host && url.path === asked.path
}

function redirect(exchange: Exchange, target: ServedTarget, context: HttpContext): void {
  const status = target.options.redirectStatus
  if (target.redirect === undefined || status === undefined) return
  context.redirected(status).add(1)
  sendRedirect(exchange, status, buildRedirectUrl(target.redirect, redirected(exchange)).location)
}

/** What a redirect is made from. */
export function redirected(asked: Asked): { host: string; path: string; rawPath: string; query: string } {
  const { host, path, rawPath, query } = asked
  return { host, path, rawPath, query: query.slice(1) }
}

/** `allow=`, `deny=`: may a request with this head come in from this address? */
export function isAllowed(head: Http1Head, address: string, rules: AccessRules): boolean {
  return mayComeIn(rules, address, forwardedFor(head))
}

function* forwardedFor(head: Http1Head): Generator<string> {
  for (let i = head.find(HEADER.xForwardedFor); i !== -1 && i < head.count; i++) {
    if (head.id(i) === HEADER.xForwardedFor) yield head.value(i)
  }
}
