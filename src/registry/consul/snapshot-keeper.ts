import type { Log } from '../../log/log.ts'
import { type Snapshot, writeSnapshot } from './snapshot.ts'

export interface SnapshotKeeperOptions {
  /** `registry.snapshot.path` */
  readonly path: string
  /** What to write; undefined while that is nothing to rely on. */
  readonly take: () => Snapshot | undefined
  readonly log: Log
}

/** A change is written so soon, together with those that follow it. */
const DELAY_MS = 1000
/** A table that changes all the time is written this often. */
const MIN_INTERVAL_MS = 10_000

/** Keeps the snapshot on the disk up to date, a moment behind. */
export class SnapshotKeeper implements AsyncDisposable {
  readonly #options: SnapshotKeeperOptions
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #writtenAt = Number.NEGATIVE_INFINITY
  #isFailing = false

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
  }

  /** The routes are not what they were. */
  changed(): void {
    if (this.#timer !== undefined) return
    const waitMs = Math.max(DELAY_MS, this.#writtenAt + MIN_INTERVAL_MS - performance.now())
    this.#timer = setTimeout(() => this.#write(), waitMs)
  }

  /** Writes what is not written yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) this.#write()
    await this.#writing
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const snapshot = this.#options.take()
    if (snapshot === undefined) return
    this.#writtenAt = performance.now()
    this.#writing = this.#writing.then(() => this.#save(snapshot))
  }

  async #save(snapshot: Snapshot): Promise<void> {
    const { path, log } = this.#options
    try {
      await writeSnapshot(path, snapshot)
      if (this.#isFailing) log.info(`Can write the snapshot ${path} again`)
      this.#isFailing = false
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      if (!this.#isFailing) log.warn(`Cannot write the snapshot ${path}. ${reason}`)
      this.#isFailing = true
    }
  }
}
