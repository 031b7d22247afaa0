import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * On every answer. The pages get everything from this server and nothing from anywhere else: what a service wrote into a
 * tag cannot become a script, a frame or a request to another host.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** The whole answer at once. For HEAD, node leaves out the body and keeps the headers. */
export function reply(
  res: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  res.writeHead(status, { ...SECURITY_HEADERS, 'content-length': Buffer.byteLength(body), ...headers })
  res.end(body)
}

/** Plain text. Messages for people end with a line feed, as Fabio's do. */
export function replyText(res: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  reply(res, status, text, { 'content-type': 'text/plain; charset=utf-8', ...headers })
}

/** `pretty` asks for four blanks a level. No line feed at the end. */
export function replyJson(res: ServerResponse, value: unknown, options: { readonly pretty: boolean }): void {
  const body = escapeHtmlCharacters(JSON.stringify(value, null, options.pretty ? 4 : 0))
  reply(res, 200, body, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
}

/** `location` must be fit for a header already. A body is for GET only: other methods follow without reading. */
export function replyRedirect(res: ServerResponse, status: 303 | 307, location: string): void {
  const name = status === 303 ? 'See Other' : 'Temporary Redirect'
  const body = res.req.method === 'GET' ? `<a href="${escapeHtml(location)}">${name}</a>.\n\n` : ''
  const type =
    res.req.method === 'GET' || res.req.method === 'HEAD' ? { 'content-type': 'text/html; charset=utf-8' } : {}
  reply(res, status, body, { ...type, location })
}

/** JSON as Go writes it: safe inside a script element, and the same value to every parser. */
export function escapeHtmlCharacters(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, char => `&#${char.charCodeAt(0)};`)
}
