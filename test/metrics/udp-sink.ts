import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A UDP server that keeps what it gets. */
export async function startUdpSink(port = 0): Promise<UdpSink> {
  const datagrams: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', message => datagrams.push(message.toString()))
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    address: `127.0.0.1:${socket.address().port}`,
    datagrams,
    async lines(count) {
      const lines = () => datagrams.join('').split('\n').slice(0, -1)
      while (lines().length < count) await once(socket, 'message')
      return lines()
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

export interface UdpSink extends AsyncDisposable {
  readonly port: number
  readonly address: string
  readonly datagrams: readonly string[]
  /** Resolves when that many lines have come. */
  lines(count: number): Promise<string[]>
}
