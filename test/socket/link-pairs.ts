import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Link, type LinkUser } from '../../src/socket/link.ts'

/** Takes down what happens on a link. */
export class Recorder implements LinkUser {
  received = Buffer.alloc(0)
  ends = 0
  drains = 0
  readonly closes: (NodeJS.ErrnoException | undefined)[] = []
  onPiece: ((bytes: Buffer, length: number) => void) | undefined

  onBytes(bytes: Buffer, length: number): void {
    this.received = Buffer.concat([this.received, bytes.subarray(0, length)])
    this.onPiece?.(bytes, length)
  }

  onEnd(): void {
    this.ends++
  }

  onDrain(): void {
    this.drains++
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.closes.push(error)
  }
}

export interface LinkPair {
  readonly link: Link
  readonly user: Recorder
  /** The other end, which keeps its side open until it is told to end. */
  readonly peer: Socket
}

/** Links with real sockets at both ends, all in this thread; what is left open is closed at the end. */
export class LinkPairs implements AsyncDisposable {
  private readonly server: Server
  private readonly port: number
  private readonly opened: LinkPair[] = []
  private accept: (socket: Socket) => void = () => {}

  private constructor(server: Server, port: number) {
    this.server = server
    this.port = port
    server.on('connection', socket => this.accept(socket))
  }

  static async start(): Promise<LinkPairs> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return new LinkPairs(server, typeof address === 'object' && address !== null ? address.port : 0)
  }

  async accepted(): Promise<LinkPair> {
    const socket = this.nextAccepted()
    const peer = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    peer.on('error', () => {})
    await once(peer, 'connect')
    const user = new Recorder()
    return this.keep({ link: Link.accepted(await socket, user), user, peer })
  }

  async connecting(): Promise<LinkPair> {
    const socket = this.nextAccepted()
    const user = new Recorder()
    const connected = Promise.withResolvers<void>()
    const link = Link.connecting({ port: this.port, host: '127.0.0.1' }, user, connected.resolve)
    const peer = (await socket).on('error', () => {})
    await connected.promise
    return this.keep({ link, user, peer })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link, peer } of this.opened) {
      link.destroy()
      peer.destroy()
    }
    this.server.close()
    await once(this.server, 'close')
  }

  private nextAccepted(): Promise<Socket> {
    const { promise, resolve } = Promise.withResolvers<Socket>()
    this.accept = resolve
    return promise
  }

  private keep(pair: LinkPair): LinkPair {
    this.opened.push(pair)
    return pair
  }
}

/** Writes until the system takes no more: what is written from now on stays in memory. Returns how much was written. */
export function fill(link: Link): number {
  let written = 0
  while (link.pendingBytes === 0) {
    const block = Buffer.alloc(100_000)
    link.writePiece(block, 0, block.length)
    written += block.length
  }
  return written
}
