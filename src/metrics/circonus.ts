import { setTimeout as sleep } from 'node:timers/promises'
import { checkServerIdentity, rootCertificates } from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import type { Log } from '../log/log.ts'
import { CirconusApi } from './circonus-api.ts'
import { CIRCONUS_CA } from './circonus-ca.ts'
import { type CirconusTrap, findCirconusTrap } from './circonus-check.ts'
import { LogLinearHistogram } from './log-linear-histogram.ts'
import { MetricsError } from './metrics-error.ts'
import { flatName, lineName, type TargetNames } from './names.ts'
import { Outage } from './outage.ts'
import type { CounterSeries, GaugeSeries, HistogramSeries, PushSink, Series } from './series.ts'

export interface CirconusOptions {
  readonly apiKey: string
  readonly apiApp: string
  readonly apiUrl: string
  readonly brokerId: string
  readonly checkId: string
  readonly submissionUrl: string
}

/** Brokers move behind load balancers: the check is looked up again after this time. */
const TRAP_AGE_MS = 300_000
const TIMEOUT_MS = 10_000
const TRIES = 3
const RETRY_MS = 1000

/**
 * `metrics.target=circonus`: one JSON document an interval, PUT to an HTTPTrap check. Counters and gauges as numbers, durations
 * as histograms in nanoseconds. What could not be sent goes with the next one.
 */
export class CirconusSink implements PushSink {
  readonly #options: CirconusOptions
  readonly #prefix: string
  readonly #targetNames: TargetNames
  readonly #log: Log
  readonly #outage = new Map<string, Outage>()
  readonly #names = new WeakMap<Series, string>()
  readonly #apiDispatcher = new EnvHttpProxyAgent()
  readonly #api: CirconusApi | undefined
  #values = new Values()
  #trap: (CirconusTrap & { readonly foundAt: number }) | undefined
  #trapDispatcher: Dispatcher | undefined
  #toldActivation = false

  /** @throws MetricsError in Fabio's words */
  constructor(options: {
    readonly prefix: string
    readonly targetNames: TargetNames
    readonly circonus: CirconusOptions
    readonly log: Log
  }) {
    const circonus = options.circonus
    this.#options = circonus
    this.#prefix = options.prefix
    this.#targetNames = options.targetNames
    this.#log = options.log
    if (circonus.apiKey === '' && circonus.submissionUrl === '')
      throw new MetricsError('metrics: Circonus API token key or SubmissionURL')
    checkId('checkid', circonus.checkId)
    checkId('brokerid', circonus.brokerId)
    if (circonus.submissionUrl !== '' && !URL.canParse(circonus.submissionUrl)) {
      throw new MetricsError(
        `metrics: unable to initialize Circonus: metrics.circonus.submissionurl: '${circonus.submissionUrl}' is not a URL`,
      )
    }
    if (circonus.apiKey === '') return
    const app = circonus.apiApp === '' ? 'fabio' : circonus.apiApp
    this.#api = new CirconusApi({ url: circonus.apiUrl, key: circonus.apiKey, app, dispatcher: this.#apiDispatcher })
  }

  counted(series: CounterSeries, increment: number): void {
    const name = this.#name(series)
    this.#values.counts.set(name, (this.#values.counts.get(name) ?? 0) + increment)
  }

  gauged(series: GaugeSeries): void {
    this.#values.gauges.set(this.#name(series), series.value)
  }

  observed(series: HistogramSeries, seconds: number): void {
    const name = this.#name(series)
    const known = this.#values.histograms.get(name)
    const histogram = known ?? new LogLinearHistogram()
    if (known === undefined) this.#values.histograms.set(name, histogram)
    histogram.add(seconds * 1e9)
  }

  lost(): void {
    // A histogram of a part has the shape of the whole.
  }

  async flush(): Promise<void> {
    const values = this.#values
    if (values.isEmpty()) return
    this.#values = new Values()
    try {
      await this.#put(values.format())
      this.#outageOf('Circonus').succeeded()
    } catch (cause) {
      this.#outageOf('Circonus').failed(cause)
      this.#trap = undefined
      values.add(this.#values)
      this.#values = values
    }
  }

  async close(): Promise<void> {
    await this.#apiDispatcher.close()
    await this.#trapDispatcher?.close()
  }

  async #put(body: string): Promise<void> {
    const { url, dispatcher } = await this.#destination()
    for (let tries = 1; ; tries++) {
      const failure = await putOnce(url, dispatcher, body)
      if (failure === undefined) return
      if (!failure.mayPass || tries === TRIES) throw failure.cause
      await sleep(RETRY_MS * tries, undefined, { ref: false })
    }
  }

  async #destination(): Promise<{ url: URL; dispatcher: Dispatcher }> {
    const trap = await this.#currentTrap()
    const socket = /^http\+unix:\/\/(.+)(\/write\/.+)$/.exec(trap.url.href)
    if (this.#trapDispatcher === undefined) {
      this.#trapDispatcher =
        socket === null ? trapDispatcher(trap) : new Agent({ connect: { socketPath: socket[1] ?? '' } })
    }
    const url = socket === null ? trap.url : new URL(`http://circonus-agent${socket[2] ?? ''}`)
    return { url, dispatcher: this.#trapDispatcher }
  }

  async #currentTrap(): Promise<CirconusTrap> {
    const known = this.#trap
    if (known !== undefined && Date.now() - known.foundAt < TRAP_AGE_MS) return known
    const trap =
      this.#api === undefined
        ? { url: new URL(this.#options.submissionUrl), needsActivation: false }
        : await this.#find(this.#api, known)
    this.#trap = { ...trap, foundAt: Date.now() }
    const old = this.#trapDispatcher
    this.#trapDispatcher = undefined
    await old?.close()
    return trap
  }

  async #find(api: CirconusApi, known: CirconusTrap | undefined): Promise<CirconusTrap> {
    try {
      const trap = await findCirconusTrap(api, this.#options)
      this.#outageOf('the Circonus API').succeeded()
      if (trap.needsActivation && !this.#toldActivation) {
        this.#toldActivation = true
        this.#log.warn(
          'metrics: the Circonus check has a list of metrics instead of filters: metrics must be activated there',
        )
      }
      return trap
    } catch (cause) {
      if (known === undefined) throw cause
      this.#outageOf('the Circonus API').failed(cause)
      return known
    }
  }

  #outageOf(what: string): Outage {
    const known = this.#outage.get(what)
    if (known !== undefined) return known
    const outage = new Outage(what, this.#log)
    this.#outage.set(what, outage)
    return outage
  }

  #name(series: Series): string {
    const known = this.#names.get(series)
    if (known !== undefined) return known
    const name = `${this.#prefix}\`${lineName(flatName(series.name, series.labels, this.#targetNames))}`
    this.#names.set(series, name)
    return name
  }
}

/** What one document says. */
class Values {
  readonly counts = new Map<string, number>()
  readonly gauges = new Map<string, number>()
  readonly histograms = new Map<string, LogLinearHistogram>()

  isEmpty(): boolean {
    return this.counts.size + this.gauges.size + this.histograms.size === 0
  }

  add(later: Values): void {
    for (const [name, count] of later.counts) this.counts.set(name, (this.counts.get(name) ?? 0) + count)
    for (const [name, value] of later.gauges) this.gauges.set(name, value)
    for (const [name, histogram] of later.histograms) {
      const known = this.histograms.get(name)
      if (known === undefined) this.histograms.set(name, histogram)
      else known.merge(histogram)
    }
  }

  format(): string {
    const document: string[] = []
    for (const [name, count] of this.counts)
      document.push(`${JSON.stringify(name)}:{"_value":${Math.trunc(count)},"_type":"L"}`)
    for (const [name, value] of this.gauges) document.push(`${JSON.stringify(name)}:{"_value":${value},"_type":"n"}`)
    for (const [name, histogram] of this.histograms) {
      document.push(`${JSON.stringify(name)}:{"_value":"${histogram.serialize()}","_type":"h"}`)
    }
    return `{${document.join(',')}}`
  }
}

async function putOnce(
  url: URL,
  dispatcher: Dispatcher,
  body: string,
): Promise<{ mayPass: boolean; cause: unknown } | undefined> {
  try {
    const answer = await request(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'fabio' },
      body,
      dispatcher,
      reset: true,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    })
    const text = await answer.body.text()
    if (answer.statusCode < 300) return undefined
    return { mayPass: answer.statusCode >= 500, cause: new Error(`status ${answer.statusCode} ${text.slice(0, 200)}`) }
  } catch (cause) {
    return { mayPass: true, cause }
  }
}

function trapDispatcher(trap: CirconusTrap): Dispatcher {
  if (trap.url.protocol !== 'https:' || trap.url.hostname === 'api.circonus.com') return new EnvHttpProxyAgent()
  const { ca, commonNames } = trap.tls ?? { ca: [...rootCertificates, CIRCONUS_CA], commonNames: [] }
  // The certificates of brokers carry their name in the subject only, which Node and the RFCs ignore.
  const identity: typeof checkServerIdentity = (host, cert) =>
    commonNames.some(name => name === cert.subject.CN) ? undefined : checkServerIdentity(host, cert)
  const tls = { ca, checkServerIdentity: identity }
  return new EnvHttpProxyAgent({ connect: tls, requestTls: tls })
}

function checkId(option: string, text: string): void {
  if (text === '' || /^[0-9]+$/.test(text)) return
  throw new MetricsError(
    `metrics: unable to initialize Circonus: metrics.circonus.${option}: '${text}' is not a number`,
  )
}
