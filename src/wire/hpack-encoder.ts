import { DEFAULT_TABLE_BYTES } from './hpack-decoder.ts'
import { encodeHuffman, huffmanLength } from './hpack-huffman.ts'
import { STATIC_ENTRIES, STATIC_TABLE } from './hpack-static-table.ts'
import { ENTRY_OVERHEAD, HpackTable } from './hpack-table.ts'

/** Secrets: no table between here and the last reader holds them, where a guess could be compared with them (RFC 7541 §7.1). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
/** Octets of an integer and of the lengths of two texts, and what changes of the table take once a block. */
const FIELD_OVERHEAD = 16
/** An entry that would take more of the table than this part is not added. */
const TABLE_PART = 1 / 4

// The kinds of literals (RFC 7541 §6.2).
const ADDED = 0x40
const NOT_ADDED = 0
const NEVER_ADDED = 0x10

/** What the static table knows of a name. */
interface StaticName {
  readonly index: number
  readonly values: Map<string, number>
}

const STATIC_NAMES = new Map<string, StaticName>()
for (let index = 1; index <= STATIC_ENTRIES; index++) {
  const name = STATIC_TABLE[index * 2 - 2]!
  const value = STATIC_TABLE[index * 2 - 1]!
  if (!STATIC_NAMES.has(name)) STATIC_NAMES.set(name, { index, values: new Map() })
  if (value !== '') STATIC_NAMES.get(name)!.values.set(value, index)
}

/** What both tables know of a name. */
class KnownName {
  readonly index: number
  readonly staticValues: ReadonlyMap<string, number> | undefined
  readonly isSecret: boolean
  /** Values in the dynamic table, by the number of their entry. */
  readonly values = new Map<string, number>()
  /** Entries of the dynamic table that have the name, and the newest of them. */
  entries = 0
  newest = 0
  /** Hashes of the last values that were not added. */
  private lately = 0
  private before = 0

  constructor(name: string, known: StaticName | undefined) {
    this.index = known?.index ?? 0
    this.staticValues = known === undefined || known.values.size === 0 ? undefined : known.values
    this.isSecret = SECRET.has(name)
  }

  /** Was this value here not long ago? */
  hasSeen(value: string): boolean {
    let hash = value.length
    for (let i = 0; i < value.length; i++) hash = (Math.imul(hash, 31) + value.charCodeAt(i)) | 0
    if (hash === this.lately || hash === this.before) return true
    this.before = this.lately
    this.lately = hash
    return false
  }
}

/** The dynamic table of an encoder finds entries by what they say. */
class SearchedTable extends HpackTable {
  readonly known = new Map<string, KnownName>()

  find(name: string): KnownName | undefined {
    const known = this.known.get(name)
    if (known !== undefined) return known
    const inStatic = STATIC_NAMES.get(name)
    return inStatic === undefined ? undefined : this.learn(name, inStatic)
  }

  insert(name: string, value: string): void {
    // Copies, because a piece of a longer text would keep all of it in memory.
    const ownName = copyOf(name)
    const ownValue = copyOf(value)
    if (!this.add(ownName, ownValue, false)) return
    const known = this.known.get(name) ?? this.learn(ownName, undefined)
    known.values.set(ownValue, this.added)
    known.newest = this.added
    known.entries++
  }

  protected override evicted(name: string, value: string, number: number): void {
    const known = this.known.get(name)!
    known.entries--
    if (known.values.get(value) === number) known.values.delete(value)
    if (known.entries === 0 && known.index === 0) this.known.delete(name)
  }

  private learn(name: string, inStatic: StaticName | undefined): KnownName {
    const known = new KnownName(name, inStatic)
    this.known.set(name, known)
    return known
  }
}

/**
 * Writes the header blocks of one connection, in order (RFC 7541). A field is added to the table when its name is new or its value
 * comes again, so that what is said once (identifiers, dates) pushes nothing out.
 */
export class HpackEncoder {
  private readonly table = new SearchedTable(DEFAULT_TABLE_BYTES)
  /** What the other end has to be told of the table: the smallest size it had since the last block. */
  private smallest: number | undefined
  private out: Buffer = EMPTY
  private at = 0

  /** The other end's SETTINGS_HEADER_TABLE_SIZE. A table larger than the usual is not made use of. */
  setMaxTableBytes(bytes: number): void {
    const wanted = Math.min(bytes, DEFAULT_TABLE_BYTES)
    if (wanted === this.table.maxBytes) return
    this.smallest = Math.min(this.smallest ?? wanted, wanted)
    this.table.resize(wanted)
  }

  /**
   * Encodes names and values in turn, lower case and Latin-1, to `out`, which has room for `maxBlockBytes(fields)` at `at`.
   * `neverIndexed`: names of fields that came as such (RFC 7541 §6.2.3).
   * @returns where the block ends
   */
  encode(fields: readonly string[], out: Buffer, at: number, neverIndexed?: ReadonlySet<string>): number {
    this.out = out
    this.at = at
    if (this.smallest !== undefined) this.resize(this.smallest)
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i]!
      if (neverIndexed?.has(name) === true) this.literal(NEVER_ADDED, 0x0f, this.table.find(name), name, fields[i + 1]!)
      else this.field(name, fields[i + 1]!)
    }
    this.out = EMPTY
    return this.at
  }

  private resize(smallest: number): void {
    const { maxBytes } = this.table
    this.smallest = undefined
    if (smallest < maxBytes) this.integer(0x20, 0x1f, smallest)
    this.integer(0x20, 0x1f, maxBytes)
  }

  private field(name: string, value: string): void {
    const { table } = this
    const known = table.find(name)
    if (known === undefined) {
      if (!this.fits(name, value)) return this.literal(NOT_ADDED, 0x0f, known, name, value)
    } else {
      if (known.isSecret) return this.literal(NEVER_ADDED, 0x0f, known, name, value)
      const index = known.staticValues?.get(value)
      if (index !== undefined) return this.integer(0x80, 0x7f, index)
      const number = known.values.get(value)
      if (number !== undefined) return this.integer(0x80, 0x7f, STATIC_ENTRIES + 1 + table.added - number)
      if (!known.hasSeen(value) || !this.fits(name, value)) return this.literal(NOT_ADDED, 0x0f, known, name, value)
    }
    this.literal(ADDED, 0x3f, known, name, value)
    table.insert(name, value)
  }

  private fits(name: string, value: string): boolean {
    return name.length + value.length + ENTRY_OVERHEAD <= this.table.maxBytes * TABLE_PART
  }

  private literal(kind: number, mask: number, known: KnownName | undefined, name: string, value: string): void {
    const isAdded = kind === ADDED
    if (known === undefined) {
      this.out[this.at++] = kind
      this.text(name, isAdded)
    } else {
      this.integer(kind, mask, known.index === 0 ? STATIC_ENTRIES + 1 + this.table.added - known.newest : known.index)
    }
    this.text(value, isAdded)
  }

  private integer(kind: number, mask: number, value: number): void {
    const { out } = this
    if (value < mask) {
      out[this.at++] = kind | value
      return
    }
    out[this.at++] = kind | mask
    let rest = value - mask
    while (rest >= 0x80) {
      out[this.at++] = rest | 0x80
      rest >>>= 7
    }
    out[this.at++] = rest
  }

  /**
   * The Huffman code saves a quarter of the octets and takes twice the time. So it is for what is said once a connection and then is
   * in the table, not for what is new with every message.
   */
  private text(text: string, isLasting: boolean): void {
    const encoded = isLasting ? huffmanLength(text) : text.length
    if (encoded < text.length) {
      this.integer(0x80, 0x7f, encoded)
      this.at = encodeHuffman(text, this.out, this.at)
      return
    }
    this.integer(0, 0x7f, text.length)
    this.at += this.out.write(text, this.at, 'latin1')
  }
}

const EMPTY = Buffer.alloc(0)

/** Octets a block of these fields has at most. */
export function maxBlockBytes(fields: readonly string[]): number {
  let bytes = FIELD_OVERHEAD
  for (let i = 0; i < fields.length; i++) bytes += fields[i]!.length + FIELD_OVERHEAD
  return bytes
}

function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
