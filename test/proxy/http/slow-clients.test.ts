import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHttpUpstream } from '../../harness/http-upstream.ts'
import { RawClient, request } from '../../harness/raw-client.ts'
import { type DataPath, startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'

const PIECE = 'x'.repeat(65_536)
/** Longer than a client that still sends is given to take its answer. */
const STALL_MS = 2500

/** How much of an answer the system takes for a client that does not read. */
async function measureCapacity(path: DataPath): Promise<number> {
  await using client = await RawClient.connect(path.port)
  client.socket.pause()
  client.send(request('GET /endless HTTP/1.1', 'Host: a'))
  await until('the connection is full', () => (path.links.at(-1)?.pendingBytes ?? 0) > 0)
  await sleep(200)
  const link = path.links.at(-1)
  return (link?.socket.bytesWritten ?? 0) - (link?.pendingBytes ?? 0)
}

for (const { name, flags, version, lines } of [
  { name: 'before the connection ends on request', flags: [], version: '1.1', lines: ['Connection: close'] },
  { name: 'before the connection of HTTP/1.0 ends', flags: [], version: '1.0', lines: [] },
  {
    name: 'before the connection is idle for too long',
    flags: ['-proxy.addr', '127.0.0.1:0;it=1s'],
    version: '1.1',
    lines: [],
  },
]) {
  test(`the last bytes of an answer reach a slow client ${name}`, async () => {
    await using upstream = await startHttpUpstream(asked => {
      const size = Number(asked.target.slice(1))
      if (!Number.isNaN(size))
        return asked.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'y'.repeat(size)}`)
      const { socket } = asked.connection
      const pour = (): void => {
        while (socket.writable && socket.write(PIECE)) {}
      }
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('drain', pour)
      pour()
    })
    await using path = await startDataPath({ routes: `route add svc / ${upstream.url}`, flags })
    const capacity = await measureCapacity(path)
    // Where exactly the system stops taking bytes differs a little: one of these ends just behind.
    const sizes = Array.from({ length: 24 }, (_, i) => capacity + (i - 8) * 16_384)
    await Promise.all(
      sizes.map(async size => {
        await using client = await RawClient.connect(path.port)
        client.socket.pause()
        client.send(request(`GET /${size} HTTP/${version}`, 'Host: a', ...lines))
        await sleep(STALL_MS)
        client.socket.resume()
        await client.ended()
        assert.equal((await client.answer()).body.length, size)
      }),
    )
  })
}

test('a client that asks on and on and reads nothing is not listened to any more', async () => {
  const large = 'x'.repeat(8000)
  await using upstream = await startHttpUpstream(asked => {
    asked.send(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}`)
  })
  const ours = `route add ours ours.test/ http://b.test/${large} opts "redirect=301"`
  await using path = await startDataPath({ routes: `${ours}\nroute add svc up.test/ ${upstream.url}` })
  for (const host of ['ours.test', 'up.test']) {
    await using client = await RawClient.connect(path.port)
    client.socket.pause()
    const asking = request('GET / HTTP/1.1', `Host: ${host}`, `X-Pad: ${'p'.repeat(2000)}`).repeat(100)
    let asked = 0
    const pendingBytes = () => Math.max(...path.links.map(link => (link.isOpen ? link.pendingBytes : 0)))
    for (let stops = 0; stops < 20 || pendingBytes() === 0; ) {
      if (client.socket.writableLength < 1_000_000) {
        client.socket.write(asking)
        asked += 100
        stops = 0
        await new Promise(resolve => setImmediate(resolve))
      } else {
        stops++
        await sleep(20)
      }
    }
    assert.ok(pendingBytes() < 200_000, `${pendingBytes()} bytes of answers wait to be read`)
    client.socket.resume()
    client.send(request('GET / HTTP/1.1', `Host: ${host}`, 'Connection: close'))
    const answers = (await client.ended(60_000)).split('HTTP/1.1 ').length - 1
    assert.equal(answers, asked + 1)
  }
})
