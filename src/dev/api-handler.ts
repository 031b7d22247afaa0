import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Log } from '../log/log.ts'
import { ApiError } from './api-error.ts'
import { cleanerPath, decodePath, findPlace } from './api-path.ts'
import type { Answer, ApiMethod, Call, Endpoint, HashedRead, IndexedRead } from './endpoint.ts'
import { formatJson } from './json-text.ts'
import { parseReadOptions, type ReadOptions, refuseUnknownScope } from './read-options.ts'
import { readBody } from './request-body.ts'
import type { StateIndex } from './state-index.ts'

/** A client that has not taken an answer by then is cut off. */
const SLOWEST_READER_MS = 60_000

/** Answers the calls of Consul's HTTP API, as `consul agent -dev` does: indented JSON, errors as plain text. */
export class ApiHandler {
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #state: StateIndex
  readonly #log: Log

  constructor(endpoints: readonly Endpoint[], options: { readonly state: StateIndex; readonly log: Log }) {
    this.#endpoints = new Map(endpoints.map(endpoint => [endpoint.path, endpoint]))
    this.#state = options.state
    this.#log = options.log
  }

  /** Never throws, never rejects: what goes wrong is the answer. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    try {
      await this.#answer(request, response, gone.signal)
    } catch (cause) {
      if (gone.signal.aborted || response.headersSent) return
      if (cause instanceof ApiError) return sendText(response, cause.status, cause.message)
      const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
      this.#log.error(`dev registry: ${request.method} ${request.url}: ${stack}`)
      sendText(response, 500, 'Internal error')
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    refuseForeignHost(request.headers.host ?? '')
    const { path, query } = splitUrl(request.url ?? '')
    const cleaner = cleanerPath(path)
    if (cleaner !== undefined) return sendRedirect(response, cleaner, query)
    const place = findPlace(this.#endpoints, path)
    if (place === undefined) throw new ApiError(NOT_FOUND, { status: 404 })
    if ('redirect' in place) return sendRedirect(response, place.redirect, query)

    const { endpoint, rest } = place
    const allow = `OPTIONS,${[...endpoint.handlers.keys()].join(',')}`
    if (request.method === 'OPTIONS') return send(response, 200, { allow }, '')
    const handler = endpoint.handlers.get(request.method as ApiMethod)
    if (handler === undefined) {
      return sendText(response, 405, `method ${request.method} not allowed`, { allow })
    }
    refuseUnknownScope(query, { isOfOneDatacenter: !path.startsWith('/v1/agent/') })
    const options = parseReadOptions(query)
    const body = request.method === 'PUT' ? await readBody(request, endpoint.maxBodyBytes) : Buffer.alloc(0)
    const call: Call = { rest, query, body }
    const outcome = handler(call)
    if (outcome.kind === 'indexed') return this.#sendIndexed(response, outcome, options, gone)
    if (outcome.kind === 'hashed') return this.#sendHashed(response, outcome, options, gone)
    sendAnswer(response, outcome, {})
  }

  async #sendIndexed(
    response: ServerResponse,
    read: IndexedRead,
    options: ReadOptions,
    gone: AbortSignal,
  ): Promise<void> {
    if (options.index > 0n) {
      const isNews = (): boolean => BigInt(read.index()) > options.index
      await this.#state.waitUntil(isNews, { timeoutMs: options.waitMs, signal: gone })
    }
    sendAnswer(response, read.answer(), {
      'X-Consul-Index': String(read.index()),
      'X-Consul-Knownleader': 'true',
      'X-Consul-Lastcontact': '0',
      ...(read.tellsConsistency ? { 'X-Consul-Effective-Consistency': options.consistency } : {}),
    })
  }

  async #sendHashed(
    response: ServerResponse,
    read: HashedRead,
    options: ReadOptions,
    gone: AbortSignal,
  ): Promise<void> {
    if (options.hash === read.hash()) {
      const isNews = (): boolean => read.hash() !== options.hash
      await this.#state.waitUntil(isNews, { timeoutMs: options.waitMs, signal: gone })
    }
    sendAnswer(response, read.answer(), { 'X-Consul-Contenthash': read.hash() })
  }
}

const NOT_FOUND = `Not found. This is the registry of fabio -dev, which speaks a part of Consul's HTTP API: try /v1/catalog/services`

/**
 * A page of a foreign site can make a browser call us under its own name, when it has that name point to 127.0.0.1.
 * So a call must be for an address or for this machine.
 */
function refuseForeignHost(host: string): void {
  const name = host
    .replace(/:\d+$/u, '')
    .replace(/^\[(.*)\]$/u, '$1')
    .toLowerCase()
  if (name === '' || name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0) return
  throw new ApiError(`This registry answers to localhost and to IP addresses, not to ${JSON.stringify(name)}`, {
    status: 403,
  })
}

function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '', ...query] = url.split('?')
  return { path: decodePath(path), query: new URLSearchParams(query.join('?')) }
}

function sendAnswer(response: ServerResponse, answer: Answer, headers: Readonly<Record<string, string>>): void {
  switch (answer.kind) {
    case 'json':
      return send(response, 200, { 'Content-Type': 'application/json', ...headers }, formatJson(answer.value))
    case 'raw':
      // A browser must not take a value for a page of this origin.
      return send(
        response,
        200,
        { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff', ...headers },
        answer.body,
      )
    case 'done':
      return send(response, 200, headers, '')
    case 'missing':
      return send(response, 404, headers, '')
  }
}

function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(response, status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, text)
}

function sendRedirect(response: ServerResponse, path: string, query: URLSearchParams): void {
  const location = path.split('/').map(encodeURIComponent).join('/') + (query.size === 0 ? '' : `?${query.toString()}`)
  send(response, 301, { 'Content-Type': 'text/plain; charset=utf-8', Location: location }, `Moved to ${location}\n`)
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  if (response.destroyed) return // nobody is left to read it
  const late = setTimeout(() => response.destroy(), SLOWEST_READER_MS)
  response.once('close', () => clearTimeout(late))
  if (status === 413) response.shouldKeepAlive = false
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
