// One side of the comparison: an upstream that says what it saw, and a client that says what it got.

import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Seen {
  readonly line: string
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string
}

export interface Outcome {
  readonly status: number
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string
}

/** Answers that X-Reply chooses from. */
const REPLIES = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 201 Created\r\nContent-Type: a/b\r\nLocation: /x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nEtag: "x"\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone',
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nX-Stay: 1\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nServer: up\r\nContent-Length: 3\r\n\r\nbad',
] as const

interface Message {
  readonly start: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly rest: Buffer
}

export interface Upstream extends AsyncDisposable {
  readonly port: number
  /** Requests since the last call. */
  take(): readonly Seen[]
}

export async function startEcho(): Promise<Upstream> {
  let seen: Seen[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let buffer: Buffer = Buffer.alloc(0)
    socket.on('data', piece => {
      buffer = Buffer.concat([buffer, Buffer.from(piece)])
      for (
        let message = takeMessage(buffer, false, 'GET');
        message !== undefined;
        message = takeMessage(buffer, false, 'GET')
      ) {
        buffer = message.rest
        seen.push({ line: message.start, headers: group(message.headers), body: message.body })
        const choice = Number(message.headers.find(([name]) => name === 'x-reply')?.[1] ?? 0)
        const reply = REPLIES[choice] ?? REPLIES[0]
        const isHead = message.start.startsWith('HEAD ')
        socket.write(isHead ? reply.slice(0, reply.indexOf('\r\n\r\n') + 4) : reply, 'latin1')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    take() {
      const taken = seen
      seen = []
      return taken
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A connection to a router on which requests are made one after the other, opened anew when the router ends it. */
export class Asker implements Disposable {
  private readonly port: number
  private socket: Socket | undefined

  constructor(port: number) {
    this.port = port
  }

  async ask(bytes: string, method: string): Promise<Outcome> {
    const socket = await this.open()
    socket.write(bytes, 'latin1')
    let buffer: Buffer = Buffer.alloc(0)
    return await new Promise<Outcome>((resolve, reject) => {
      const timer = setTimeout(() => end(new Error('no answer')), 5000)
      const end = (outcome: Outcome | Error): void => {
        clearTimeout(timer)
        socket.removeAllListeners('data')
        socket.removeAllListeners('end')
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      socket.on('data', piece => {
        buffer = Buffer.concat([buffer, Buffer.from(piece)])
        const message = takeMessage(buffer, true, method)
        if (message === undefined) return
        const headers = group(message.headers)
        if (headers.connection?.includes('close')) this.drop()
        end({ status: Number(message.start.split(' ')[1]), headers, body: message.body })
      })
      socket.on('end', () => {
        this.drop()
        end({ status: 0, headers: {}, body: buffer.toString('latin1') })
      })
    })
  }

  [Symbol.dispose](): void {
    this.drop()
  }

  private async open(): Promise<Socket> {
    if (this.socket === undefined) {
      this.socket = connect(this.port, '127.0.0.1')
      this.socket.on('error', () => this.drop())
      await once(this.socket, 'connect')
    }
    return this.socket
  }

  private drop(): void {
    this.socket?.destroy()
    this.socket = undefined
  }
}

function group(headers: readonly (readonly [string, string])[]): Record<string, readonly string[]> {
  const grouped = Map.groupBy(headers, ([name]) => name)
  const sorted = [...grouped].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, lines]) => [name, lines.map(([, value]) => value)]))
}

/** Just enough HTTP to cut a message out of bytes. */
function takeMessage(buffer: Buffer, isResponse: boolean, method: string): Message | undefined {
  const end = buffer.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [start = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n')
  const headers = lines.map(line => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const from = end + 4
  const value = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1]
  const status = Number(start.split(' ')[1])
  const done = (body: string, to: number): Message => ({ start, headers, body, rest: buffer.subarray(to) })
  if (isResponse && (method === 'HEAD' || status === 204 || status === 304)) return done('', from)
  if (value('transfer-encoding') === 'chunked') {
    let body = ''
    let at = from
    for (;;) {
      const lineEnd = buffer.indexOf('\r\n', at)
      if (lineEnd < 0) return undefined
      const size = Number.parseInt(buffer.toString('latin1', at, lineEnd), 16)
      at = lineEnd + 2
      if (buffer.length < at + size + 2) return undefined
      if (size === 0) return done(body, at + 2)
      body += buffer.toString('latin1', at, at + size)
      at += size + 2
    }
  }
  const length = Number(value('content-length') ?? 0)
  if (buffer.length < from + length) return undefined
  return done(buffer.toString('latin1', from, from + length), from + length)
}
