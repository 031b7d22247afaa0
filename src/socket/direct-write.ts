import type net from 'node:net'

// Node 26 writes in two layers: the stream, which keeps what could not be sent and calls back, and the handle under it, which
// sends at once when the kernel takes everything. A short message nearly always goes at once, and then the stream's share is a
// tenth of the processor time of a small request (docs/decisions.md). The handle is not a documented interface, so this is done
// in the one major version it was written for and tested with; every other takes the stream.

const IS_KNOWN_NODE = process.versions.node.startsWith('26.')

/** What the handle of a socket of Node 26 has. */
interface WritableHandle {
  /** 0 when everything was sent, negative when it failed, an object while some of it waits. */
  writeLatin1String(request: null, text: string): number | WriteRequest
}

interface WriteRequest {
  oncomplete: (status: number) => void
  handle: WritableHandle
  async: boolean
  /** Set when it was completed before anybody could listen. */
  writeStatus?: number | null
}

interface SocketWithHandle extends net.Socket {
  readonly _handle?: Partial<WritableHandle> | null
}

/** Can text be written past the stream of this socket? Not while that still has something to send, or no connection. */
export function canWriteDirectly(socket: net.Socket): boolean {
  if (!IS_KNOWN_NODE || socket.connecting || socket.writableLength > 0 || socket.writableEnded) return false
  const handle = (socket as SocketWithHandle)._handle
  return handle !== undefined && handle !== null && typeof handle.writeLatin1String === 'function'
}

/**
 * Sends Latin-1 text. What the kernel does not take at once it gets later, in order, also with writes through the stream.
 * @returns 0 when it is gone, a negative system error number when it cannot be sent; 1 when `onSent` will be called, with 0 or
 * such a number
 */
export function writeDirectly(socket: net.Socket, text: string, onSent: (status: number) => void): number {
  const handle = (socket as SocketWithHandle)._handle as WritableHandle
  const outcome = handle.writeLatin1String(null, text)
  if (typeof outcome === 'number') return outcome
  if (typeof outcome.writeStatus === 'number') return outcome.writeStatus
  outcome.handle = handle
  outcome.async = true
  outcome.oncomplete = onSent
  return 1
}
