import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../harness/raw-client.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

test('what is counted of TCP: connections, failures, missing routes, and the bytes of each direction', async () => {
  const [routed = 0, lost = 0, refused = 0, scraped = 0, closed = 0] = await findPorts(5)
  await using upstream = await startRawUpstream(
    ({ socket }, piece) => void socket.write(`${piece}${piece}`),
    ({ socket }) => void socket.on('end', () => socket.end()),
  )
  const listeners = [routed, lost, refused].map(port => `127.0.0.1:${port};proto=tcp`)
  await using _fabio = await startFabio({
    addr: [...listeners, `127.0.0.1:${scraped};proto=prometheus`].join(','),
    routes: [
      `route add svc :${routed} tcp://127.0.0.1:${upstream.port} opts "pxyproto=true"`,
      `route add gone :${refused} tcp://127.0.0.1:${closed}`,
    ].join('\n'),
    flags: ['-metrics.target', 'prometheus', '-metrics.prefix', '', '-metrics.interval', '1s'],
  })
  await using client = await RawClient.connect(routed)
  client.socket.end('12345')
  const received = await client.ended()
  assert.match(received, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 /, 'the upstream, an echo, got the line first')
  for (const port of [lost, lost, refused]) {
    await using other = await RawClient.connect(port)
    assert.equal(await other.ended(), '')
  }

  const values = new Map<string, number>()
  await until('everything is counted', async () => {
    const text = await (await fetch(`http://127.0.0.1:${scraped}/metrics`)).text()
    values.clear()
    for (const line of text.split('\n')) {
      const [, name, value] = /^(\w+?)(?:_total)?(?:\{.*\})? ([0-9.]+)$/.exec(line) ?? []
      if (name !== undefined) values.set(name, (values.get(name) ?? 0) + Number(value))
    }
    return [...values].some(([name, value]) => name.endsWith('tcp_conn') && value === 4)
  })
  const of = (name: string): number | undefined => [...values].find(([key]) => key.endsWith(name))?.[1]
  assert.deepEqual(
    { failures: of('tcp_connfail'), lost: of('tcp_noroute'), notFound: of('notfound') },
    { failures: 1, lost: 2, notFound: 2 },
  )
  // As in the original the PROXY line is no part of what is carried.
  assert.deepEqual({ up: of('route_tx'), down: of('route_rx') }, { up: 5, down: received.length })
})

test('all threads take turns by the same counts', async () => {
  const [port = 0] = await findPorts(1)
  await using one = await startRawUpstream(({ socket }) => void socket.end('1'))
  await using two = await startRawUpstream(({ socket }) => void socket.end('2'))
  await using _fabio = await startFabio({
    addr: `127.0.0.1:${port};proto=tcp`,
    routes: [one, two].map(upstream => `route add svc :${port} tcp://127.0.0.1:${upstream.port}`).join('\n'),
    flags: ['-proxy.strategy', 'rr'],
  })
  let seen = ''
  for (let i = 0; i < 8; i++) {
    await using client = await RawClient.connect(port)
    client.send('x')
    seen += await client.ended()
  }
  assert.match(seen, /^(?:12121212|21212121)$/)
})
