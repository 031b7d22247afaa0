import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RawClient, request } from '../../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../../harness/raw-upstream.ts'
import { startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'

const PIECE = 'x'.repeat(65_536)
const CLIENTS = 20
/** What a connection may hold beyond what the system takes: a read or two of either side. */
const MAX_HELD = 300_000

/** Resolves when the number has stayed the same for a while. */
async function untilStill(what: string, count: () => number): Promise<number> {
  let last = -1
  let since = performance.now()
  await until(`${what} comes to a stop`, () => {
    const now = count()
    if (now !== last) {
      last = now
      since = performance.now()
    }
    return last > 0 && performance.now() - since > 300
  })
  return last
}

describe('who is slow holds up the other side, not memory', () => {
  for (const framing of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked', 'Connection: close']) {
    test(`clients that do not read an endless answer (${framing})`, async () => {
      await using upstream = await startRawUpstream(({ socket }) => {
        if (socket.bytesWritten > 0) return
        const isChunked = framing.includes('chunked')
        const piece = isChunked ? `10000\r\n${PIECE}\r\n` : PIECE
        const pour = (): void => {
          while (socket.writable && socket.write(piece)) {}
        }
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`)
        socket.on('drain', pour)
        pour()
      })
      await using path = await startDataPath({ routes: `route add svc / ${upstream.url}` })
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(path.port)))
      for (const { socket } of clients) socket.pause()
      for (const client of clients) client.send(request('GET / HTTP/1.1', 'Host: a'))
      await until('all are served', () => upstream.connections.length === CLIENTS)
      await untilStill('what the upstreams may send', () =>
        upstream.connections.reduce((sum, { socket }) => sum + socket.bytesWritten - socket.writableLength, 0),
      )
      for (const link of path.links) assert.ok(link.pendingBytes < MAX_HELD, `${link.pendingBytes} bytes are held`)
      for (const client of clients) await client[Symbol.asyncDispose]()
      await until('nothing is left', () => path.upstreams.count().open === 0 && path.headsInUse === 0)
    })
  }

  for (const framing of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
    test(`upstreams that do not read an endless request (${framing})`, async () => {
      await using upstream = await startRawUpstream(
        () => {},
        ({ socket }) => socket.pause(),
      )
      await using path = await startDataPath({ routes: `route add svc / ${upstream.url}` })
      const before = process.memoryUsage().rss
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(path.port)))
      for (const client of clients) {
        client.send(request('POST / HTTP/1.1', 'Host: a', framing))
        const piece = framing.includes('chunked') ? `10000\r\n${PIECE}\r\n` : PIECE
        const pour = (): void => {
          while (client.socket.writable && client.socket.write(piece, 'latin1')) {}
        }
        client.socket.on('drain', pour)
        pour()
      }
      await untilStill('what the clients may send', () =>
        clients.reduce((sum, { socket }) => sum + socket.bytesWritten - socket.writableLength, 0),
      )
      const perConnection = (process.memoryUsage().rss - before) / CLIENTS
      assert.ok(perConnection < 4_000_000, `${perConnection} bytes a connection, clients and upstreams included`)
      // Behind a full pipe nobody sees the client leave; the end of the upstream frees both.
      for (const client of clients) await client[Symbol.asyncDispose]()
      for (const { socket } of upstream.connections) socket.destroy()
      await until('nothing is left', () => path.upstreams.count().open === 0 && path.headsInUse === 0)
    })
  }
})

test('a connection that is used again and again collects no listeners and no deadlines', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  await using path = await startDataPath({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(path.port)
  const listeners = (): string => {
    const socket = path.links[0]?.socket
    return JSON.stringify(socket?.eventNames().map(name => [String(name), socket.listenerCount(name)]))
  }
  const ask = async (): Promise<void> => {
    assert.equal((await client.ask(request('GET / HTTP/1.1', 'Host: a'))).body, 'ok')
  }
  for (let i = 0; i < 3; i++) await ask()
  const before = listeners()
  const deadlines = path.deadlinesInUse
  for (let i = 0; i < 1000; i++) await ask()
  assert.equal(listeners(), before)
  assert.equal(path.deadlinesInUse, deadlines)
  assert.equal(upstream.connections.length, 1)
})
