import { TOKEN } from './header-names.ts'
import { decodeHuffman } from './hpack-huffman.ts'
import { STATIC_ENTRIES, STATIC_TABLE } from './hpack-static-table.ts'
import { ENTRY_OVERHEAD, HpackTable } from './hpack-table.ts'

/** SETTINGS_HEADER_TABLE_SIZE where nobody has said another (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096

/** The connection's state is lost: an error of the whole connection, COMPRESSION_ERROR (RFC 9113 §4.3). */
export class CompressionError extends Error {
  override readonly name = 'CompressionError'
}

const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09
const DELETE = 0x7f
/** Integers have 28 bits at most, more than any length or index that can be meant. */
const MAX_SHIFT = 21
/** Longer texts are decoded into memory of their own. */
const SCRATCH_BYTES = 16_384
const NONE: string[] = []
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

/** Reads the header blocks of one connection, in order (RFC 7541). */
export class HpackDecoder {
  /** Of the last block: it has a name or a value with characters that none may have (RFC 9113 §8.2.1). */
  isMalformed = false
  /** Of the last block that was not too long: octets of its list, as `maxBytes` counts them. */
  listBytes = 0
  /** Of the last block: names of fields that no table may ever hold (RFC 7541 §6.2.3), here and further on. */
  neverIndexed: Set<string> | undefined
  private readonly table = new HpackTable(DEFAULT_TABLE_BYTES)
  private maxTableBytes = DEFAULT_TABLE_BYTES
  private mustShrink = false
  private bytes: Buffer = scratch
  private at = 0
  private to = 0
  private fields: string[] = NONE
  private maxLength = 0
  /** Octets that the list may still have. */
  private room = 0
  private isBad = false

  /** The other end has acknowledged this SETTINGS_HEADER_TABLE_SIZE. If its table is larger, its next block begins with a smaller one. */
  setMaxTableBytes(bytes: number): void {
    this.maxTableBytes = bytes
    this.mustShrink = this.table.maxBytes > bytes
  }

  /**
   * Decodes the block `bytes[from, to)`, put together from all its frames, and adds to `fields` names and values in turn.
   * `maxBytes`: SETTINGS_MAX_HEADER_LIST_SIZE, names, values and 32 octets a field (RFC 9113 §6.5.2).
   * @returns false when there is more than `maxBytes` or `maxFields`: `fields` is cut short, and the connection's state is right all the same
   * @throws CompressionError
   */
  decode(bytes: Buffer, from: number, to: number, fields: string[], maxBytes: number, maxFields: number): boolean {
    this.bytes = bytes
    this.at = from
    this.to = to
    this.fields = fields
    this.maxLength = fields.length + maxFields * 2
    this.room = maxBytes
    this.isMalformed = false
    this.neverIndexed = undefined
    let hasBegun = false
    while (this.at < to) {
      const octet = bytes[this.at]!
      if ((octet & 0xe0) === 0x20) {
        if (hasBegun) throw new CompressionError('a change of the table inside a block')
        this.resize()
        continue
      }
      hasBegun = true
      if (this.mustShrink) throw new CompressionError('the table was not made smaller')
      if (octet >= 0x80) this.indexed()
      else this.literal(octet)
    }
    // Not to keep a whole read alive.
    this.bytes = scratch
    this.fields = NONE
    this.listBytes = maxBytes - this.room
    return this.room >= 0
  }

  private resize(): void {
    const bytes = this.integer(0x1f)
    if (bytes > this.maxTableBytes) throw new CompressionError(`a table of ${bytes} octets`)
    this.table.resize(bytes)
    this.mustShrink = false
  }

  private indexed(): void {
    const index = this.integer(0x7f)
    if (index === 0) throw new CompressionError('index 0')
    if (index <= STATIC_ENTRIES) return this.push(STATIC_TABLE[index * 2 - 2]!, STATIC_TABLE[index * 2 - 1]!)
    const { table } = this
    const age = this.ageOf(index)
    if (table.isMarked(age)) this.isMalformed = true
    this.push(table.name(age), table.value(age))
  }

  private literal(octet: number): void {
    const isAdded = octet >= 0x40
    const index = this.integer(isAdded ? 0x3f : 0x0f)
    this.isBad = false
    const name = index === 0 ? this.text(true) : this.nameOf(index)
    const value = this.text(false)
    if (this.isBad) this.isMalformed = true
    if (isAdded) this.table.add(name, value, this.isBad)
    else if ((octet & 0x10) !== 0) this.neverIndexed = (this.neverIndexed ?? new Set()).add(name)
    this.push(name, value)
  }

  private push(name: string, value: string): void {
    if (this.room < 0) return
    const { fields } = this
    this.room -= name.length + value.length + ENTRY_OVERHEAD
    if (fields.length >= this.maxLength) this.room = -1
    if (this.room >= 0) fields.push(name, value)
  }

  private nameOf(index: number): string {
    if (index <= STATIC_ENTRIES) return STATIC_TABLE[index * 2 - 2]!
    const age = this.ageOf(index)
    // Whether it was the name that was bad is not known any more; nobody goes on using one that is.
    if (this.table.isMarked(age)) this.isBad = true
    return this.table.name(age)
  }

  private ageOf(index: number): number {
    const age = index - STATIC_ENTRIES - 1
    if (age >= this.table.entries) throw new CompressionError(`index ${index} of a table with fewer entries`)
    return age
  }

  /** RFC 7541 §5.1. `mask` is the largest number that the first octet has room for. */
  private integer(mask: number): number {
    const { bytes, to } = this
    let value = bytes[this.at++]! & mask
    if (value < mask) return value
    for (let shift = 0; ; shift += 7) {
      if (this.at >= to) throw new CompressionError('a block that ends in an integer')
      if (shift > MAX_SHIFT) throw new CompressionError('an integer that is too large')
      const octet = bytes[this.at++]!
      value += (octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
  }

  /** RFC 7541 §5.2 */
  private text(isName: boolean): string {
    const { bytes, to } = this
    if (this.at >= to) throw new CompressionError('a block that ends before a text')
    const isEncoded = bytes[this.at]! >= 0x80
    const length = this.integer(0x7f)
    const from = this.at
    this.at += length
    if (this.at > to) throw new CompressionError('a block that ends in a text')
    if (!isEncoded) return this.checked(bytes, from, this.at, isName)
    const most = (length * 8) / 5
    const out = most <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(Math.ceil(most))
    const decoded = decodeHuffman(bytes, from, this.at, out)
    if (decoded === -1) throw new CompressionError('a text that no encoder writes')
    return this.checked(out, 0, decoded, isName)
  }

  private checked(bytes: Buffer, from: number, to: number, isName: boolean): string {
    if (!(isName ? isFieldName(bytes, from, to) : isFieldValue(bytes, from, to))) this.isBad = true
    return bytes.toString('latin1', from, to)
  }
}

/** In lower case; a pseudo-header field's begins with a colon. */
function isFieldName(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from] === COLON ? from + 1 : from
  for (let i = first; i < to; i++) {
    const octet = bytes[i]!
    if (TOKEN[octet] !== octet) return false
  }
  return first < to
}

/** Blanks around a value, which nobody may send either, are for the reader to take off. */
function isFieldValue(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const octet = bytes[i]!
    if ((octet < SPACE && octet !== TAB) || octet === DELETE) return false
  }
  return true
}
