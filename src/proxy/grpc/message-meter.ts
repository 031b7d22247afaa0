const PREFIX_BYTES = 5

/**
 * Follows the messages in one direction of a call: each begins with a byte of flags and its length in four bytes, most significant
 * first. Messages are neither collected nor changed.
 */
export class MessageMeter {
  /** The length of the message that was too large; 0 while there was none. */
  tooLarge = 0
  private readonly maxBytes: number
  /** Of the message that is passing, bytes that have not. */
  private left = 0
  private prefixBytes = 0
  private length = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** @returns false when a message begins in `bytes[from, to)` that is larger than it may be: nothing of it may pass */
  pass(bytes: Buffer, from = 0, to = bytes.length): boolean {
    let at = from
    while (at < to) {
      if (this.left > 0) {
        const taken = Math.min(this.left, to - at)
        this.left -= taken
        at += taken
        continue
      }
      if (this.prefixBytes > 0) this.length = this.length * 256 + bytes[at]!
      this.prefixBytes++
      at++
      if (this.prefixBytes < PREFIX_BYTES) continue
      if (this.length > this.maxBytes) {
        this.tooLarge = this.length
        return false
      }
      this.left = this.length
      this.prefixBytes = 0
      this.length = 0
    }
    return true
  }
}
