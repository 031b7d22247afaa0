import type { Explanation, ServiceExplanation } from '../../../explain/explanation.ts'
import type { HistoryRow } from '../../history-row.ts'
import type { OverridePreview } from '../../override-preview.ts'
import type { ApiOption, ApiRoute, CertificateSource, Override, Problem, Rejection } from './answers.ts'

/** An answer that is not a success, with the server's own words. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** The server's paths below `ui.path`. Every method rejects with ApiError, or with TypeError when the server is not there. */
export class Api {
  readonly #base: string

  constructor(base: string) {
    this.#base = `${base}/api`
  }

  get eventsUrl(): string {
    return `${this.#base}/events`
  }

  get rawUrl(): string {
    return `${this.#base}/routes?raw`
  }

  /** Nothing when the table is still the one with `knownEtag`. */
  async routes(
    knownEtag: string | undefined,
  ): Promise<{ readonly etag: string; readonly routes: readonly ApiRoute[] } | undefined> {
    const answer = await request(`${this.#base}/routes`, { cache: 'no-cache' })
    const etag = answer.headers.get('etag') ?? ''
    if (etag !== '' && etag === knownEtag) {
      await answer.body?.cancel()
      return undefined
    }
    const routes: readonly ApiRoute[] | null = await answer.json()
    return { etag, routes: routes ?? [] }
  }

  async raw(): Promise<string> {
    return (await request(this.rawUrl)).text()
  }

  /** By name. */
  async options(): Promise<Readonly<Record<string, ApiOption>>> {
    return (await request(`${this.#base}/config?origin`)).json()
  }

  async problems(): Promise<readonly Problem[]> {
    return (await request(`${this.#base}/problems`)).json()
  }

  async certificates(): Promise<readonly CertificateSource[]> {
    return (await request(`${this.#base}/certs`)).json()
  }

  async history(): Promise<readonly HistoryRow[]> {
    return (await request(`${this.#base}/history`)).json()
  }

  async explain(asked: URLSearchParams): Promise<Explanation> {
    return (await request(`${this.#base}/explain?${asked}`)).json()
  }

  async explainService(name: string): Promise<ServiceExplanation> {
    return (await request(`${this.#base}/explain/service/${encodeURIComponent(name)}`)).json()
  }

  async paths(): Promise<readonly string[]> {
    const paths: readonly string[] | null = await (await request(`${this.#base}/paths`)).json()
    // A key such as `fabio/config-old` counts as an override as well, but no address leads to it.
    return (paths ?? []).filter(path => path === '' || path.startsWith('/'))
  }

  async override(path: string): Promise<Override> {
    return (await request(this.#overrideUrl(path))).json()
  }

  async storeOverride(path: string, override: Override): Promise<void> {
    await request(this.#overrideUrl(path), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(override),
    })
  }

  /** What storing this text would do; stores nothing. */
  async previewOverride(path: string, override: Override): Promise<OverridePreview> {
    const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(override) }
    return (await request(`${this.#overrideUrl(path)}?dryrun`, init)).json()
  }

  async check(text: string): Promise<readonly Rejection[]> {
    return (await request(`${this.#base}/check`, { method: 'POST', body: text })).json()
  }

  #overrideUrl(path: string): string {
    return `${this.#base}/manual${encodePath(path)}`
  }
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** A sentence for a person about why a call failed. */
export function describeError(cause: unknown): string {
  if (cause instanceof ApiError) return cause.message
  if (cause instanceof TypeError) return 'The server cannot be reached.'
  return String(cause)
}

async function request(url: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init)
  if (answer.ok) return answer
  const text = (await answer.text()).trim().slice(0, 500)
  throw new ApiError(answer.status, text === '' ? `${answer.status} ${answer.statusText}` : text)
}
