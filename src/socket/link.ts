import net from 'node:net'
import tls from 'node:tls'
import { getSystemErrorMap } from 'node:util'
import { canWriteDirectly, writeDirectly } from './direct-write.ts'
import { LinkBuffer } from './link-buffer.ts'
import { plainAddress } from './plain-address.ts'
import { holdPiece, releasePiece } from './read-buffers.ts'
import { ReadingSocket } from './reading-socket.ts'

/** Who gets what happens on a link. A link's user can change, for instance from the reader of a PROXY header to HTTP. */
export interface LinkUser {
  /**
   * `bytes[0, length)` has arrived. Valid only during the call, unless `link.keepBytes()` is called in it:
   * the buffer is used again for the next read, of this link or another.
   */
  onBytes(bytes: Buffer, length: number): void
  /** The peer has sent its last byte (FIN). The other direction may still be open. */
  onEnd(): void
  /** Everything written has been taken by the kernel, after a write that said otherwise. */
  onDrain(): void
  /** The link is gone, once, and nothing comes after. With the error that ended it, when there was one. */
  onClose(error: NodeJS.ErrnoException | undefined): void
}

interface SocketWithHandle extends net.Socket {
  _handle?: object | null
}

/** A socket knows its link, so that its listeners are functions of the module and not four new ones a connection. */
interface LinkedSocket extends net.Socket {
  link: Link
}

function onEnd(this: LinkedSocket): void {
  this.link.user.onEnd()
}

function onDrain(this: LinkedSocket): void {
  this.link.onStreamDrain()
}

function onError(this: LinkedSocket, error: Error): void {
  this.link.error = error
}

function onClose(this: LinkedSocket): void {
  this.link.isOpen = false
  this.link.buffer.leave()
  this.link.user.onClose(this.link.error)
}

/**
 * One TCP connection, either side. Reads go into buffers of ours instead of a new one each (a third of the processor time
 * of a small exchange, docs/decisions.md); writes go straight to the socket.
 */
export class Link {
  user: LinkUser
  socket!: net.Socket
  /** The last write was not taken at once: wait for `onDrain` before writing much more. */
  isFull = false
  /** No `onClose` yet. */
  isOpen = true
  readonly buffer = new LinkBuffer()
  private isHolding = false
  /** Of writes past the stream, what waits for the kernel. */
  private unsentBytes = 0
  private isPaused = false
  private isStandingBack = false
  /** Under TLS there is no kernel to take a short message at once. */
  private isSecure = false
  /** What ended it, for `onClose`. */
  error: NodeJS.ErrnoException | undefined

  private constructor(user: LinkUser) {
    this.user = user
  }

  /** Takes over a socket that a server with `pauseOnConnect` and `allowHalfOpen` has just accepted, and begins to read. */
  static accepted(socket: net.Socket, user: LinkUser): Link {
    const link = new Link(user)
    const handle = (socket as SocketWithHandle)._handle
    if (handle === undefined || handle === null) {
      link.adopt(socket)
      socket.on('data', (bytes: Buffer) => link.user.onBytes(bytes, bytes.length))
      socket.resume()
      return link
    }
    // An accepted socket reads into a new buffer each time and there is no option to say otherwise, so its handle moves to a
    // socket made with `onread`. The old socket object is left without a handle, never destroyed, and collected.
    ;(socket as SocketWithHandle)._handle = null
    const options = { handle, allowHalfOpen: true, onread: link.reading() }
    link.adopt(new net.Socket(options as net.SocketConstructorOpts))
    return link
  }

  /**
   * Takes over a socket after its TLS handshake, and begins to read. What is decrypted comes in buffers as small as what they hold, so
   * there is nothing to gain from one of ours.
   */
  static secured(socket: tls.TLSSocket, user: LinkUser): Link {
    const link = new Link(user)
    link.isSecure = true
    link.adopt(socket)
    socket.on('data', (bytes: Buffer) => link.user.onBytes(bytes, bytes.length))
    return link
  }

  /** Begins to connect. `onConnect` is called once, unless `user.onClose` comes first. */
  static connecting(options: net.TcpNetConnectOpts, user: LinkUser, onConnect: () => void): Link {
    const link = new Link(user)
    const all = { ...options, allowHalfOpen: true, noDelay: true, onread: link.reading() }
    const socket = new ReadingSocket(all)
    link.adopt(socket)
    socket.connect(all, onConnect)
    return link
  }

  /** Begins to connect with TLS. `onSecure` is called once the peer has proved who it is, unless `user.onClose` comes first. */
  static connectingSecurely(options: tls.ConnectionOptions, user: LinkUser, onSecure: () => void): Link {
    const link = new Link(user)
    link.isSecure = true
    const all = { ...options, allowHalfOpen: true, noDelay: true, onread: link.reading() }
    link.adopt(tls.connect(all, onSecure))
    return link
  }

  get remoteAddress(): string {
    return plainAddress(this.socket.remoteAddress ?? '')
  }

  get remotePort(): number {
    return this.socket.remotePort ?? 0
  }

  get localAddress(): string {
    return plainAddress(this.socket.localAddress ?? '')
  }

  get localPort(): number {
    return this.socket.localPort ?? 0
  }

  /** Bytes given to `write` that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.unsentBytes + this.socket.writableLength
  }

  /** Sends Latin-1 text. @returns false when the writer should wait for `onDrain` */
  write(text: string): boolean {
    if (!this.isHolding && !this.isSecure && canWriteDirectly(this.socket)) return this.writeAtOnce(text)
    if (!this.socket.write(text, 'latin1')) this.isFull = true
    return !this.isFull
  }

  private writeAtOnce(text: string): boolean {
    const status = writeDirectly(this.socket, text, late => {
      this.unsentBytes -= text.length
      if (late < 0) this.socket.destroy(systemError(late))
      else if (!this.socket.writableNeedDrain) this.onStreamDrain()
    })
    if (status > 0) {
      this.unsentBytes += text.length
      this.isFull = true
    } else if (status < 0) {
      this.socket.destroy(systemError(status))
    }
    return !this.isFull
  }

  /** Sends `bytes[from, to)` as it was delivered by a link: what the next read overwrites is copied, the rest pointed at. */
  writePiece(bytes: Buffer, from: number, to: number): boolean {
    const { piece, owner } = holdPiece(bytes, from, to)
    if (!this.socket.write(piece, () => releasePiece(owner))) this.isFull = true
    return !this.isFull
  }

  /** Several writes in one packet, if the kernel takes them: `hold`, write, write, `release`. */
  hold(): void {
    this.isHolding = true
    this.socket.cork()
  }

  release(): void {
    this.isHolding = false
    this.socket.uncork()
  }

  /** The connection comes to rest: it reads into the buffer of all again. */
  share(): void {
    this.buffer.share()
  }

  /** The bytes being delivered are still needed after the call: the next read goes elsewhere. Not for `isShared` bytes. */
  keepBytes(): void {
    this.buffer.keep()
  }

  /** The stream has nothing left to send. */
  onStreamDrain(): void {
    if (this.unsentBytes > 0) return
    this.isFull = false
    this.user.onDrain()
  }

  pause(): void {
    this.isPaused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (!this.isStandingBack) this.socket.resume()
  }

  /**
   * Reads nothing more in this turn of the loop. A turn reads up to two megabytes of a connection, and where those are hundreds of
   * thousands of chunks or requests, all others would wait for them.
   */
  standBack(): void {
    if (this.isStandingBack) return
    this.isStandingBack = true
    this.socket.pause()
    setImmediate(() => {
      this.isStandingBack = false
      if (this.isOpen && !this.isPaused) this.socket.resume()
    })
  }

  /** Sends FIN after what was written. The peer may go on sending. */
  finish(): void {
    if (!this.socket.writableEnded) this.socket.end()
  }

  get isFinished(): boolean {
    return this.socket.writableEnded
  }

  /** Ends both directions now; what was not sent is lost. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Ends with RST, so that the peer cannot take what it got for the whole. */
  reset(): void {
    // An end of TLS without its close_notify says the same as RST (RFC 8446 §6.1).
    if (this.socket.connecting || this.socket.destroyed || this.isSecure) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** Gives the socket away, with what was read of it and is not wanted here. The link is not used any more. */
  giveAway(unread: Buffer | undefined): net.Socket {
    const linked = this.socket as LinkedSocket
    linked.off('end', onEnd)
    linked.off('drain', onDrain)
    linked.off('error', onError)
    linked.off('close', onClose)
    if (unread !== undefined) linked.unshift(unread)
    return linked
  }

  private reading(): net.OnReadOpts {
    return this.buffer.reading((bytes, length) => this.user.onBytes(bytes, length))
  }

  private adopt(socket: net.Socket): void {
    this.socket = socket
    const linked = socket as LinkedSocket
    linked.link = this
    linked.on('end', onEnd)
    linked.on('drain', onDrain)
    linked.on('error', onError)
    linked.on('close', onClose)
  }
}

function systemError(number: number): NodeJS.ErrnoException {
  const [code = 'UNKNOWN', message = ''] = getSystemErrorMap().get(number) ?? []
  return Object.assign(new Error(`write ${code}: ${message}`), { code, errno: number, syscall: 'write' })
}
