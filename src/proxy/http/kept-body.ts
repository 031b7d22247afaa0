import type { Http2Stream } from '../../http2/stream.ts'

const MAX_BYTES = 65_536

/** As much of a request's body is kept until its answer begins, to be sent again where the first upstream does not look at it. */
export class KeptBody {
  private pieces: Buffer[] | undefined = []
  private bytes = 0

  /** More should not come before there is somebody to send it to. */
  get isFull(): boolean {
    return this.bytes > MAX_BYTES
  }

  /** Everything that came can be sent again. */
  get isWhole(): boolean {
    return this.pieces !== undefined
  }

  get isEmpty(): boolean {
    return this.bytes === 0
  }

  /** `isSent`: it has a stream to go on; else it is kept however much it is. */
  add(bytes: Buffer, from: number, to: number, { isSent }: { readonly isSent: boolean }): void {
    this.bytes += to - from
    if (isSent && this.isFull) this.pieces = undefined
    this.pieces?.push(Buffer.from(bytes.subarray(from, to)))
  }

  sendTo(stream: Http2Stream): void {
    for (const piece of this.pieces ?? []) stream.write(piece, 0, piece.length)
  }

  /** Nobody will want it. */
  drop(): void {
    this.pieces = undefined
  }
}
