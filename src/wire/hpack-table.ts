/** What an entry costs beyond its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD = 32

/** HPACK's dynamic table (RFC 7541 §2.3.2): entries by age, the newest first, of a bounded size. Names and values are Latin-1. */
export class HpackTable {
  /** Octets that its entries may take, as §4.1 counts them. */
  maxBytes: number
  bytes = 0
  entries = 0
  /** Entries ever added: the newest has this number. */
  added = 0
  // A ring: the entry with number n is at n & mask.
  private names: string[] = []
  private values: string[] = []
  private readonly marks: boolean[] = []
  private mask = -1

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** The name of the entry added `age` entries before the newest, which must exist. */
  name(age: number): string {
    return this.names[(this.added - age) & this.mask]!
  }

  value(age: number): string {
    return this.values[(this.added - age) & this.mask]!
  }

  isMarked(age: number): boolean {
    return this.marks[(this.added - age) & this.mask]!
  }

  /** Adds an entry, for which older ones go; one that is larger than the table empties it (§4.4). */
  add(name: string, value: string, isMarked: boolean): boolean {
    const bytes = name.length + value.length + ENTRY_OVERHEAD
    this.shrink(this.maxBytes - bytes)
    if (bytes > this.maxBytes) return false
    if (this.entries > this.mask) this.grow()
    const at = ++this.added & this.mask
    this.names[at] = name
    this.values[at] = value
    this.marks[at] = isMarked
    this.bytes += bytes
    this.entries++
    return true
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.shrink(maxBytes)
  }

  /** The oldest entry leaves the table. */
  protected evicted(_name: string, _value: string, _number: number): void {}

  private shrink(bytes: number): void {
    while (this.bytes > bytes && this.entries > 0) {
      const number = this.added - --this.entries
      const at = number & this.mask
      const name = this.names[at]!
      const value = this.values[at]!
      this.bytes -= name.length + value.length + ENTRY_OVERHEAD
      this.names[at] = ''
      this.values[at] = ''
      this.evicted(name, value, number)
    }
  }

  /** A ring of twice the length; most connections need few entries. */
  private grow(): void {
    const { names, values, marks, added, entries } = this
    const before = this.mask
    const length = Math.max((before + 1) * 2, 16)
    this.mask = length - 1
    this.names = new Array<string>(length).fill('')
    this.values = new Array<string>(length).fill('')
    const oldMarks = [...marks]
    marks.length = 0
    for (let i = 0; i < length; i++) marks.push(false)
    for (let number = added - entries + 1; number <= added; number++) {
      const at = number & this.mask
      this.names[at] = names[number & before]!
      this.values[at] = values[number & before]!
      marks[at] = oldMarks[number & before]!
    }
  }
}
