import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { SERVER_NAME } from '../setup.ts'

const FILE = 'client-hello'

/** Keeps what a client of TLS begins with that asks for `SERVER_NAME`. */
export async function saveClientHello(folder: string): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = tls.connect({ port, host: '127.0.0.1', servername: SERVER_NAME, rejectUnauthorized: false })
  // Nobody answers it.
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [hello] = (await once(socket, 'data')) as [Buffer]
  writeFileSync(join(folder, FILE), hello)
  client.destroy()
  socket.destroy()
  server.close()
}

export function readClientHello(folder: string): Buffer {
  return readFileSync(join(folder, FILE))
}
