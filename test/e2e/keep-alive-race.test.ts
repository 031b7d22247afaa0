import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startDataPath } from '../harness/start-data-path.ts'

// An upstream that hangs up on idle connections after so long, and requests that come a moment before, then, and a moment after.

const IDLE_MS = 30
const ROUNDS = 8
const CLIENTS = 8

function post(id: string): string {
  return `${request(`POST /${id} HTTP/1.1`, 'Host: a', 'Content-Length: 2')}ab`
}

for (const how of ['end', 'resetAndDestroy'] as const) {
  for (const offset of [-1, 0, 1]) {
    test(`requests ${offset} ms off the moment at which the upstream hangs up (${how}): no GET fails, no POST is done twice`, async () => {
      await using upstream = await startRawUpstream(connection => {
        const { socket } = connection
        if (!connection.received.endsWith('\r\n\r\n') && !connection.received.endsWith('ab')) return
        socket.write(OK)
        clearTimeout(timers.get(connection))
        timers.set(
          connection,
          setTimeout(() => socket[how](), IDLE_MS),
        )
      })
      const timers = new Map<object, NodeJS.Timeout>()
      await using fabio = await startDataPath({ routes: `route add svc / ${upstream.url}` })
      const statuses: string[] = []
      await Promise.all(
        Array.from({ length: CLIENTS }, async (_, c) => {
          await using client = await RawClient.connect(fabio.port)
          for (let i = 0; i < ROUNDS; i++) {
            const isPost = (c + i) % 2 === 0
            const sent = isPost ? post(`${c}-${i}`) : request(`GET /${c}-${i} HTTP/1.1`, 'Host: a')
            statuses.push(`${isPost ? 'POST' : 'GET'} ${(await client.ask(sent, 15_000)).status}`)
            await sleep(IDLE_MS + offset)
          }
        }),
      )
      for (const timer of timers.values()) clearTimeout(timer)
      for (const status of statuses) assert.match(status, /^GET 200$|^POST (?:200|502)$/)
      assert.equal(statuses.length, CLIENTS * ROUNDS)
      const done = [...upstream.received().matchAll(/^POST (\S+)/gm)].map(([, id]) => id)
      assert.equal(new Set(done).size, done.length, 'a POST came twice')
    })
  }
}

const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

describe('bytes that nobody asked for, on a connection at rest', () => {
  for (const { name, bytes } of [
    { name: 'a whole answer', bytes: POISON },
    { name: 'the beginning of an answer', bytes: POISON.slice(0, 20) },
    { name: 'an interim answer', bytes: 'HTTP/1.1 103 X\r\n\r\n' },
    { name: 'an end of line', bytes: '\r\n' },
    { name: 'one byte', bytes: 'H' },
    {
      name: '408, as servers say before they hang up',
      bytes: 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
    },
    { name: 'a hundred answers', bytes: POISON.repeat(100) },
  ]) {
    test(`answer nobody: ${name}`, async () => {
      await using upstream = await startRawUpstream(connection => {
        if (!connection.received.endsWith('\r\n\r\n')) return
        const isPoisoned = connection.received.includes('/poison')
        connection.socket.write(OK, () => isPoisoned && setTimeout(() => connection.socket.write(bytes), 5))
      })
      await using fabio = await startDataPath({ routes: `route add svc / ${upstream.url}` })
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 5; i++) {
        assert.equal((await client.ask(request('GET /poison HTTP/1.1', 'Host: a'), 15_000)).body, 'ok')
        const poisoned = upstream.connections.at(-1)
        while (poisoned !== undefined && !poisoned.isClosed && !poisoned.hasEnded) await sleep(1)
        assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'), 15_000)).body, 'ok')
        assert.equal(client.received, '')
        for (const { socket } of upstream.connections) socket.destroy()
      }
    })
  }
})
