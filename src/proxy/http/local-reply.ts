import { type FailureKind, REPLIES } from '../failure.ts'
import type { HttpContext } from './context.ts'
import type { Exchange } from './exchange.ts'
import { registeredText } from './status-text.ts'

const TEXT_LINES = 'Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n'

/** For a service without a healthy instance: checks run every few seconds. */
const RETRY_AFTER_SECONDS = 5

/** Answers in the upstream's place. `cause` is for the log. */
export function fail(exchange: Exchange, context: HttpContext, kind: FailureKind, cause: string): void {
  const reply = REPLIES[kind]
  const { level } = reply
  if (level === 'ERROR') context.log.error(cause)
  else if (level === 'WARN') context.log.warn(cause)
  else if (level === 'INFO') context.log.info(cause)
  else context.log.debug(cause)
  if (kind === 'no-route') return noRoute(exchange, context)
  exchange.status = reply.http
  exchange.bodyBytes = reply.body.length
  const usual = reply.body === '' ? context.errorLines(exchange) : TEXT_LINES
  const lines = kind === 'service-down' ? `${usual}Retry-After: ${RETRY_AFTER_SECONDS}\r\n` : usual
  exchange.downstream.sendReply({ status: reply.http, lines, body: reply.body })
}

function noRoute(exchange: Exchange, context: HttpContext): void {
  const { body, lines } = context.noRoutePage
  exchange.downstream.sendReply({ status: context.noRouteStatus, lines, body })
}

/** `auth=`: the credentials are missing or wrong. `challenge` is a header line, '' where there is no scheme to name. */
export function unauthorized(exchange: Exchange, challenge: string): void {
  exchange.downstream.sendReply({ status: 401, lines: TEXT_LINES + challenge, body: REPLIES.unauthorized.body })
}

/** The answer of a redirect route (RFC 9110 §15.4), with the body Go gives it. `location` is Latin-1. */
export function sendRedirect(exchange: Exchange, status: number, location: string): void {
  const { method } = exchange.head
  let lines = `Location: ${escapeNonAscii(location)}\r\n`
  let body = ''
  if (method === 'GET' || method === 'HEAD') lines += 'Content-Type: text/html; charset=utf-8\r\n'
  if (method === 'GET') body = `<a href="${escapeHtml(location)}">${registeredText(status)}</a>.\n\n`
  exchange.downstream.sendReply({ status, lines, body })
}

function escapeNonAscii(text: string): string {
  let escaped = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    escaped += byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`
  }
  return escaped
}

const HTML_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&#34;'],
  ["'", '&#39;'],
])

function escapeHtml(text: string): string {
  let escaped = ''
  for (const char of text) escaped += HTML_ESCAPES.get(char) ?? char
  return Buffer.from(escaped, 'utf8').toString('latin1')
}

/** The request target or the host is not acceptable: nobody can tell whom the request is for, nor what follows it. */
export function refuseRequest(exchange: Exchange, context: HttpContext, reason: string): void {
  context.log.debug(`refused a request of ${exchange.downstream.client.address}: ${reason}`)
  exchange.downstream.sendReply({ status: 400, lines: '', body: '', refusal: reason })
}
