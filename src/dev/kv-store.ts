import { compareBytes } from './byte-order.ts'
import type { StateIndex } from './state-index.ts'

export interface KvEntry {
  readonly key: string
  readonly value: Buffer
  /** A 64-bit number that belongs to the client. */
  readonly flags: bigint
  readonly createIndex: number
  readonly modifyIndex: number
}

interface Tombstone {
  readonly index: number
  /** Everything that began so was deleted, not one key. */
  readonly isPrefix: boolean
}

/** Deletions remembered one by one; older ones are remembered together. */
const MAX_TOMBSTONES = 1024

/**
 * Consul's key/value store. A `cas` is the modify index the entry must have for the write to happen; 0 asks that there
 * is no entry (for a deletion, 0 never matches an entry that exists).
 */
export class KvStore {
  readonly #state: StateIndex
  readonly #entries = new Map<string, KvEntry>()
  /** Keys and prefixes that were deleted. Without them the index of a prefix would fall, and its watchers sleep. */
  readonly #tombstones = new Map<string, Tombstone>()
  #forgottenTombstones = 0
  /** Never 0: a client would take that for "do not wait". */
  #lastChange = 1

  constructor(state: StateIndex) {
    this.#state = state
  }

  get(key: string): KvEntry | undefined {
    return this.#entries.get(key)
  }

  /** Ascending by the bytes of the key. */
  list(prefix: string): readonly KvEntry[] {
    const found = [...this.#entries.values()].filter(entry => entry.key.startsWith(prefix))
    return found.sort((a, b) => compareBytes(a.key, b.key))
  }

  /** What a watcher of this key compares with. */
  indexOf(key: string): number {
    return this.#entries.get(key)?.modifyIndex ?? this.#lastChange
  }

  /** What a watcher of everything below this prefix compares with: its newest entry or deletion. */
  indexUnder(prefix: string): number {
    let newest = 0
    for (const entry of this.#entries.values()) {
      if (entry.modifyIndex > newest && entry.key.startsWith(prefix)) newest = entry.modifyIndex
    }
    for (const [deleted, { index, isPrefix }] of this.#tombstones) {
      const concerns = deleted.startsWith(prefix) || (isPrefix && prefix.startsWith(deleted))
      if (index > newest && concerns) newest = index
    }
    return newest === 0 ? this.#lastChange : Math.max(newest, this.#forgottenTombstones)
  }

  /** false: the `cas` did not match. A write that changes nothing moves no index. */
  put(key: string, value: Buffer, options: { readonly flags: bigint; readonly cas: bigint | undefined }): boolean {
    const present = this.#entries.get(key)
    if (options.cas !== undefined && options.cas !== BigInt(present?.modifyIndex ?? 0)) return false
    if (present?.flags === options.flags && present.value.equals(value)) return true
    this.#commit(index => {
      const createIndex = present?.createIndex ?? index
      this.#entries.set(key, { key, value, flags: options.flags, createIndex, modifyIndex: index })
    })
    return true
  }

  /** false: the `cas` did not match. What does not exist is deleted already. */
  delete(key: string, cas: bigint | undefined): boolean {
    const present = this.#entries.get(key)
    if (present === undefined) return true
    if (cas !== undefined && cas !== BigInt(present.modifyIndex)) return false
    this.#commit(index => {
      this.#entries.delete(key)
      this.#bury(key, { index, isPrefix: false })
    })
    return true
  }

  deleteUnder(prefix: string): void {
    const doomed = [...this.#entries.keys()].filter(key => key.startsWith(prefix))
    if (doomed.length === 0) return
    this.#commit(index => {
      for (const key of doomed) this.#entries.delete(key)
      this.#bury(prefix, { index, isPrefix: true })
    })
  }

  #commit(change: (index: number) => void): void {
    this.#state.commit(index => {
      this.#lastChange = index
      change(index)
    })
  }

  #bury(keyOrPrefix: string, { index, isPrefix }: Tombstone): void {
    const older = this.#tombstones.get(keyOrPrefix)
    this.#tombstones.delete(keyOrPrefix) // so that it moves to the end, among the youngest
    this.#tombstones.set(keyOrPrefix, { index, isPrefix: isPrefix || older?.isPrefix === true })
    for (const [oldest, tombstone] of this.#tombstones) {
      if (this.#tombstones.size <= MAX_TOMBSTONES) return
      this.#tombstones.delete(oldest)
      this.#forgottenTombstones = tombstone.index
    }
  }
}
