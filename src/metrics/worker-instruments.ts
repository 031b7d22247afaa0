import type { Counter, Gauge, Histogram, Labels } from './metrics.ts'
import type { SampleBuffer } from './sample-buffer.ts'

// The instruments of one worker. The first count after a drain puts the instrument on its list of changed ones; `isChanged`
// keeps it from standing there twice. It also stays set for ever on one that has ended: what still counts with it, a request
// that outlived its target, counts into the void.

export class WorkerCounter implements Counter {
  readonly kind = 'counter'
  readonly id: number
  readonly name: string
  readonly labels: Labels
  readonly #changed: WorkerCounter[]
  #increment = 0
  isAnnounced = false
  isChanged = false
  ended = false

  constructor(id: number, name: string, labels: Labels, changed: WorkerCounter[]) {
    this.id = id
    this.name = name
    this.labels = labels
    this.#changed = changed
  }

  /** Counters do not go down: a negative `n`, or none at all, is not counted. */
  add(n: number): void {
    if (!(n >= 0)) return
    this.#increment += n
    if (this.isChanged) return
    this.isChanged = true
    this.#changed.push(this)
  }

  take(): number {
    const increment = this.#increment
    this.#increment = 0
    this.isChanged = this.ended
    return increment
  }
}

export class WorkerGauge implements Gauge {
  readonly kind = 'gauge'
  readonly id: number
  readonly name: string
  readonly labels: Labels
  readonly #changed: WorkerGauge[]
  #value = 0
  isAnnounced = false
  isChanged = false
  ended = false

  constructor(id: number, name: string, labels: Labels, changed: WorkerGauge[]) {
    this.id = id
    this.name = name
    this.labels = labels
    this.#changed = changed
  }

  set(value: number): void {
    this.#value = value
    if (this.isChanged) return
    this.isChanged = true
    this.#changed.push(this)
  }

  add(n: number): void {
    this.set(this.#value + n)
  }

  take(): number {
    this.isChanged = this.ended
    return this.#value
  }
}

export class WorkerHistogram implements Histogram {
  readonly kind = 'histogram'
  readonly id: number
  readonly name: string
  readonly labels: Labels
  readonly #changed: WorkerHistogram[]
  readonly #bounds: Float64Array
  readonly #samples: SampleBuffer | undefined
  /** Made with the first observation: most targets of a big table never see one. */
  #buckets: number[] | undefined
  #count = 0
  #sum = 0
  isAnnounced = false
  isChanged = false
  ended = false

  constructor(
    id: number,
    name: string,
    labels: Labels,
    changed: WorkerHistogram[],
    bounds: Float64Array,
    samples: SampleBuffer | undefined,
  ) {
    this.id = id
    this.name = name
    this.labels = labels
    this.#changed = changed
    this.#bounds = bounds
    this.#samples = samples
  }

  observe(seconds: number): void {
    if (!(seconds >= 0 && seconds < Infinity)) return
    const bounds = this.#bounds
    const boundCount = bounds.length
    const buckets = this.#buckets ?? this.#allocate()
    let bucket = 0
    while (bucket < boundCount && seconds > bounds[bucket]!) bucket++
    buckets[bucket] = buckets[bucket]! + 1
    this.#count++
    this.#sum += seconds
    if (this.#samples !== undefined) this.#samples.add(this.id, seconds)
    if (this.isChanged) return
    this.isChanged = true
    this.#changed.push(this)
  }

  /** Writes id, sum, count and buckets to `rows` from `at` on, and starts again from nothing. */
  takeInto(rows: Float64Array, at: number): void {
    rows[at] = this.id
    rows[at + 1] = this.#sum
    rows[at + 2] = this.#count
    if (this.#buckets !== undefined) {
      rows.set(this.#buckets, at + 3)
      this.#buckets.fill(0)
    }
    this.#sum = 0
    this.#count = 0
    this.isChanged = this.ended
  }

  #allocate(): number[] {
    const buckets = Array.from({ length: this.#bounds.length + 1 }, () => 0)
    this.#buckets = buckets
    return buckets
  }
}
