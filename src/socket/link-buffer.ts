import type net from 'node:net'
import { isLargest, leaveBuffer, sharedBuffer, takeBuffer } from './read-buffers.ts'

/** A link that fills half a buffer at once gets one of its own, so that what it delivers can be passed on without a copy. */
const BULK_BYTES = 32_768

/** Which buffer a link reads into: that of all, one of its own when it carries much, a larger one when that is filled again and again. */
export class LinkBuffer {
  /** What the next read is to go into. */
  private buffer = sharedBuffer()
  /** What the handle reads into until it asks again. */
  private handed = this.buffer
  private mustRenew = false
  private hasRead = false
  /** The last read filled its buffer, and whoever it was for has taken it all. */
  private isFilling = false

  /** How a socket is to read. */
  reading(onBytes: (bytes: Buffer, length: number) => void): net.OnReadOpts {
    return {
      // Asked for each new handle, and after each read with the bytes of that already delivered. Without an answer Node goes on with
      // the buffer it has, and need not look into it again.
      buffer: (() => (this.hasRead ? this.next() : this.handed)) as () => Buffer,
      callback: (length, bytes) => {
        this.hasRead = true
        if (length >= BULK_BYTES && this.buffer === sharedBuffer()) this.mustRenew = true
        onBytes(bytes as Buffer, length)
        // There is more than fits, and who it is for has taken it all: the next read may be a larger one.
        this.isFilling = length === bytes.length && this.buffer === bytes && !isLargest(this.buffer)
        return true
      },
    }
  }

  /** The connection comes to rest: it reads into the buffer of all again. */
  share(): void {
    this.buffer = sharedBuffer()
    this.mustRenew = false
  }

  /** The bytes being delivered are still needed: the next read goes elsewhere. What is in the buffer of all was copied. */
  keep(): void {
    if (this.buffer !== sharedBuffer()) this.mustRenew = true
  }

  /** Nothing is read any more. */
  leave(): void {
    leaveBuffer(this.handed)
  }

  private next(): Buffer | undefined {
    this.hasRead = false
    if (this.mustRenew || this.isFilling) this.buffer = takeBuffer({ isLarge: !this.mustRenew })
    this.mustRenew = false
    this.isFilling = false
    if (this.buffer === this.handed) return undefined
    leaveBuffer(this.handed)
    this.handed = this.buffer
    return this.handed
  }
}
