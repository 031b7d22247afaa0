import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startConsulDouble } from '../harness/consul-double.ts'
import { findPorts, spawnFabio } from '../harness/spawn-fabio.ts'
import { until } from '../harness/until.ts'

async function answerOf(url: string): Promise<string> {
  // Routers come and go on one port, and their connections with them.
  const response = await fetch(url, { headers: { connection: 'close' } })
  return `${response.status} ${(await response.text()).split('\n')[0]}`
}

async function untilReady(ui: number): Promise<void> {
  await until('it is ready', async () => (await answerOf(`http://127.0.0.1:${ui}/ready`)) === '200 OK')
}

async function startService() {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function makeDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'start-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describe('a start while Consul is away', () => {
  const flags = (http: number, ui: number, consul: string): string[] => [
    '-proxy.addr',
    `127.0.0.1:${http}`,
    '-ui.addr',
    `127.0.0.1:${ui}`,
    '-registry.consul.addr',
    consul,
    '-registry.consul.register.enabled=false',
  ]

  test('with a snapshot it serves, and says how old the routes are; too old ones are not ready', async () => {
    await using directory = await makeDirectory()
    await using service = await startService()
    const [http = 0, ui = 0] = await findPorts(2)
    const snapshot = ['-registry.snapshot.path', join(directory.path, 'routes')]
    let addr = ''
    {
      await using consul = await startConsulDouble()
      addr = consul.addr
      consul.setInstance({ service: 'web', address: '127.0.0.1', port: service.port, tags: ['urlprefix-/'] })
      await using fabio = await spawnFabio([...flags(http, ui, addr), ...snapshot], { ports: [http, ui] })
      assert.equal(await answerOf(`http://127.0.0.1:${http}/`), '200 hello')
      await untilReady(ui)
      fabio.child.kill('SIGTERM')
      assert.equal(await fabio.exited, 0)
    }
    await using fabio = await spawnFabio([...flags(http, ui, addr), ...snapshot, '-registry.stale.limit=1ms'], {
      ports: [http, ui],
    })
    assert.equal(await answerOf(`http://127.0.0.1:${http}/`), '200 hello')
    await until('it listens', async () => !(await answerOf(`http://127.0.0.1:${ui}/ready`)).includes('starting'))
    assert.match(await answerOf(`http://127.0.0.1:${ui}/ready`), /^503 too stale: routes are as of \S+Z: /)
    assert.equal(await answerOf(`http://127.0.0.1:${ui}/health`), '200 OK')
    const status = (await (await fetch(`http://127.0.0.1:${ui}/api/status`)).json()) as {
      state: string
      snapshot: object
    }
    assert.equal(status.state, 'stale')
    assert.ok('writtenAt' in status.snapshot)
    assert.match(fabio.log(), /consul: Serving 1 instances as they were \d+s ago, until Consul answers/)
  })

  test('without one it opens its listeners at the deadline, has no routes, is not ready, and goes on asking', async () => {
    await using service = await startService()
    const [http = 0, ui = 0] = await findPorts(2)
    await using consul = await startConsulDouble()
    consul.fault = () => ({ kind: 'status', status: 500 })
    consul.setInstance({ service: 'web', address: '127.0.0.1', port: service.port, tags: ['urlprefix-/'] })
    await using _ = await spawnFabio([...flags(http, ui, consul.addr), '-registry.deadline=500ms'], {
      ports: [http, ui],
    })
    assert.equal(await answerOf(`http://127.0.0.1:${http}/`), '404 ')
    assert.match(await answerOf(`http://127.0.0.1:${ui}/ready`), /^503 no routing table yet: /)
    assert.equal(await answerOf(`http://127.0.0.1:${ui}/health`), '200 OK')
    consul.fault = () => undefined
    await untilReady(ui)
    assert.equal(await answerOf(`http://127.0.0.1:${http}/`), '200 hello')
  })

  test('where Consul is required it ends, as the original does', async () => {
    const [http = 0, ui = 0] = await findPorts(2)
    const required = ['-registry.required', '-registry.timeout=200ms', '-registry.retry=50ms']
    await using fabio = await spawnFabio([...flags(http, ui, '127.0.0.1:1'), ...required])
    assert.equal(await fabio.exited, 1)
    assert.match(fabio.log(), /\[FATAL\] Timeout registering backend\./)
  })
})

test('a router that is told to stop is not ready before it stops', async () => {
  const [http = 0, ui = 0] = await findPorts(2)
  const place = ['-proxy.addr', `127.0.0.1:${http}`, '-ui.addr', `127.0.0.1:${ui}`]
  const registry = ['-registry.backend', 'static', '-proxy.deregistergraceperiod=2s']
  await using fabio = await spawnFabio([...place, ...registry], { ports: [http, ui] })
  await untilReady(ui)
  fabio.child.kill('SIGTERM')
  await until('it says so', async () => (await answerOf(`http://127.0.0.1:${ui}/ready`)) === '503 draining', 1500)
  assert.equal(await answerOf(`http://127.0.0.1:${ui}/health`), '200 OK')
  assert.equal(await fabio.exited, 0)
})
