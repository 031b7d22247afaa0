import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** A TCP server that keeps the text it gets. */
export async function startTcpSink(port = 0): Promise<TcpSink> {
  const sockets = new Set<Socket>()
  let text = ''
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('data', chunk => {
      text += chunk.toString()
      server.emit('text')
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port: bound,
    address: `127.0.0.1:${bound}`,
    async lines(count) {
      const lines = () => text.split('\n').slice(0, -1)
      while (lines().length < count) await once(server, 'text')
      return lines()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

export interface TcpSink extends AsyncDisposable {
  readonly port: number
  readonly address: string
  /** Resolves when that many lines have come. */
  lines(count: number): Promise<string[]>
}
