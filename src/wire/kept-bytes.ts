/**
 * Memory for bytes that wait for more: a head that comes in pieces. It grows by doubling, so a head that comes byte by byte costs
 * its length, not the square of it.
 */
export class KeptBytes {
  private store: Buffer | undefined

  /** `bytes[at, to)`, safe from the next read. What is in this memory already stays where it is. */
  keep(bytes: Buffer, at: number, to: number): Buffer {
    if (this.store !== undefined && bytes.buffer === this.store.buffer) return bytes.subarray(at, to)
    return Buffer.from(bytes.subarray(at, to))
  }

  /** `kept`, as `keep` or `join` gave it, and `bytes[from, end)` behind it in one piece. `kept` is not to be used any more. */
  join(kept: Buffer, bytes: Buffer, from: number, end: number): Buffer {
    const length = kept.length + end - from
    let { store } = this
    let start = kept.byteOffset
    if (store === undefined || kept.buffer !== store.buffer || start + length > store.length) {
      store = Buffer.allocUnsafeSlow(2 * length)
      start = 0
      kept.copy(store)
      this.store = store
    }
    bytes.copy(store, start + kept.length, from, end)
    return store.subarray(start, start + length)
  }
}
