import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AskedRequest } from '../explain/explanation.ts'
import { replyJson, replyText } from './reply.ts'

/** What answers questions about requests and services. */
export interface ExplainSource {
  request(asked: AskedRequest): object
  service(name: string): object
}

const MAX_HEADERS = 100
const DEFAULT_CLIENT = '127.0.0.1'

/** `GET /api/explain?url=…&method=…&header=…&client=…`: what becomes of such a request. Sends nothing anywhere. */
export function serveExplain(
  req: IncomingMessage,
  res: ServerResponse,
  query: URLSearchParams,
  source: ExplainSource,
): void {
  if (req.method !== 'GET') return replyText(res, 405, 'not allowed\n', { allow: 'GET' })
  const url = query.get('url') ?? ''
  const method = query.get('method') || 'GET'
  const headers = query.getAll('header')
  if (url === '') return replyText(res, 400, 'url is missing: /api/explain?url=http://www.example.com/path\n')
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return replyText(res, 400, `'${method}' is no method\n`)
  if (headers.length > MAX_HEADERS) return replyText(res, 400, `more than ${MAX_HEADERS} headers\n`)
  const client = query.get('client') || DEFAULT_CLIENT
  replyJson(res, source.request({ url, method, headers, client }), { pretty: query.has('pretty') })
}

/** `GET /api/explain/service/NAME`. */
export function serveExplainService(
  req: IncomingMessage,
  res: ServerResponse,
  name: string,
  options: { readonly source: ExplainSource; readonly pretty: boolean },
): void {
  if (req.method !== 'GET') return replyText(res, 405, 'not allowed\n', { allow: 'GET' })
  if (name === '') return replyText(res, 400, 'the name of a service is missing: /api/explain/service/NAME\n')
  replyJson(res, options.source.service(name), { pretty: options.pretty })
}
