import type { Dispatcher } from 'undici'
import { ConsulError } from './consul-error.ts'
import { type ConsulEndpoint, createDispatcher, type Environment } from './endpoint.ts'
import { enlarge, type LongAnswer, requestLong } from './long-answer.ts'

export interface ConsulRequest {
  readonly method: 'GET' | 'PUT' | 'POST'
  /** Escaped, with the leading slash: `/v1/agent/self`. */
  readonly path: string
  readonly query?: Iterable<readonly [name: string, value: string]>
  readonly body?: string
  readonly contentType?: string
  /** Statuses besides 200 that are an answer. */
  readonly expected?: readonly number[]
  readonly signal?: AbortSignal | undefined
  /** Memory for the body of a long answer. It is the request's from here on, and the body's afterwards. */
  readonly space?: Buffer | undefined
  /** On a connection that is kept for such requests alone, and given up when one fails: it tells how connections of its age fare. */
  readonly isPing?: boolean
  /** For the whole exchange, from the first attempt to connect to the last byte of the answer. */
  readonly timeoutMs: number
}

export interface ConsulReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/**
 * One HTTP exchange with an agent: the one that answered last. When it does not answer or says that it cannot, the next request goes to the
 * next one. Everything that can go wrong is a ConsulError; the token is in none of its texts.
 */
export class ConsulTransport implements AsyncDisposable {
  readonly #endpoint: ConsulEndpoint
  readonly #env: Environment
  #dispatcher: Dispatcher
  /** For long answers, and for nothing else. */
  #longDispatcher: Dispatcher | undefined
  #pingDispatcher: Dispatcher | undefined
  readonly #maxAnswerBytes: number
  #requests = 0
  /** Which agent is asked. */
  #agent = 0

  constructor(endpoint: ConsulEndpoint, options: { readonly env: Environment; readonly maxAnswerBytes: number }) {
    this.#endpoint = endpoint
    this.#env = options.env
    this.#dispatcher = createDispatcher(endpoint, options.env)
    this.#maxAnswerBytes = options.maxAnswerBytes
  }

  /** How many were sent so far. */
  get requests(): number {
    return this.#requests
  }

  async send(request: ConsulRequest): Promise<ConsulReply> {
    this.#requests++
    const abort = new AbortController()
    const deadline = setTimeout(() => abort.abort(new DeadlinePassed()), request.timeoutMs)
    // Not AbortSignal.any(): what it makes lives as long as the watch's signal does, one more for every request.
    const onAbort = () => abort.abort(request.signal?.reason)
    request.signal?.addEventListener('abort', onAbort, { once: true })
    if (request.signal?.aborted) onAbort()
    const agent = this.#agent
    try {
      return await this.#exchange(request, this.#originOf(agent), abort.signal)
    } catch (cause) {
      const place = this.#endpoint.socketPath === undefined ? this.#originOf(agent) : this.#endpoint.addr
      const error = cause instanceof ConsulError ? cause : asConsulError(cause, request, abort.signal, place)
      // Many requests fail together, and one step is enough for all of them.
      if (request.isPing) this.#dropPing()
      if (isOfAgent(error) && agent === this.#agent) this.#agent = (agent + 1) % this.#endpoint.origins.length
      throw error
    } finally {
      clearTimeout(deadline)
      request.signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Goes on with new connections. What waits for an answer on an old one fails as `unreachable`. */
  async reconnect(): Promise<void> {
    const old = [this.#dispatcher, this.#longDispatcher]
    this.#dispatcher = createDispatcher(this.#endpoint, this.#env)
    this.#longDispatcher = undefined
    await Promise.all(old.map(one => one?.destroy(new Error('given up, for Consul was out of reach meanwhile'))))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#dispatcher.destroy(), this.#longDispatcher?.destroy(), this.#pingDispatcher?.destroy()])
  }

  #ping(): Dispatcher {
    this.#pingDispatcher ??= createDispatcher(this.#endpoint, this.#env)
    return this.#pingDispatcher
  }

  #dropPing(): void {
    void this.#pingDispatcher?.destroy()
    this.#pingDispatcher = undefined
  }

  #originOf(agent: number): string {
    return this.#endpoint.origins[agent] ?? ''
  }

  async #exchange(request: ConsulRequest, origin: string, signal: AbortSignal): Promise<ConsulReply> {
    const query = new URLSearchParams([...(request.query ?? [])].map(([name, value]) => [name, value]))
    if (this.#endpoint.namespace !== '') query.set('ns', this.#endpoint.namespace)
    if (this.#endpoint.partition !== '') query.set('partition', this.#endpoint.partition)
    const headers: Record<string, string> = { 'user-agent': 'fabio', accept: 'application/json' }
    if (this.#endpoint.token !== '') headers['x-consul-token'] = this.#endpoint.token
    if (request.contentType !== undefined) headers['content-type'] = request.contentType
    const {
      statusCode,
      headers: fields,
      body,
    } = await this.#ask(
      request,
      {
        origin,
        path: query.size === 0 ? request.path : `${request.path}?${query.toString()}`,
        method: request.method,
        headers,
        body: request.body ?? null,
      },
      signal,
    )
    if (statusCode !== 200 && !request.expected?.includes(statusCode)) {
      throw new ConsulError(`Unexpected response code: ${statusCode} (${quoteReason(body)})`, {
        kind: 'status',
        status: statusCode,
      })
    }
    return { status: statusCode, headers: fields, body }
  }

  async #ask(
    { isPing, space }: ConsulRequest,
    options: Dispatcher.DispatchOptions,
    signal: AbortSignal,
  ): Promise<LongAnswer> {
    const maxBytes = this.#maxAnswerBytes
    if (space !== undefined) {
      this.#longDispatcher ??= createDispatcher(this.#endpoint, this.#env, { isForLongAnswers: true })
      return requestLong(this.#longDispatcher, options, { space, maxBytes, signal })
    }
    const dispatcher = isPing ? this.#ping() : this.#dispatcher
    const { statusCode, headers, body } = await dispatcher.request({ ...options, signal })
    return { statusCode, headers, body: await readBody(body, maxBytes) }
  }
}

class DeadlinePassed extends Error {}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  let whole: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  let bytes = 0
  for await (const chunk of body) {
    const piece: unknown = chunk
    if (!(piece instanceof Uint8Array)) throw new ConsulError('the answer is not bytes', { kind: 'garbage' })
    if (bytes + piece.length > maxBytes)
      throw new ConsulError(`the answer has more than ${maxBytes} bytes`, { kind: 'too-large' })
    // Copied at once, so that an answer is not in memory twice, nor its pieces old enough to burden the garbage collector.
    if (bytes + piece.length > whole.length) whole = enlarge(whole, bytes, piece.length)
    whole.set(piece, bytes)
    bytes += piece.length
  }
  return whole.subarray(0, bytes)
}

const FIRST_BYTES = 4096

/** Consul says why in plain text. A proxy between us may say it in a page of HTML, and nobody wants that in a log line. */
function quoteReason(body: Buffer): string {
  const text = body
    .toString('utf8', 0, 400)
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Would another agent do better? */
function isOfAgent({ kind, status = 0 }: ConsulError): boolean {
  return kind === 'unreachable' || kind === 'timeout' || (kind === 'status' && status >= 500)
}

function asConsulError(cause: unknown, request: ConsulRequest, signal: AbortSignal, place: string): ConsulError {
  const what = `${request.method} ${place}${request.path}`
  if (signal.aborted) {
    if (signal.reason instanceof DeadlinePassed) {
      return new ConsulError(`${what}: no answer within ${Math.round(request.timeoutMs)}ms`, { kind: 'timeout', cause })
    }
    return new ConsulError(`${what}: aborted`, { kind: 'aborted', cause })
  }
  return new ConsulError(`${what}: ${describe(cause)}`, { kind: 'unreachable', cause })
}

function describe(cause: unknown): string {
  // A name with several addresses fails with one error each and no text of its own.
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(describe).join(', ')
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
}
