import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import { resolveBackendAddress } from './backend-address.ts'
import { type CirconusOptions, CirconusSink } from './circonus.ts'
import { DogstatsdSink } from './dogstatsd.ts'
import { FlatSink } from './flat.ts'
import { GraphiteSink } from './graphite.ts'
import { LabelSink } from './label.ts'
import { MetricHub } from './metric-hub.ts'
import { MetricsError } from './metrics-error.ts'
import { compileTargetNames, formatPrefix, type TargetNames } from './names.ts'
import { type Exposition, PrometheusExposition } from './prometheus.ts'
import { PushLoop } from './push-loop.ts'
import type { PushSink, Sink } from './series.ts'
import { StatsdSink } from './statsd.ts'
import type { WorkerMetricsOptions } from './worker-metrics.ts'

/** The section `metrics` of the configuration. */
export interface MetricsOptions {
  readonly targets: readonly string[]
  readonly prefix: string
  readonly names: string
  readonly intervalMs: number
  readonly graphiteAddr: string
  readonly statsdAddr: string
  readonly dogstatsdAddr: string
  readonly prometheus: { readonly subsystem: string; readonly buckets: readonly number[] }
  readonly circonus: CirconusOptions
}

export interface MetricsSurroundings {
  readonly log: Log
  /** Writes lines to standard output, for the targets that print. */
  readonly print: (text: string) => void
  /** Makes all workers hand in what they counted; resolves when the hub has it. Asked before a flush and before a scrape. */
  readonly refresh: () => Promise<void>
}

export interface RunningMetrics extends AsyncDisposable {
  /** The control plane counts with it, and the data plane merges into it what the workers send. */
  readonly hub: MetricHub
  /** For the workers; undefined when metrics are off. */
  readonly workerOptions: WorkerMetricsOptions | undefined
  /** Answers a scrape. Without the target `prometheus` it shows the process only. */
  renderPrometheus(acceptEncoding: string): Promise<Exposition>
}

/** A worker that does not answer must not hold up a scrape; its numbers come with the next one. */
const REFRESH_TIMEOUT_MS = 1000

/**
 * Starts the back ends named in `metrics.target`.
 * @throws MetricsError in Fabio's words, when a back end cannot be used as configured
 */
export async function startMetrics(
  options: MetricsOptions,
  surroundings: MetricsSurroundings,
): Promise<RunningMetrics> {
  const { log } = surroundings
  const targets = new Set(options.targets.map(targetOf))
  const prefix = formatPrefix(options.prefix)
  const context = {
    options,
    prefix,
    targetNames: compileTargetNames(options.names),
    log,
    print: printer(surroundings.print),
  }
  const pushSinks: PushSink[] = []
  const printSinks: Sink[] = []
  for (const target of targets) {
    if (target === 'flat') printSinks.push(new FlatSink(context))
    else if (target === 'label') printSinks.push(new LabelSink(context))
    else if (target !== 'prometheus') pushSinks.push(await createPushSink(target, context))
    log.info(`Registering metrics provider "${target}"`)
  }
  if (targets.size === 0) log.info('Metrics disabled')
  const isScraped = targets.has('prometheus')
  const buckets = isScraped ? options.prometheus.buckets : []
  const hub = new MetricHub({ buckets, sinks: [...pushSinks, ...printSinks] })
  const refresh = limited(surroundings.refresh, log)
  const loop = pushSinks.length === 0 ? undefined : startPushLoop(options, pushSinks, refresh, log)
  const createExposition = () =>
    new PrometheusExposition(
      isScraped ? { prefix, subsystem: options.prometheus.subsystem, buckets, hub, refresh } : undefined,
    )
  // Its counters of the process begin with it: at once if it will be scraped, else only if it ever is.
  let exposition = isScraped ? createExposition() : undefined
  return {
    hub,
    workerOptions: targets.size === 0 ? undefined : { buckets, samples: pushSinks.length + printSinks.length > 0 },
    renderPrometheus(acceptEncoding) {
      exposition ??= createExposition()
      return exposition.render(acceptEncoding)
    },
    async [Symbol.asyncDispose]() {
      await loop?.[Symbol.asyncDispose]()
    },
  }
}

type Target = 'flat' | 'label' | 'prometheus' | PushTarget
type PushTarget = 'statsd_raw' | 'dogstatsd' | 'graphite' | 'circonus'

/** `stdout` is `flat`, and `statsd` the name that statsd_raw had before Fabio 1.6. */
function targetOf(name: string): Target {
  switch (name) {
    case 'stdout':
      return 'flat'
    case 'statsd':
      return 'statsd_raw'
    case 'flat':
    case 'label':
    case 'prometheus':
    case 'statsd_raw':
    case 'dogstatsd':
    case 'graphite':
    case 'circonus':
      return name
    default:
      throw new MetricsError(`invalid metrics backend ${name}`)
  }
}

interface SinkContext {
  readonly options: MetricsOptions
  readonly prefix: string
  readonly targetNames: TargetNames
  readonly log: Log
}

async function createPushSink(target: PushTarget, context: SinkContext): Promise<PushSink> {
  const { options } = context
  switch (target) {
    case 'statsd_raw':
      return new StatsdSink({
        ...context,
        address: await resolveBackendAddress(target, 'metrics.statsd.addr', options.statsdAddr),
      })
    case 'dogstatsd':
      return new DogstatsdSink({
        ...context,
        address: await resolveBackendAddress(target, 'metrics.dogstatsd.addr', options.dogstatsdAddr),
      })
    case 'graphite':
      return new GraphiteSink({
        ...context,
        address: await resolveBackendAddress(target, 'metrics.graphite.addr', options.graphiteAddr),
      })
    case 'circonus': {
      const sink = new CirconusSink({ ...context, circonus: options.circonus })
      context.log.info('Sending metrics to Circonus')
      return sink
    }
  }
}

function startPushLoop(
  options: MetricsOptions,
  sinks: readonly PushSink[],
  refresh: () => Promise<void>,
  log: Log,
): PushLoop {
  if (!(options.intervalMs > 0))
    throw new MetricsError(`metrics.interval must be greater than 0 to send to ${options.targets.join(', ')}`)
  return new PushLoop({ sinks, intervalMs: options.intervalMs, refresh, log })
}

/** Lines that come in one go are printed in one go. */
function printer(print: (text: string) => void): (line: string) => void {
  let pending = ''
  return line => {
    if (pending === '') {
      queueMicrotask(() => {
        print(pending)
        pending = ''
      })
    }
    pending += `${line}\n`
  }
}

function limited(refresh: () => Promise<void>, log: Log): () => Promise<void> {
  return async () => {
    const done = new AbortController()
    const asked = refresh().catch((cause: unknown) => log.error(`metrics: workers were not asked: ${String(cause)}`))
    await Promise.race([asked, sleep(REFRESH_TIMEOUT_MS, undefined, { signal: done.signal }).catch(() => {})])
    done.abort()
  }
}
