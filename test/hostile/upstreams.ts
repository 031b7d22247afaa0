import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { generateAnswers } from '../framing/generate.ts'
import { Random } from '../framing/random.ts'

const PIECE = Buffer.alloc(65_536, 'x')
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

interface Upstream extends AsyncDisposable {
  readonly url: string
}

/** Answers `GET /good/TOKEN` with the token, and counts nothing: it serves for hours. */
export function startGoodUpstream(): Promise<Upstream> {
  return start((socket, piece) => {
    for (const [, token = ''] of piece.matchAll(/^\S+ \/good\/(\S+) HTTP\/1\.1$/gm))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${token.length}\r\n\r\n${token}`)
  })
}

/** Does with each request what its path says; under `/answer/N` it sends answer N of the fuzz. */
export function startHostileUpstream(seed: number): Promise<Upstream> {
  return start((socket, piece) => {
    const [, kind = '', number = '0'] = /^\S+ \/([a-z]*)\/?(\d*)/.exec(piece) ?? []
    switch (kind) {
      case 'answer':
        socket.write(generateAnswers(new Random(seed, Number(number))), 'latin1')
        return Number(number) % 3 === 0 ? socket.resetAndDestroy() : socket.end()
      case 'never':
        return
      case 'endless':
        return pour(socket)
      case 'reset':
        return socket.resetAndDestroy()
      case 'poison':
        // The second one answers nobody, as soon as the connection is idle or some time after.
        socket.write(OK)
        setTimeout(() => socket.writable && socket.write(OK.replace('ok', 'NO')), Number(number) % 20)
        return
      case 'cut':
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel')
        return void socket.destroySoon()
      default:
        if (piece.includes('\r\n\r\n')) socket.write(OK)
    }
  })
}

function pour(socket: Socket): void {
  if (socket.listenerCount('drain') > 0) return
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  const go = (): void => {
    while (socket.writable && socket.write(PIECE)) {}
  }
  socket.on('drain', go)
  go()
}

async function start(onData: (socket: Socket, piece: string) => void): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('data', piece => onData(socket, piece.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
