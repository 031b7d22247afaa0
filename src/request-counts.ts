import type { MetricHub } from './metrics/metric-hub.ts'

const SAMPLE_MS = 30_000
/** So many samples make the window. */
const SAMPLES = 10

/** What is known of the requests of the last minutes. */
export interface CountedRequests {
  /** How long the window is, in seconds. */
  readonly seconds: number
  readonly total: number
  of(route: { readonly host: string; readonly path: string }): number
}

/** How many requests each route had in the last five minutes, from the counters of its targets. */
export class RequestCounts implements Disposable {
  readonly #hub: Pick<MetricHub, 'series'>
  readonly #now: () => number
  readonly #samples: { readonly at: number; readonly counts: ReadonlyMap<string, number> }[] = []
  readonly #timer: NodeJS.Timeout

  constructor(hub: Pick<MetricHub, 'series'>, now: () => number = Date.now) {
    this.#hub = hub
    this.#now = now
    this.sample()
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS).unref()
  }

  /** Called by itself twice a minute. */
  sample(): void {
    this.#samples.push({ at: this.#now(), counts: this.#count() })
    if (this.#samples.length > SAMPLES) this.#samples.shift()
  }

  recent(): CountedRequests {
    const [oldest] = this.#samples
    const counts = this.#count()
    const since = (key: string, count: number) => Math.max(0, count - (oldest?.counts.get(key) ?? 0))
    let total = 0
    for (const [key, count] of counts) total += since(key, count)
    return {
      seconds: Math.round((this.#now() - (oldest?.at ?? this.#now())) / 1000),
      total,
      of: ({ host, path }) => {
        const key = `${host}\n${path}`
        return since(key, counts.get(key) ?? 0)
      },
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #count(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const series of this.#hub.series()) {
      if (series.kind !== 'histogram' || series.name !== 'route' || series.count === 0) continue
      const label = (name: string) => series.labels.find(([each]) => each === name)?.[1] ?? ''
      const key = `${label('host')}\n${label('path')}`
      counts.set(key, (counts.get(key) ?? 0) + series.count)
    }
    return counts
  }
}
