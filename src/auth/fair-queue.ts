/**
 * A bounded queue of several lines that take turns, so that a long line keeps nobody else waiting. When there is no room, the
 * longest line loses its last.
 */
export class FairQueue<T> {
  readonly #capacity: number
  /** In the order of their turns. Empty lines are not kept. */
  readonly #lines = new Map<string, Set<T>>()
  #size = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  /** @returns what there is no room for: an entry of another line, `entry` itself, or undefined */
  push(line: string, entry: T): T | undefined {
    const entries = this.#lines.get(line)
    if (entries === undefined) this.#lines.set(line, new Set([entry]))
    else entries.add(entry)
    this.#size++
    return this.#size > this.#capacity ? this.#dropFromLongest(line) : undefined
  }

  /** The first of the line whose turn it is; that line waits then until all others had theirs. */
  shift(): T | undefined {
    for (const [line, entries] of this.#lines) {
      this.#lines.delete(line)
      this.#lines.set(line, entries)
      for (const entry of entries) {
        this.remove(line, entry)
        return entry
      }
    }
    return undefined
  }

  remove(line: string, entry: T): void {
    const entries = this.#lines.get(line)
    if (entries?.delete(entry) !== true) return
    this.#size--
    if (entries.size === 0) this.#lines.delete(line)
  }

  /** Of lines of equal length the one that has just grown loses. */
  #dropFromLongest(grown: string): T | undefined {
    let longest = grown
    let length = this.#lines.get(grown)?.size ?? 0
    for (const [line, entries] of this.#lines) {
      if (entries.size > length) {
        longest = line
        length = entries.size
      }
    }
    const last = [...(this.#lines.get(longest) ?? [])].at(-1)
    if (last !== undefined) this.remove(longest, last)
    return last
  }
}
