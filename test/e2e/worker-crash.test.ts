import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'
import { WorkerThreads } from '../harness/worker-threads.ts'

const GET = request('GET / HTTP/1.1', 'Host: a')

function named(name: string) {
  return startHttpUpstream(asked => asked.send(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`))
}

async function untilReplaced(threads: WorkerThreads, fabio: RunningFabio): Promise<void> {
  await until('there are two workers again', () => threads.all.length === 2)
  // The port is shared: only when a connection could be anybody's do all of them have to be served.
  await until('all connections are served', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => {
        try {
          await using client = await RawClient.connect(fabio.port)
          return (await client.ask(GET)).status
        } catch {
          return 0
        }
      }),
    )
    return statuses.every(status => status === 200)
  })
}

test('a worker that dies takes its own connections along, and no others', async () => {
  using threads = new WorkerThreads()
  await using upstream = await named('a')
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.connect(fabio.port)))
  for (const client of clients) await client.ask(GET)
  await threads.kill(0)
  await until('its connections are gone', () => clients.some(({ hasEnded, isClosed }) => hasEnded || isClosed))
  const survivors = clients.filter(({ hasEnded, isClosed }) => !hasEnded && !isClosed)
  assert.ok(
    survivors.length > 0 && survivors.length < clients.length,
    `${survivors.length} of ${clients.length} survive`,
  )
  for (const client of survivors) assert.equal((await client.ask(GET)).status, 200)
  await until('the log tells', () => /\[ERROR\] worker \d died and is replaced/.test(fabio.log()))
  await untilReplaced(threads, fabio)
  for (const client of clients) await client[Symbol.asyncDispose]()
})

test('the one that takes its place has the routes, those that came since, and the no-route page', async () => {
  using threads = new WorkerThreads()
  await using upstream = await named('a')
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url} opts "allow=ip:127.0.0.1"`,
    flags: ['-registry.static.noroutehtml', '<b>nothing</b>', '-runtime.gomaxprocs', '1'],
  })
  for (let round = 1; round <= 3; round++) {
    const { routes } = fabio.app
    routes.feed.setText('test', `route add new new.test/${round} ${upstream.url}`)
    routes.feed.setText('registry.static.routes', `route add svc host.test/ ${upstream.url}`)
    const dying = threads.kill(0)
    routes.commit()
    await dying
    await routes.settled()
    await until('the port is open', async () => (await fetch(fabio.url).catch(() => undefined)) !== undefined)
    const ask = (path: string, host: string) => ({ sent: request(`GET ${path} HTTP/1.1`, `Host: ${host}`) })
    for (const { path, host, status, body } of [
      { path: '/', host: 'host.test', status: 200, body: 'a' },
      { path: `/${round}`, host: 'new.test', status: 200, body: 'a' },
      { path: `/${round - 1}`, host: 'new.test', status: 404, body: '<b>nothing</b>' },
      { path: '/', host: 'none.test', status: 404, body: '<b>nothing</b>' },
    ]) {
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(ask(path, host).sent)
      assert.deepEqual([answer.status, answer.body], [status, body], `${host}${path} in round ${round}`)
    }
  }
})

test('targets go on taking turns as if nothing had happened', async () => {
  using threads = new WorkerThreads()
  await using a = await named('a')
  await using b = await named('b')
  const routes = `route add svc / ${a.url}\nroute add svc / ${b.url}`
  await using fabio = await startFabio({ routes, flags: ['-proxy.strategy', 'rr'] })
  const askOnNewConnections = async (): Promise<string> => {
    let names = ''
    for (let i = 0; i < 200; i++) {
      await using client = await RawClient.connect(fabio.port)
      names += (await client.ask(GET)).body
    }
    return names
  }
  assert.match(await askOnNewConnections(), /^(?:(?:ab)+|(?:ba)+)$/)
  await threads.kill(0)
  await untilReplaced(threads, fabio)
  assert.match(await askOnNewConnections(), /^(?:(?:ab)+|(?:ba)+)$/)
})

test('counters do not go backwards', async () => {
  using threads = new WorkerThreads()
  await using upstream = await named('a')
  const [port] = await findPorts(1)
  await using fabio = await startFabio({
    addr: `127.0.0.1:0,127.0.0.1:${port};proto=prometheus`,
    flags: ['-metrics.target', 'prometheus', '-metrics.prefix', 'fabio'],
    routes: `route add svc / ${upstream.url}`,
  })
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return Number(/^fabio_requests_count\{service="svc"\} (\d+)$/m.exec(text)?.[1])
  }
  const ask = async (): Promise<void> => {
    await using client = await RawClient.connect(fabio.port)
    await client.ask(GET)
  }
  for (let i = 0; i < 20; i++) await ask()
  assert.equal(await counted(), 20)
  await threads.kill(0)
  assert.ok((await counted()) >= 20)
  await untilReplaced(threads, fabio)
  const before = await counted()
  for (let i = 0; i < 20; i++) await ask()
  assert.equal(await counted(), before + 20)
})

test('a router whose worker has just died can be stopped', async () => {
  using threads = new WorkerThreads()
  const fabio = await startFabio({ flags: ['-proxy.shutdownwait', '600s'] })
  // The first is replaced at once, the next after a while.
  for (let i = 0; i < 4; i++) {
    await until('there are two workers', () => threads.all.length === 2)
    await threads.kill(0)
  }
  await fabio[Symbol.asyncDispose]()
})

test('a router whose worker dies while it stops still stops', async () => {
  using threads = new WorkerThreads()
  await using upstream = await startHttpUpstream(() => {})
  const fabio = await startFabio({ flags: ['-proxy.shutdownwait', '600s'], routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(GET)
  await until('the request arrives', () => upstream.requests.length === 1)
  const stopped = fabio[Symbol.asyncDispose]()
  for (const index of [1, 0]) await threads.kill(index)
  await stopped
})
