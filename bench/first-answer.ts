import http2 from 'node:http2'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { readClientHello } from './load/client-hello.ts'
import { httpMessages, type Load } from './load/load.ts'
import type { PinnedProcess } from './pinned-process.ts'
import { SERVER_NAME, type Setup } from './setup.ts'

const LIMIT_MS = 180_000
const PAUSE_MS = 2

export interface FirstAnswerOptions {
  readonly port: number
  readonly setup: Setup
  readonly load?: Load
  readonly scratch: string
}

/** Resolves when the proxy has given its first answer that comes from the upstream. */
export async function firstAnswer(server: PinnedProcess, options: FirstAnswerOptions): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  const ask = asker(options)
  while (!(await ask())) {
    if (server.hasEnded || performance.now() > deadline)
      throw new Error(`no answer on ${options.port}:\n${server.output}`)
    await sleep(PAUSE_MS)
  }
}

/** Is an answer now what it should be? */
export function answersWell(options: FirstAnswerOptions): Promise<boolean> {
  return asker(options)()
}

function asker({ port, setup, load, scratch }: FirstAnswerOptions): () => Promise<boolean> {
  if (setup.kind === 'grpc') return () => calls(port)
  if (setup.kind === 'sni')
    return () => asks(connect(port, '127.0.0.1'), 'connect', readClientHello(scratch), 'HTTP/1.1 200')
  const { message, wanted } = question(setup, load)
  if (setup.kind !== 'https') return () => asks(connect(port, '127.0.0.1'), 'connect', message, wanted)
  const options = { port, host: '127.0.0.1', servername: SERVER_NAME, rejectUnauthorized: false }
  return () => asks(tls.connect(options), 'secureConnect', message, wanted)
}

function question(setup: Setup, load: Load | undefined): { readonly message: string; readonly wanted: string } {
  if (setup.kind === 'tcp') return { message: 'ping', wanted: 'ping' }
  const table = load?.kind === 'http' ? load.table : undefined
  const plain = { kind: 'http', connections: 1, path: '/small', ...(table === undefined ? {} : { table }) } as const
  return { message: httpMessages(plain)[0]?.head ?? '', wanted: 'HTTP/1.1 200' }
}

function asks(socket: Socket, ready: string, message: string | Buffer, wanted: string): Promise<boolean> {
  return new Promise(resolve => {
    socket.once(ready, () => socket.write(message))
    socket.once('data', bytes => {
      resolve(bytes.toString('latin1').startsWith(wanted))
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}

/** A call of gRPC that ends well. */
function calls(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    const end = (isGood: boolean): void => {
      resolve(isGood)
      session.destroy()
    }
    session.on('error', () => end(false))
    const headers = {
      ':method': 'POST',
      ':path': '/bench.Echo/Unary',
      'content-type': 'application/grpc',
      te: 'trailers',
    }
    const stream = session.request(headers)
    stream.on('error', () => end(false))
    stream.on('trailers', trailers => end(trailers['grpc-status'] === '0'))
    stream.on('close', () => end(false))
    stream.resume()
    stream.end(Buffer.alloc(5))
  })
}
