import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { createRandom, MarkedStream } from '../harness/marked-stream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

// A thread reads all its connections into one buffer. Whatever is mixed up, kept too long or written too late shows as a byte
// of a stranger: every stream here is made of bytes that only it has.

const CONNECTIONS = 150
const ROUNDS = 6
const MAX_BODY = 300_000
const FLOODS = 16
const FLOOD_BYTES = 10 * 1024 * 1024
const LOOK_AWAY_MS = 800

let echo: Server
let fabio: RunningFabio
let tcpPort = 0

before(async () => {
  // Sends everything back as it comes, now and then late, behind an answer of no length when it was asked by HTTP.
  const random = createRandom(1)
  echo = createServer({ allowHalfOpen: true }, socket => {
    let isAnswered = false
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('data', piece => {
      const bytes = Buffer.from(piece)
      const headEnd = isAnswered ? -1 : bytes.indexOf('\r\n\r\n')
      if (!isAnswered && bytes.subarray(0, 5).toString('latin1') === 'POST ') {
        const length = /content-length: (\d+)/i.exec(bytes.toString('latin1'))?.[1]
        socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`)
      }
      isAnswered = true
      if (!socket.write(bytes.subarray(headEnd === -1 ? 0 : headEnd + 4))) {
        socket.pause()
        socket.once('drain', () => socket.resume())
      } else if (random(4) === 0) {
        socket.pause()
        setTimeout(() => socket.resume(), random(10))
      }
    })
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const address = echo.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  ;[tcpPort = 0] = await findPorts(1)
  fabio = await startFabio({
    addr: `127.0.0.1:0,127.0.0.1:${tcpPort};proto=tcp`,
    routes: `route add svc / http://127.0.0.1:${port}/\nroute add tcp :${tcpPort} tcp://127.0.0.1:${port}`,
    flags: ['-runtime.gomaxprocs', '1'],
  })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  echo.close()
})

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** Sends the stream in pieces of all sizes, and checks what comes back behind `headBytes()` bytes. */
async function exchange(
  socket: Socket,
  stream: MarkedStream,
  length: number,
  random: (below: number) => number,
  hasHead: boolean,
): Promise<void> {
  let sent = 0
  let checked = 0
  let head = hasHead ? Buffer.alloc(0) : undefined
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const send = (): void => {
    while (sent < length) {
      const size = Math.min(length - sent, random(3) === 0 ? 1 + random(100_000) : 1 + random(2000))
      const goesOn = socket.write(stream.bytes(sent, size))
      sent += size
      if (!goesOn) return void socket.once('drain', send)
      if (random(3) === 0) return void setTimeout(send, random(5))
    }
  }
  const onData = (piece: Buffer): void => {
    let bytes = piece
    if (head !== undefined) {
      head = Buffer.concat([head, piece])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      bytes = head.subarray(end + 4)
      head = undefined
    }
    const wrong = stream.firstWrong(bytes, checked)
    if (wrong !== -1) return reject(new Error(`byte ${wrong} of ${length} is a stranger's`))
    checked += bytes.length
    if (checked === length) resolve()
    if (random(5) === 0) {
      socket.pause()
      setTimeout(() => socket.resume(), random(8))
    }
  }
  socket.on('data', onData)
  socket.once('close', () => reject(new Error(`the connection ended after ${checked} of ${length} bytes`)))
  send()
  await promise
  socket.off('data', onData)
}

test('no byte of one connection ever shows up in another, over HTTP', async () => {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const random = createRandom(1000 + i)
      const socket = await open(fabio.port)
      for (let round = 0; round < ROUNDS; round++) {
        const length = 1 + random(random(2) === 0 ? 3000 : MAX_BODY)
        socket.write(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`)
        await exchange(socket, new MarkedStream(i * ROUNDS + round), length, random, true)
        socket.removeAllListeners('close')
      }
      socket.destroy()
    }),
  )
})

test('no byte of one connection ever shows up in another, over TCP and HTTP at a time', async () => {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const random = createRandom(5000 + i)
      const isTcp = i % 2 === 0
      const socket = await open(isTcp ? tcpPort : fabio.port)
      const length = 1 + random(MAX_BODY * 2)
      if (!isTcp) socket.write(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`)
      await exchange(socket, new MarkedStream(100_000 + i), length, random, !isTcp)
      socket.removeAllListeners('close')
      socket.destroy()
    }),
  )
})

/** Sends so much that all buffers on the way are full while the receiver looks away. What comes before an empty line is skipped. */
async function flood(from: Socket, to: Socket, stream: MarkedStream, random: (below: number) => number): Promise<void> {
  const pieceBytes = 1000 + random(100_000)
  let sent = 0
  let checked = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const send = (): void => {
    if (sent === FLOOD_BYTES) return
    const size = Math.min(pieceBytes, FLOOD_BYTES - sent)
    const goesOn = from.write(stream.bytes(sent, size))
    sent += size
    if (goesOn) setImmediate(send)
    else from.once('drain', send)
  }
  to.pause()
  setTimeout(() => to.resume(), LOOK_AWAY_MS)
  let isInHead = true
  to.on('data', (piece: Buffer) => {
    const body = isInHead ? piece.subarray(piece.indexOf('\r\n\r\n') + 4) : piece
    isInHead = false
    const wrong = stream.firstWrong(body, checked)
    if (wrong !== -1) return reject(new Error(`byte ${wrong} is a stranger's`))
    checked += body.length
    if (checked === FLOOD_BYTES) resolve()
    if (random(20) !== 0) return
    to.pause()
    setTimeout(() => to.resume(), random(30))
  })
  to.once('close', () => reject(new Error(`the connection ended after ${checked} bytes`)))
  send()
  await promise
}

const LENGTH = `Content-Length: ${FLOOD_BYTES}\r\n\r\n`

for (const { name, isTcp, request, answer } of [
  { name: 'over TCP', isTcp: true, request: 'hello\r\n\r\n', answer: 'hello\r\n\r\n' },
  {
    name: 'over HTTP, down',
    isTcp: false,
    request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    answer: `HTTP/1.1 200 OK\r\n${LENGTH}`,
  },
  { name: 'over HTTP, up', isTcp: false, request: `POST / HTTP/1.1\r\nHost: a\r\n${LENGTH}`, answer: '' },
]) {
  test(`no byte of one connection ever shows up in another that is too slow, ${name}`, async () => {
    const ends: Socket[] = []
    await using server = await startPairing(ends)
    const [port = 0] = await findPorts(1)
    await using own = await startFabio({
      addr: `127.0.0.1:0,127.0.0.1:${port};proto=tcp`,
      routes: `route add svc / http://127.0.0.1:${server.port}/\nroute add tcp :${port} tcp://127.0.0.1:${server.port}`,
      flags: ['-runtime.gomaxprocs', '1'],
    })
    const pairs: [Socket, Socket][] = []
    for (let i = 0; i < FLOODS; i++) {
      const client = await open(isTcp ? port : own.port)
      client.write(request)
      await until('the other end is here', () => ends.length > i)
      const end = ends[i]!
      if (answer !== '') end.write(answer)
      const goesUp = answer === '' || (isTcp && i % 2 === 0)
      if (isTcp && i % 2 === 0) client.once('data', () => {})
      pairs.push(goesUp ? [client, end] : [end, client])
    }
    await Promise.all(pairs.map(([from, to], i) => flood(from, to, new MarkedStream(i), createRandom(9000 + i))))
    for (const socket of pairs.flat()) socket.removeAllListeners('close').destroy()
  })
}

async function startPairing(ends: Socket[]): Promise<AsyncDisposable & { port: number }> {
  const server = createServer({ allowHalfOpen: true }, socket => ends.push(socket.on('error', () => {}).pause()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, [Symbol.asyncDispose]: () => new Promise(resolve => void server.close(() => resolve())) }
}

test('the streams of this test do tell each other apart', () => {
  assert.notEqual(new MarkedStream(1).firstWrong(new MarkedStream(2).bytes(0, 100), 0), -1)
  assert.notEqual(new MarkedStream(1).firstWrong(new MarkedStream(1).bytes(1, 100), 0), -1)
})
