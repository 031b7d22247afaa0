import { leaveBuffer, takeBuffer } from '../socket/read-buffers.ts'

/** Small pieces share a buffer of this size: what one byte brings must not cost a buffer. */
const SHARED_BYTES = 4096
/** From here on the buffers are those of links, which are used again. */
const BULK_BYTES = 32_768

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
    this.bytes += to - from
    let at = from
    while (at < to) {
      const last = this.pieces.at(-1)
      const piece = last !== undefined && last.to < last.bytes.length ? last : this.add(to - at)
      const count = bytes.copy(piece.bytes, piece.to, at, to)
      piece.to += count
      at += count
    }
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
    if (first.from < first.to) return
    this.pieces.shift()
    leaveBuffer(first.bytes)
  }

  clear(): void {
    for (const piece of this.pieces) leaveBuffer(piece.bytes)
    this.pieces = []
    this.bytes = 0
  }

  /** A new last piece, with room for some of so many bytes. */
  private add(count: number): Piece {
    const bytes =
      count >= BULK_BYTES
        ? takeBuffer({ isLarge: false })
        : Buffer.allocUnsafe(this.pieces.length === 0 ? count : Math.max(count, SHARED_BYTES))
    const piece = { bytes, from: 0, to: 0 }
    this.pieces.push(piece)
    return piece
  }
}
