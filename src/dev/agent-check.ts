import type { CheckResult } from './catalog.ts'
import type { CheckDefinition, CheckStatus } from './check-definition.ts'
import { type ProbeResult, runProbeLoop } from './probe-loop.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { TtlTimer } from './ttl-timer.ts'

/** One check of the local agent, running until it is disposed of. */
export class AgentCheck implements Disposable {
  readonly definition: CheckDefinition
  /** As they were when the check was registered; a later change of the service does not show here, as in Consul. */
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  status: CheckStatus
  output: string
  /** On the clock of performance.now(), in milliseconds. */
  criticalSince: number | undefined
  readonly #publish: (result: CheckResult) => void
  readonly #checkUpdateIntervalMs: number
  readonly #stop = new AbortController()
  readonly #ttl: TtlTimer | undefined
  #keptBack: NodeJS.Timeout | undefined

  constructor(
    definition: CheckDefinition,
    options: {
      readonly result: ProbeResult
      readonly service: ServiceDefinition | undefined
      readonly checkUpdateIntervalMs: number
      /** Told every change that others should know of. */
      readonly publish: (result: CheckResult) => void
    },
  ) {
    this.definition = definition
    this.serviceName = options.service?.name ?? ''
    this.serviceTags = options.service?.tags ?? []
    this.status = options.result.status
    this.output = options.result.output
    this.criticalSince = this.status === 'critical' ? performance.now() : undefined
    this.#publish = options.publish
    this.#checkUpdateIntervalMs = options.checkUpdateIntervalMs

    const { probe } = definition
    const report = (result: ProbeResult): void => this.#update(result)
    if (probe?.kind === 'ttl') this.#ttl = new TtlTimer(probe.ttlMs, report)
    else if (probe !== undefined) void runProbeLoop(probe, report, this.#stop.signal)
  }

  /** What the catalog should have now. Nothing is kept back after that. */
  publish(): CheckResult {
    clearTimeout(this.#keptBack)
    this.#keptBack = undefined
    const { id, name, notes, type, serviceId } = this.definition
    return { id, name, notes, type, serviceId, status: this.status, output: this.output }
  }

  /** false: this is no TTL check. */
  hear(status: CheckStatus, said: string): boolean {
    const { probe } = this.definition
    if (this.#ttl === undefined || probe?.kind !== 'ttl') return false
    const output = cut(said, probe.outputMaxBytes)
    this.#ttl.heard(output)
    this.#update({ status, output })
    return true
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
    this.#ttl?.stop()
    clearTimeout(this.#keptBack)
  }

  /**
   * A new status is published at once. A new output alone is kept back for half to one and a half of the interval, so
   * that a check that prints the time of day does not wake every watcher of the cluster every second.
   */
  #update({ status, output }: ProbeResult): void {
    if (status !== 'critical') this.criticalSince = undefined
    else this.criticalSince ??= performance.now()
    if (status === this.status && output === this.output) return
    const isNewStatus = status !== this.status
    this.status = status
    this.output = output
    if (isNewStatus) return this.#publish(this.publish())
    const waitMs = this.#checkUpdateIntervalMs * (0.5 + Math.random())
    this.#keptBack ??= setTimeout(() => this.#publish(this.publish()), waitMs)
  }
}

function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  return `${bytes.subarray(0, maxBytes).toString()} ... (captured ${maxBytes} of ${bytes.length} bytes)`
}
