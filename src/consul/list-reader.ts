import { parseJson } from './answer.ts'
import { ConsulError } from './consul-error.ts'

/** What became of a list since it was read last. An entry that changed is in both. */
export interface ListChange<T> {
  readonly removed: readonly T[]
  readonly added: readonly T[]
}

/**
 * Reads the successive answers of a blocking query whose answer is a long list of which little changes. Consul sends the whole list
 * each time: megabytes, of which most are byte for byte those of the last time. They are compared as bytes, and only entries that differ
 * are parsed. Whatever the bytes look like, the result is that of parsing everything; where entries cannot be told apart by their
 * beginning, everything is parsed.
 */
export class ListReader<T> {
  readonly #decodeList: (json: unknown) => T[]
  /** Between two entries: the first field of every entry is the same, and what looks like this cannot be within a string of JSON. */
  readonly #boundary: Buffer
  #body: Buffer = Buffer.alloc(0)
  /** Where the entries begin in the body; undefined when that is not known. */
  #starts: readonly number[] | undefined = []
  #entries: readonly T[] = []

  /** `firstField` is that of every entry, as Go writes structures: `Node`. */
  constructor(firstField: string, decodeList: (json: unknown) => T[]) {
    this.#boundary = Buffer.from(`},{"${firstField}":`)
    this.#decodeList = decodeList
  }

  /** Throws a ConsulError of kind `garbage`; it is then as if the answer had not come. */
  read(body: Buffer): ListChange<T> {
    const before = this.#entries
    const walk = this.#starts === undefined || before.length === 0 ? undefined : this.#walk(body, this.#starts)
    if (walk !== undefined) {
      this.#take(body, walk.starts, walk.entries)
      return { removed: walk.removed, added: walk.added }
    }
    const entries = this.#decodeList(parseJson(body))
    const starts = findStarts(body, this.#boundary)
    this.#take(body, starts?.length === entries.length ? starts : undefined, entries)
    return { removed: before, added: entries }
  }

  #take(body: Buffer, starts: readonly number[] | undefined, entries: readonly T[]): void {
    this.#body = body
    this.#starts = starts
    this.#entries = entries
  }

  /** Goes through both answers side by side. Undefined: the new one does not look like a list of such entries. */
  #walk(body: Buffer, oldStarts: readonly number[]): (ListChange<T> & Walked<T>) | undefined {
    const newStarts = findStarts(body, this.#boundary)
    if (newStarts === undefined) return undefined
    const oldSpan = spansOf(this.#body, oldStarts)
    const newSpan = spansOf(body, newStarts)
    const isSame = (o: number, n: number): boolean =>
      o < oldStarts.length &&
      n < newStarts.length &&
      oldSpan(o).length === newSpan(n).length &&
      oldSpan(o).equals(newSpan(n))
    const removed: T[] = []
    const added: T[] = []
    const entries: T[] = []
    let o = 0
    let n = 0
    while (o < oldStarts.length || n < newStarts.length) {
      const same = countSame(this.#body, oldStarts, o, body, newStarts, n)
      for (const end = o + same; o < end; o++, n++) entries.push(this.#entries[o]!)
      if (o >= oldStarts.length && n >= newStarts.length) break
      // The usual reasons for a difference: one entry more, one less, or one that is another now.
      const isGone = n >= newStarts.length || (o < oldStarts.length && !isSame(o, n + 1) && isSame(o + 1, n))
      const isNew = o >= oldStarts.length || isSame(o, n + 1)
      if (!isNew) removed.push(this.#entries[o++]!)
      if (isGone) continue
      const entry = this.#decodeEntry(newSpan(n++))
      if (entry === undefined) return undefined
      entries.push(entry)
      added.push(entry)
    }
    return { removed, added, entries, starts: newStarts }
  }

  /** Undefined: these bytes are no entry, so the list is not what it looks like. */
  #decodeEntry(bytes: Buffer): T | undefined {
    try {
      return this.#decodeList([parseJson(bytes)])[0]
    } catch (cause) {
      if (cause instanceof ConsulError) return undefined
      throw cause
    }
  }
}

interface Walked<T> {
  readonly entries: readonly T[]
  readonly starts: readonly number[]
}

/** Where entries begin; undefined when this is no list of them. An empty list has none. */
function findStarts(body: Buffer, boundary: Buffer): number[] | undefined {
  const end = endOfList(body)
  if (end < 0 || body[0] !== OPENING) return undefined
  if (end === 1) return []
  // The first entry has to begin like the others, or the others are looked for in vain.
  if (body.compare(boundary, 2, boundary.length, 1, 1 + boundary.length - 2) !== 0 || body[end - 1] !== CLOSING_BRACE)
    return undefined
  const starts = [1]
  for (let at = body.indexOf(boundary, 1); at !== -1; at = body.indexOf(boundary, at + boundary.length))
    starts.push(at + 2)
  return starts
}

const OPENING = '['.charCodeAt(0)
const CLOSING = ']'.charCodeAt(0)
const CLOSING_BRACE = '}'.charCodeAt(0)

/** Where the closing bracket is; -1 without one. */
function endOfList(body: Buffer): number {
  let end = body.length - 1
  while (end > 0 && body[end]! <= 0x20) end--
  return end > 0 && body[end] === CLOSING ? end : -1
}

/** The bytes of an entry. */
function spansOf(body: Buffer, starts: readonly number[]): (at: number) => Buffer {
  const end = endOfList(body)
  return at => body.subarray(starts[at]!, at + 1 < starts.length ? starts[at + 1]! - 1 : end)
}

/** How many entries from `o` and `n` on are the same, found by comparing large blocks of bytes. */
function countSame(
  oldBody: Buffer,
  oldStarts: readonly number[],
  o: number,
  newBody: Buffer,
  newStarts: readonly number[],
  n: number,
): number {
  const most = Math.min(oldStarts.length - o, newStarts.length - n)
  let same = 0
  let step = 256
  while (same < most && step > 0) {
    const count = Math.min(step, most - same)
    if (areSame(oldBody, oldStarts, o + same, newBody, newStarts, n + same, count)) same += count
    else step = Math.floor(count / 2)
  }
  return same
}

function areSame(
  oldBody: Buffer,
  oldStarts: readonly number[],
  o: number,
  newBody: Buffer,
  newStarts: readonly number[],
  n: number,
  count: number,
): boolean {
  const oldFrom = oldStarts[o]!
  const newFrom = newStarts[n]!
  const oldEnd = endOfEntries(oldBody, oldStarts, o + count)
  const newEnd = endOfEntries(newBody, newStarts, n + count)
  return oldEnd - oldFrom === newEnd - newFrom && newBody.compare(oldBody, oldFrom, oldEnd, newFrom, newEnd) === 0
}

/** Behind the last byte of the entry before this one. */
function endOfEntries(body: Buffer, starts: readonly number[], at: number): number {
  return at < starts.length ? starts[at]! - 1 : endOfList(body)
}
