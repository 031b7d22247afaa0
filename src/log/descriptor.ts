import { fstatSync, writev } from 'node:fs'
import { Socket } from 'node:net'

/** Writes buffers in order. `written` may be less than was given; `error.code` says why nothing was written. */
export type WriteBuffers = (
  buffers: readonly Uint8Array[],
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void

/**
 * How to write to a file descriptor without blocking the event loop, nor the end of the process. Pipes and sockets are made
 * non-blocking: a write in the thread pool that nobody reads would keep `process.exit` waiting for ever. Files and terminals
 * do not know that mode, and do not need it.
 */
export function openDescriptor(fd: number): WriteBuffers {
  const stat = fstatSync(fd)
  return stat.isFIFO() || stat.isSocket() ? streamWriter(fd) : fileWriter(fd)
}

function fileWriter(fd: number): WriteBuffers {
  return (buffers, done) => {
    writev(fd, buffers, null, done)
  }
}

function streamWriter(fd: number): WriteBuffers {
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.unref()
  // Every write learns of it through its callback.
  socket.on('error', () => {})
  return (buffers, done) => {
    const bytes = Buffer.concat(buffers)
    socket.write(bytes, error => {
      if (error instanceof Error) done(error, 0)
      else done(null, bytes.length)
    })
  }
}
