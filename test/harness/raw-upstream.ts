import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** One connection the router made, and every byte it sent on it. */
export interface UpstreamConnection {
  readonly socket: Socket
  /** Latin-1. */
  received: string
  /** The router has sent its FIN. */
  hasEnded: boolean
  isClosed: boolean
}

export interface RawUpstream extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly connections: UpstreamConnection[]
  /** Every request head and body byte of all connections, in the order of the connections. */
  received(): string
}

/**
 * A server that does with each piece of data what the test says: no HTTP library stands between the test and the bytes.
 * `onData` is called with everything the connection has received so far.
 */
export async function startRawUpstream(
  onData: (connection: UpstreamConnection, piece: string) => void,
  onConnect: (connection: UpstreamConnection) => void = () => {},
): Promise<RawUpstream> {
  const connections: UpstreamConnection[] = []
  const server = createServer({ allowHalfOpen: true }, socket => {
    const connection: UpstreamConnection = { socket, received: '', hasEnded: false, isClosed: false }
    connections.push(connection)
    socket.on('data', piece => {
      const text = piece.toString('latin1')
      connection.received += text
      onData(connection, text)
    })
    socket.on('end', () => {
      connection.hasEnded = true
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      connection.isClosed = true
    })
    onConnect(connection)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    connections,
    received: () => connections.map(connection => connection.received).join(''),
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers every complete request head (with a body that has come along) with the same bytes. */
export function answering(answer: string): (connection: UpstreamConnection, piece: string) => void {
  return ({ socket }, piece) => {
    for (let i = piece.split('\r\n\r\n').length - 1; i > 0; i--) socket.write(answer, 'latin1')
  }
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
