// What hostile clients do, one connection a time. Each ends by itself or is cut by the router, within seconds.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateRequests } from '../framing/generate.ts'
import type { Random } from '../framing/random.ts'

export interface Attack {
  readonly name: string
  /** How many at a time. */
  readonly width: number
  readonly run: (port: number, random: Random) => Promise<void>
}

const HOST = 'Host: a\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'
/** Longer than every time limit of the router under attack. */
const PATIENCE_MS = 12_000

/** Runs `act` on a new connection, and waits until the connection has ended, by itself or by force. */
async function onConnection(port: number, act: (socket: Socket) => Promise<void> | void): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const closed = once(socket, 'close').catch(() => {})
  socket.on('error', () => {})
  const giveUp = setTimeout(() => socket.destroy(), PATIENCE_MS)
  try {
    await once(socket, 'connect')
    socket.on('end', () => socket.end())
    await act(socket)
  } catch {
    socket.destroy()
  }
  await closed
  clearTimeout(giveUp)
}

async function send(socket: Socket, text: string, times = 1): Promise<void> {
  for (let i = 0; i < times && socket.writable; i++) {
    if (!socket.write(text, 'latin1')) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
  }
}

/** Sends piece by piece, with pauses, for as long as the router takes it. */
async function drip(socket: Socket, start: string, piece: string, pauseMs: number): Promise<void> {
  socket.resume()
  await send(socket, start)
  while (socket.writable && !socket.readableEnded) {
    await sleep(pauseMs)
    await send(socket, piece)
  }
}

const leave = (socket: Socket, random: Random): void =>
  void (random.chance(50) ? socket.resetAndDestroy() : socket.end())

export const ATTACKS: readonly Attack[] = [
  {
    name: 'requests of the fuzz',
    width: 8,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        await send(socket, generateRequests(random))
        if (random.chance(50)) await sleep(random.below(20))
        leave(socket, random)
      }),
  },
  {
    name: 'answers of the fuzz',
    width: 8,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        await send(socket, `GET /answer/${random.below(1e9)} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`)
        await Promise.race([once(socket, 'end'), once(socket, 'close')])
      }),
  },
  {
    name: 'slow heads',
    width: 100,
    run: port => onConnection(port, socket => drip(socket, `GET / HTTP/1.1\r\n${HOST}`, 'X: y\r\n', 200)),
  },
  {
    name: 'slow bodies',
    width: 100,
    run: port =>
      onConnection(port, socket => drip(socket, `POST /never HTTP/1.1\r\n${HOST}${CHUNKED}`, '1\r\nx\r\n', 200)),
  },
  {
    name: 'readers that do not read',
    width: 30,
    run: port => onConnection(port, socket => send(socket, `GET /endless HTTP/1.1\r\n${HOST}\r\n`)),
  },
  {
    name: 'silent connections',
    width: 200,
    run: port => onConnection(port, socket => void socket.resume()),
  },
  {
    name: 'heads without end',
    width: 10,
    run: port =>
      onConnection(port, async socket => {
        socket.resume()
        await send(socket, `GET / HTTP/1.1\r\n${HOST}`)
        await send(socket, `X: ${'y'.repeat(65_000)}\r\n`, 40)
      }),
  },
  {
    name: 'long heads in small pieces',
    width: 5,
    run: port =>
      onConnection(port, async socket => {
        socket.resume().setNoDelay()
        await send(socket, `GET / HTTP/1.1\r\n${HOST}`)
        await send(socket, `X: ${'y'.repeat(75)}\r\n`, 950)
        await send(socket, 'X: ')
        await send(socket, 'y'.repeat(80), 12_000)
        socket.resetAndDestroy()
      }),
  },
  {
    name: 'heads of ten thousand lines',
    width: 5,
    run: port =>
      onConnection(port, async socket => send(socket.resume(), `GET / HTTP/1.1\r\n${'a:\r\n'.repeat(10_000)}\r\n`)),
  },
  {
    name: 'chunks of one byte',
    width: 5,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        await send(socket, `POST /${random.pick(['', 'never'])} HTTP/1.1\r\n${HOST}${CHUNKED}`)
        await send(socket, '1\r\nx\r\n'.repeat(1000), 100)
        socket.resetAndDestroy()
      }),
  },
  {
    name: 'extensions and trailers without end',
    width: 5,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        await send(socket, `POST / HTTP/1.1\r\n${HOST}${CHUNKED}${random.chance(50) ? '5;a' : '0\r\n'}`)
        await send(socket, random.chance(50) ? 'x'.repeat(10_000) : 'x: y\r\n'.repeat(2000), 100)
      }),
  },
  {
    name: 'ten thousand requests and no reading',
    width: 3,
    run: port => onConnection(port, socket => send(socket, `GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(100), 100)),
  },
  {
    name: 'clients that leave',
    width: 20,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        const path = random.pick(['/', '/never', '/endless', '/cut', '/reset'])
        const text = `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\n0123456789`
        await send(socket, text.slice(0, random.below(text.length + 1)))
        await sleep(random.below(10))
        leave(socket, random)
      }),
  },
  {
    name: 'connections opened and dropped',
    width: 50,
    run: (port, random) => onConnection(port, socket => leave(socket.resume(), random)),
  },
  {
    name: 'idle poison',
    width: 5,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        for (let i = 0; i < 20 && socket.writable; i++) {
          await send(socket, `GET /poison/${random.below(1000)} HTTP/1.1\r\n${HOST}\r\n`)
          await sleep(random.below(30))
        }
        socket.end()
      }),
  },
  {
    name: 'tunnels to nowhere',
    width: 10,
    run: (port, random) =>
      onConnection(port, async socket => {
        socket.resume()
        const lines = `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`
        await send(socket, `GET /${random.pick(['', 'never', 'reset', 'cut'])} HTTP/1.1\r\n${lines}\x81\x05hello`)
        await sleep(random.below(50))
        leave(socket, random)
      }),
  },
]
