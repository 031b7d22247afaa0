/** Small pieces share a buffer of this size: what one byte brings must not cost a buffer. */
const SHARED_BYTES = 4096

interface Piece {
  readonly bytes: Buffer
  from: number
  to: number
}

/** Bytes that wait for whoever is to have them, copied as they come. */
export class PieceQueue {
  /** How many bytes wait. */
  bytes = 0
  private pieces: Piece[] = []

  /** Adds a copy of `bytes[from, to)`. */
  push(bytes: Buffer, from: number, to: number): void {
    const count = to - from
    const last = this.pieces.at(-1)
    if (last !== undefined && last.bytes.length - last.to >= count) {
      bytes.copy(last.bytes, last.to, from, to)
      last.to += count
    } else {
      const copy = Buffer.allocUnsafe(last === undefined ? count : Math.max(count, SHARED_BYTES))
      bytes.copy(copy, 0, from, to)
      this.pieces.push({ bytes: copy, from: 0, to: count })
    }
    this.bytes += count
  }

  /** The first bytes that wait; undefined when there are none. */
  first(): Readonly<Piece> | undefined {
    return this.pieces[0]
  }

  /** So many of the first piece are taken. */
  take(count: number): void {
    const first = this.pieces[0]
    if (first === undefined) return
    this.bytes -= count
    first.from += count
    if (first.from === first.to) this.pieces.shift()
  }

  clear(): void {
    this.pieces = []
    this.bytes = 0
  }
}
