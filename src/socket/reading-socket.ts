import net from 'node:net'

/**
 * A socket that a failed write does not end before what had arrived is read. An upstream may answer and hang up on a request that
 * still comes: its answer is here then, and would be lost with the socket.
 */
export class ReadingSocket extends net.Socket {
  private isEnding = false

  override destroy(error?: NodeJS.ErrnoException): this {
    if (error?.syscall !== 'write') return super.destroy(error)
    if (this.isEnding) return this
    this.isEnding = true
    // Behind the second one the event loop has looked at every socket in between.
    setImmediate(() => setImmediate(() => super.destroy(error)))
    return this
  }
}
