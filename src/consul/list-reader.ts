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
  #starts: Int32Array | undefined = new Int32Array(0)
  #entries: readonly T[] = []
  /** Memory that was handed out, and nobody else has. */
  readonly #spaces = new WeakSet<ArrayBufferLike>()
  /** Held an answer that is not needed any more. */
  #spare: Buffer | undefined

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

  /**
   * Memory for the next answer, to be used for nothing else: megabytes that are allocated anew for each answer make the garbage collector work more
   * than everything else.
   */
  takeSpace(): Buffer {
    const spare = this.#spare
    this.#spare = undefined
    if (spare !== undefined && spare.length >= this.#body.length) return spare
    const space = Buffer.allocUnsafeSlow(Math.max(LEAST_SPACE, Math.ceil(this.#body.length * 1.25)))
    this.#spaces.add(space.buffer)
    return space
  }

  #take(body: Buffer, starts: Int32Array | undefined, entries: readonly T[]): void {
    if (this.#spaces.has(this.#body.buffer)) this.#spare = Buffer.from(this.#body.buffer)
    this.#body = body
    this.#starts = starts
    this.#entries = entries
  }

  /**
   * Goes through both answers side by side. Where entries begin is searched for only around differences: what is the same as before begins where
   * it began, moved by as much as was put before it. Undefined: the new answer does not look like a list of such entries.
   */
  #walk(body: Buffer, oldStarts: Int32Array): (ListChange<T> & Walked<T>) | undefined {
    const end = endOfList(body)
    if (end < 1 || body[0] !== OPENING || !isStart(body, 1, end, this.#boundary)) return undefined
    const old: OldList = { body: this.#body, starts: oldStarts, end: endOfList(this.#body) }
    const removed: T[] = []
    const added: T[] = []
    const list = new WalkedList(this.#entries, oldStarts)
    let o = 0
    let n = 1
    for (;;) {
      const same = countSame(old, o, body, n, end)
      if (same > 0) {
        const shift = n - oldStarts[o]!
        list.keep(o, o + same, shift)
        o += same
        n = endOf(old, o - 1) + shift + 1
      }
      if (n > end || end === 1) break
      if (!isStart(body, n, end, this.#boundary)) return undefined
      const found = body.indexOf(this.#boundary, n)
      const next = found === -1 || found >= end ? end + 1 : found + 2
      // The usual reasons for a difference: one entry more, one less, or one that is another now.
      const isNew = o >= oldStarts.length || isSame(old, o, body, next, end)
      const isGone = !isNew && isSame(old, o + 1, body, n, end)
      if (!isNew) removed.push(this.#entries[o++]!)
      if (isGone) continue
      const entry = this.#decodeEntry(body.subarray(n, next - 1))
      if (entry === undefined) return undefined
      list.add(entry, n)
      added.push(entry)
      n = next
    }
    return { removed: removed.concat(this.#entries.slice(o)), added, ...list.whole() }
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
  readonly starts: Int32Array
}

/** The new list, put together of stretches of the old one and what is new: most of it is never looked at one by one. */
class WalkedList<T> {
  readonly #oldEntries: readonly T[]
  readonly #oldStarts: Int32Array
  readonly #entries: (readonly T[])[] = []
  readonly #starts: Int32Array[] = []

  constructor(oldEntries: readonly T[], oldStarts: Int32Array) {
    this.#oldEntries = oldEntries
    this.#oldStarts = oldStarts
  }

  keep(from: number, to: number, shift: number): void {
    this.#entries.push(this.#oldEntries.slice(from, to))
    const starts = this.#oldStarts.subarray(from, to)
    this.#starts.push(shift === 0 ? starts : starts.map(start => start + shift))
  }

  add(entry: T, start: number): void {
    this.#entries.push([entry])
    this.#starts.push(Int32Array.of(start))
  }

  whole(): Walked<T> {
    const length = this.#starts.reduce((sum, stretch) => sum + stretch.length, 0)
    const starts = new Int32Array(length)
    let at = 0
    for (const stretch of this.#starts) {
      starts.set(stretch, at)
      at += stretch.length
    }
    // Few are copied as blocks of memory; and a call has no room for very many arguments.
    const first: readonly T[] = []
    const entries = this.#entries.length > 1000 ? this.#entries.flat() : first.concat(...this.#entries)
    return { entries, starts }
  }
}

/** Where entries begin; undefined when this is no list of them. An empty list has none. */
function findStarts(body: Buffer, boundary: Buffer): Int32Array | undefined {
  const end = endOfList(body)
  if (end < 0 || body[0] !== OPENING) return undefined
  if (end === 1) return new Int32Array(0)
  // The first entry has to begin like the others, or the others are looked for in vain.
  if (body.compare(boundary, 2, boundary.length, 1, 1 + boundary.length - 2) !== 0 || body[end - 1] !== CLOSING_BRACE)
    return undefined
  const starts = [1]
  for (let at = body.indexOf(boundary, 1); at !== -1; at = body.indexOf(boundary, at + boundary.length))
    starts.push(at + 2)
  return Int32Array.from(starts)
}

const LEAST_SPACE = 65_536
const OPENING = '['.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const CLOSING = ']'.charCodeAt(0)
const CLOSING_BRACE = '}'.charCodeAt(0)

/** Where the closing bracket is; -1 without one. */
function endOfList(body: Buffer): number {
  let end = body.length - 1
  while (end > 0 && body[end]! <= 0x20) end--
  return end > 0 && body[end] === CLOSING ? end : -1
}

/** Could an entry begin here? One that is not the first has a comma before it. */
function isStart(body: Buffer, at: number, end: number, boundary: Buffer): boolean {
  if (end === 1) return at === 1
  if (at === 1) return body.compare(boundary, 2, boundary.length, 1, 1 + boundary.length - 2) === 0
  return at > 2 && body.compare(boundary, 0, boundary.length, at - 2, at - 2 + boundary.length) === 0
}

interface OldList {
  readonly body: Buffer
  readonly starts: Int32Array
  /** Where the closing bracket is. */
  readonly end: number
}

/** Behind the last byte of an entry: where its comma is, or the closing bracket. */
function endOf({ starts, end }: OldList, entry: number): number {
  return entry + 1 < starts.length ? starts[entry + 1]! - 1 : end
}

/** Is this old entry what the new list has here? */
function isSame(old: OldList, entry: number, body: Buffer, at: number, end: number): boolean {
  return entry < old.starts.length && areSame(old, entry, 1, body, at, end)
}

/** How many entries from here on are the same, found by comparing large blocks of bytes. */
function countSame(old: OldList, from: number, body: Buffer, at: number, end: number): number {
  const most = old.starts.length - from
  const shift = at - (old.starts[from] ?? 0)
  let same = 0
  let step = 256
  while (same < most && step > 0) {
    const count = Math.min(step, most - same)
    if (areSame(old, from + same, count, body, old.starts[from + same]! + shift, end)) same += count
    else step = Math.floor(count / 2)
  }
  return same
}

/** Has the new list these old entries here, whole, with a comma or its end behind them? */
function areSame(old: OldList, from: number, count: number, body: Buffer, at: number, end: number): boolean {
  const oldFrom = old.starts[from]!
  const oldEnd = endOf(old, from + count - 1)
  const newEnd = at + oldEnd - oldFrom
  if (newEnd > end || (newEnd < end && body[newEnd] !== COMMA)) return false
  return body.compare(old.body, oldFrom, oldEnd, at, newEnd) === 0
}
