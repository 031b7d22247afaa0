import { getCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Agent, type Dispatcher } from 'undici'
import type { RegistryConfig } from '../config/config.ts'

/** What the endpoint said. */
export type CustomAnswer =
  /** What it said for this entity tag is still so. */
  { readonly kind: 'unchanged' } | { readonly kind: 'body'; readonly text: string; readonly etag: string | undefined }

/** There is no usable answer; the message is Fabio's, and names the endpoint without its secrets. */
export class CustomEndpointError extends Error {
  override readonly name = 'CustomEndpointError'
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const MAX_REDIRECTS = 10
/** 100,000 targets with long options are about a tenth of this. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 30_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The JSON endpoint of `registry.custom.*`: one GET after the other, each on a connection of its own, as Fabio does it. */
export class CustomEndpoint implements AsyncDisposable {
  /** For people: without user, password and query. */
  readonly shownUrl: string
  readonly #url: URL
  readonly #timeoutMs: number
  readonly #agent: Agent
  #requests = 0

  /** @throws Error when host and path make no URL */
  constructor(config: RegistryConfig['custom']) {
    this.#url = buildUrl(config)
    this.#timeoutMs = Math.min(config.timeoutMs, LONGEST_TIMER_MS)
    const { origin, pathname, search } = this.#url
    this.shownUrl = `${origin}${pathname}${search === '' ? '' : '?…'}`
    // Node trusts the authorities it was built with; Fabio those of the system.
    const ca = [...getCACertificates('default'), ...getCACertificates('system')]
    this.#agent = new Agent({
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS, ca, rejectUnauthorized: !config.checkTlsSkipVerify },
    })
  }

  /** How many requests were sent so far. */
  get requests(): number {
    return this.#requests
  }

  /**
   * Asks once. With the entity tag of an earlier answer the endpoint may say that nothing changed.
   * @throws CustomEndpointError
   */
  async get(options: { readonly etag: string | undefined; readonly signal: AbortSignal }): Promise<CustomAnswer> {
    this.#requests++
    const abort = new AbortController()
    const isLimited = this.#timeoutMs > 0
    const deadline = isLimited ? setTimeout(() => abort.abort(new DeadlinePassed()), this.#timeoutMs) : undefined
    const onAbort = () => abort.abort(options.signal.reason)
    options.signal.addEventListener('abort', onAbort, { once: true })
    if (options.signal.aborted) onAbort()
    try {
      return await this.#exchange(options.etag, abort.signal)
    } catch (cause) {
      if (cause instanceof CustomEndpointError) throw cause
      const isLate = abort.signal.reason instanceof DeadlinePassed
      const reason = isLate ? `no answer within ${this.#timeoutMs}ms (registry.custom.timeout)` : describe(cause)
      throw new CustomEndpointError(`Error Sending HTTPs Request To Custom be - ${this.shownUrl} -${reason}`, { cause })
    } finally {
      clearTimeout(deadline)
      options.signal.removeEventListener('abort', onAbort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }

  async #exchange(etag: string | undefined, signal: AbortSignal): Promise<CustomAnswer> {
    const { statusCode, headers, body } = await this.#request(etag, signal)
    if (statusCode === 304 && etag !== undefined) {
      await body.dump()
      return { kind: 'unchanged' }
    }
    if (statusCode !== 200) {
      await body.dump()
      throw new CustomEndpointError(`Error Non-200 return (${statusCode}) from  -${this.shownUrl}`)
    }
    const bytes = await this.#unpack(await this.#readBody(body, signal), headers['content-encoding'])
    const tag = headers.etag
    return { kind: 'body', text: bytes.toString('utf8'), etag: typeof tag === 'string' ? tag : undefined }
  }

  /** Redirects are followed as Go's client does it. */
  async #request(etag: string | undefined, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    let url = this.#url
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: {
          'user-agent': 'fabio',
          'accept-encoding': 'gzip',
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
          ...credentialsOf(url),
        },
        reset: true, // closes the connection
        signal,
      })
      const { location } = answer.headers
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string') return answer
      await answer.body.dump()
      if (redirects === MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`)
      url = new URL(location, url)
    }
  }

  async #readBody(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<Buffer> {
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      for await (const chunk of body) {
        const piece: unknown = chunk
        if (!(piece instanceof Uint8Array)) continue // never: the body of a request without encoding is bytes
        bytes += piece.length
        if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`)
        chunks.push(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
      }
    } catch (cause) {
      if (signal.aborted) throw cause
      throw this.#undecodable(cause)
    }
    return Buffer.concat(chunks, bytes)
  }

  async #unpack(bytes: Buffer, encoding: string | string[] | undefined): Promise<Buffer> {
    if (encoding !== 'gzip') return bytes
    try {
      return await promisify(gunzip)(bytes, { maxOutputLength: MAX_ANSWER_BYTES })
    } catch (cause) {
      throw this.#undecodable(cause)
    }
  }

  #undecodable(cause: unknown): CustomEndpointError {
    return new CustomEndpointError(`Error decoding request - ${this.shownUrl} -${describe(cause)}`, { cause })
  }
}

class DeadlinePassed extends Error {}

function buildUrl({ scheme, host, path, queryParams }: RegistryConfig['custom']): URL {
  try {
    return new URL(`${scheme}://${host}/${path}${queryParams === '' ? '' : `?${queryParams}`}`)
  } catch (cause) {
    throw new Error('custom: registry.custom.host and registry.custom.path make no URL', { cause })
  }
}

/** As Go does with `user:password@host`. */
function credentialsOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function describe(cause: unknown): string {
  // A name with several addresses fails with one error each and no text of its own.
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(describe).join(', ')
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
}
