import { type Dispatcher, request } from 'undici'

// The part of Circonus' API (v2) that finds or makes the check to send to. Answers are read with suspicion: only the fields
// below are looked at, and each may be missing.

export interface CirconusCheckBundle {
  readonly cid: string
  readonly type: string
  readonly brokers: readonly string[]
  readonly submissionUrl: string | undefined
  readonly isActive: boolean
  /** False when the check only takes metrics that are listed in it, as checks made before 2018 do. */
  readonly hasMetricFilters: boolean
}

export interface CirconusBroker {
  readonly cid: string
  readonly name: string
  readonly type: string
  readonly instances: readonly CirconusBrokerInstance[]
}

export interface CirconusBrokerInstance {
  readonly commonName: string
  readonly isActive: boolean
  readonly modules: readonly string[]
  readonly hosts: readonly string[]
}

const DEFAULT_URL = 'https://api.circonus.com/v2'
const TIMEOUT_MS = 10_000

export class CirconusApi {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #dispatcher: Dispatcher

  constructor(options: {
    readonly url: string
    readonly key: string
    readonly app: string
    readonly dispatcher: Dispatcher
  }) {
    this.#url = apiUrl(options.url)
    this.#headers = {
      'x-circonus-auth-token': options.key,
      'x-circonus-app-name': options.app,
      accept: 'application/json',
    }
    this.#dispatcher = options.dispatcher
  }

  async checkBundleOf(checkCid: string): Promise<CirconusCheckBundle> {
    const check = asObject(await this.#call('GET', checkCid))
    if (check._active === false) throw new Error(`check ${checkCid} is not active`)
    return this.checkBundle(asText(check._check_bundle))
  }

  async checkBundle(cid: string): Promise<CirconusCheckBundle> {
    return readCheckBundle(await this.#call('GET', cid))
  }

  /** Active check bundles; `filters` are further query parameters. */
  async searchCheckBundles(
    search: string,
    filters: Readonly<Record<string, string>> = {},
  ): Promise<CirconusCheckBundle[]> {
    const query = new URLSearchParams({ search, ...filters })
    const found = await this.#call('GET', `/check_bundle?${query.toString()}`)
    return asList(found)
      .map(readCheckBundle)
      .filter(bundle => bundle.isActive)
  }

  /** Cids of the active checks with this UUID. */
  async checksByUuid(uuid: string): Promise<string[]> {
    const found = await this.#call('GET', `/check?f__check_uuid=${encodeURIComponent(uuid)}`)
    return asList(found)
      .map(asObject)
      .filter(check => check._active === true)
      .map(check => asText(check._cid))
  }

  async createCheckBundle(bundle: Readonly<Record<string, unknown>>): Promise<CirconusCheckBundle> {
    return readCheckBundle(await this.#call('POST', '/check_bundle', bundle))
  }

  async broker(cid: string): Promise<CirconusBroker> {
    return readBroker(await this.#call('GET', cid))
  }

  async brokers(): Promise<CirconusBroker[]> {
    return asList(await this.#call('GET', '/broker')).map(readBroker)
  }

  /** PEM text of the authority that signs the certificates of brokers. */
  async certificateAuthority(): Promise<string> {
    return asText(asObject(await this.#call('GET', '/pki/ca.crt')).contents)
  }

  async #call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const answer = await request(`${this.#url}${path}`, {
      method,
      headers: body === undefined ? this.#headers : { ...this.#headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      dispatcher: this.#dispatcher,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path.replace(/\?.*/, '')}: ${answer.statusCode} ${text.slice(0, 200)}`)
    return JSON.parse(text)
  }
}

function apiUrl(url: string): string {
  if (url === '') return DEFAULT_URL
  if (!url.includes('/')) return `https://${url}/v2`
  return url.replace(/\/$/, '')
}

function readCheckBundle(answer: unknown): CirconusCheckBundle {
  const bundle = asObject(answer)
  const config = asObject(bundle.config ?? {})
  const submissionUrl = config.submission_url
  return {
    cid: asText(bundle._cid),
    type: asText(bundle.type),
    brokers: asList(bundle.brokers ?? []).map(asText),
    submissionUrl: typeof submissionUrl === 'string' && submissionUrl !== '' ? submissionUrl : undefined,
    isActive: bundle.status === 'active',
    hasMetricFilters: asList(bundle.metric_filters ?? []).length > 0,
  }
}

function readBroker(answer: unknown): CirconusBroker {
  const broker = asObject(answer)
  return {
    cid: asText(broker._cid),
    name: asText(broker._name ?? ''),
    type: asText(broker._type ?? ''),
    instances: asList(broker._details ?? []).map(details => {
      const instance = asObject(details)
      return {
        commonName: asText(instance.cn ?? ''),
        isActive: instance.status === 'active',
        modules: asList(instance.modules ?? []).map(asText),
        hosts: [instance.ipaddress, instance.external_host]
          .filter(host => typeof host === 'string' && host !== '')
          .map(asText),
      }
    }),
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('unexpected answer of the Circonus API')
  return { ...value }
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('unexpected answer of the Circonus API')
  return value
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('unexpected answer of the Circonus API')
  return value
}
