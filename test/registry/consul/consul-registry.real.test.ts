import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { ConsulConfig } from '../../../src/config/config.ts'
import { ConsulClient } from '../../../src/consul/client.ts'
import { loadEndpoint } from '../../../src/consul/endpoint.ts'
import type { Registry } from '../../../src/registry/registry.ts'
import { type ConsulAgent, startConsulAgent } from '../../harness/consul-agent.ts'
import { missingPart, realPart } from '../../harness/real-parts.ts'
import { CONTRACT_PAGE, CONTRACT_ROUTES, connect, testRegistryContract } from '../contract.ts'
import { RecordedLog } from '../recorded-log.ts'
import { startRecording } from '../recorded-routes.ts'
import { registryConfig } from '../registry-config.ts'

const skip = realPart('consul') === undefined && missingPart('consul')

/** A registry that has an agent for itself as far as it can tell: its own tag prefix and its own keys. */
async function startRouting(
  agent: ConsulAgent,
  name: string,
  { graceMs = 30_000, ...changes }: Partial<ConsulConfig> & { readonly graceMs?: number } = {},
) {
  const log = new RecordedLog()
  const consul = {
    addr: agent.addr,
    tagPrefix: `${name}-`,
    kvPath: `/${name}/config`,
    noRouteHtmlPath: `/${name}/noroute.html`,
    ...changes,
  }
  const brake = { percent: 50, routes: 10, graceMs }
  const registry = await connect(registryConfig({ consul, brake }), log)
  const routes = startRecording(registry)
  await registry.ready
  return { registry, routes, log, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() }
}

/** As Consul tells, for whoever has this token. */
async function mayReadNode(agent: ConsulAgent, token: string): Promise<boolean | undefined> {
  const endpoint = loadEndpoint({ addr: agent.addr, scheme: 'http', token }, {})
  await using client = new ConsulClient(endpoint, { env: {}, consistency: 'default' })
  return await client.mayReadNode(agent.node)
}

/** A web server whose health a test decides about. */
async function startWeb() {
  const health = { status: 200 }
  const server = createServer((_, res) => res.writeHead(health.status).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { health, url: `http://127.0.0.1:${address.port}/`, [Symbol.dispose]: close }
}

const line = (service: string, target: string, path = '/') => `route add ${service} ${path} http://${target}/`

describe('with a real Consul agent', { skip }, () => {
  let agent: ConsulAgent
  before(async () => {
    agent = await startConsulAgent()
  })
  after(() => agent?.[Symbol.asyncDispose]())

  let contracts = 0
  test('where Consul asks for no tokens, everybody may read every node', async () => {
    assert.equal(await mayReadNode(agent, ''), true)
  })

  testRegistryContract('consul', { skip }, async () => {
    contracts++
    const path = `contract-${contracts}`
    await agent.put(`/v1/kv/${path}/config`, CONTRACT_ROUTES)
    await agent.put(`/v1/kv/${path}/page`, CONTRACT_PAGE)
    return {
      config: registryConfig({
        consul: { addr: agent.addr, kvPath: `/${path}/config`, noRouteHtmlPath: `/${path}/page` },
      }),
      source: `${path}/config`,
      change: async text => void (await agent.put(`/v1/kv/${path}/config`, text)),
      changePage: async html => void (await agent.put(`/v1/kv/${path}/page`, html)),
      async [Symbol.asyncDispose]() {},
    }
  })

  const register = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    agent.put('/v1/agent/service/register', {
      ID: `${name}-1`,
      Name: name,
      Address: '10.0.0.1',
      Port: 80,
      Tags: [`${name}-/`],
      Check: { CheckID: `${name}-check`, TTL: '10m', Status: 'passing' },
      ...more,
    })

  test('a service with an HTTP check, registered as Registrator does, is routed while its check passes', async () => {
    using web = await startWeb()
    await using routing = await startRouting(agent, 'http')
    await register('http', { Check: { HTTP: web.url, Interval: '200ms', Timeout: '1s' } })
    await routing.routes.untilLines(line('http', '10.0.0.1:80'))
    web.health.status = 500
    await routing.routes.untilLines()
    web.health.status = 200
    await routing.routes.untilLines(line('http', '10.0.0.1:80'))
    await agent.put('/v1/agent/service/deregister/http-1')
    await routing.routes.untilLines()
  })

  test('a service in maintenance is not routed, and neither is one on a node in maintenance', async () => {
    await register('maint')
    await using routing = await startRouting(agent, 'maint')
    assert.deepEqual(routing.routes.lines, [line('maint', '10.0.0.1:80')])
    for (const path of ['/v1/agent/service/maintenance/maint-1', '/v1/agent/maintenance']) {
      await agent.put(`${path}?enable=true&reason=test`)
      await routing.routes.untilLines()
      await agent.put(`${path}?enable=false`)
      await routing.routes.untilLines(line('maint', '10.0.0.1:80'))
    }
    assert.ok(routing.log.count(/^DEBUG consul: Skipping service "maint-1" since it is in maintenance mode: $/) >= 1)
    assert.ok(
      routing.log.count(/^DEBUG consul: Skipping service "maint-1" since node ".*" is in maintenance mode: $/) >= 1,
    )
  })

  for (const { title, change, expected } of [
    { title: 'another address', change: { Address: '10.0.0.2' }, expected: line('again', '10.0.0.2:80') },
    { title: 'another port', change: { Port: 81 }, expected: line('again', '10.0.0.1:81') },
    {
      title: 'other tags',
      change: { Tags: ['again-/b', 'blue'] },
      expected: `${line('again', '10.0.0.1:80', '/b')} tags "blue"`,
    },
    {
      title: 'another address, without its check',
      change: { Address: '10.0.0.3', Check: undefined },
      expected: line('again', '10.0.0.3:80'),
    },
    {
      title: 'another port, without its check',
      change: { Port: 82, Check: undefined },
      expected: line('again', '10.0.0.1:82'),
    },
    {
      title: 'other tags, without its check',
      change: { Tags: ['again-/c'], Check: undefined },
      expected: line('again', '10.0.0.1:80', '/c'),
    },
  ]) {
    test(`a service that is registered again with ${title} is seen`, async () => {
      await register('again')
      await using routing = await startRouting(agent, 'again')
      await routing.routes.untilLines(line('again', '10.0.0.1:80'))
      await register('again', change)
      await routing.routes.untilLines(expected)
      // A service is never away for a moment while it is changed.
      assert.ok(routing.routes.history.every(lines => lines.length === 1))
    })
  }

  test('a service that is registered again as it was causes nothing', async () => {
    await register('same')
    await using routing = await startRouting(agent, 'same')
    const { changes } = routing.routes
    for (let i = 0; i < 3; i++) await register('same')
    const requests = routing.registry.status().requests
    // Something that is seen, so that all before it has been.
    await agent.put('/v1/kv/same/config', 'route del x')
    await routing.routes.until(({ texts }) => texts.size === 1)
    assert.equal(routing.routes.changes, changes + 1)
    // The next query of each watch, at most.
    assert.ok(routing.registry.status().requests - requests <= 5)
  })

  test('an instance in the catalogue that has no agent is routed, and follows the address of its node', async () => {
    await using routing = await startRouting(agent, 'external')
    const node = { Node: 'external-node', Address: '10.7.0.1', SkipNodeUpdate: false }
    await agent.put('/v1/catalog/register', {
      ...node,
      Service: { ID: 'external-1', Service: 'external', Port: 80, Tags: ['external-/'] },
      Check: { Node: 'external-node', CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'external-1' },
    })
    await routing.routes.untilLines(line('external', '10.7.0.1:80'))
    await agent.put('/v1/catalog/register', { ...node, Address: '10.7.0.2' })
    await routing.routes.untilLines(line('external', '10.7.0.2:80'))
    await agent.put('/v1/catalog/deregister', { Node: 'external-node' })
    await routing.routes.untilLines()
  })

  test('overrides and the page are read, followed and edited', async () => {
    await agent.put('/v1/kv/keys/config/b', 'route del b')
    await using routing = await startRouting(agent, 'keys')
    const { routes, registry } = routing
    assert.deepEqual([...routes.texts], [['keys/config/b', 'route del b']])
    const { overrides } = registry
    assert.ok(overrides)
    assert.deepEqual(await overrides.list(), ['/b'])
    const absent = await overrides.read('')
    assert.equal(absent.value, '')
    assert.equal(await overrides.write('', 'route del a\n', absent.version), 'stored')
    await routes.until(({ texts }) => texts.get('keys/config') === 'route del a')
    assert.equal(await overrides.write('', 'route del c', absent.version), 'version-mismatch')
    const present = await overrides.read('')
    assert.deepEqual([present.value, await overrides.list()], ['route del a', ['', '/b']])
    assert.equal(await overrides.write('', 'route del c', present.version), 'stored')
    await agent.delete('/v1/kv/keys/config/b')
    await routes.until(({ texts }) => texts.size === 1 && texts.get('keys/config') === 'route del c')
    await agent.put('/v1/kv/keys/noroute.html', '<b>no</b>\n')
    await routes.until(({ html }) => html === '<b>no</b>')
    await agent.delete('/v1/kv/keys/noroute.html')
    await routes.until(({ html }) => html === '')
    await assert.rejects(overrides.read('x'), /no slash in front/)
    await assert.rejects(overrides.write('/big', 'x'.repeat(600_000), '0'), {
      name: 'ConsulError',
      kind: 'status',
      status: 413,
    })
  })

  test('Fabio is in the catalogue while it is announced, also after somebody removed it', async () => {
    await using routing = await startRouting(agent, 'announce', {
      register: { ...registryConfig().consul.register, name: 'announce-fabio', addr: '127.0.0.1:9', tags: ['t'] },
    })
    const { announcer } = routing.registry
    assert.ok(announcer)
    const instances = async (name: string) => {
      const found = await agent.get(`/v1/health/service/${name}`)
      assert.ok(Array.isArray(found))
      return found
    }
    await using announcement = await announcer.start(['announce-alias'])
    const [entry] = await instances('announce-fabio')
    const { Service, Checks } = entry
    assert.deepEqual([Service.Address, Service.Port, Service.Tags], ['127.0.0.1', 9, ['t']])
    assert.equal(Checks.find(({ CheckID }: { CheckID: string }) => CheckID.endsWith('-ttl'))?.Status, 'passing')
    assert.equal((await instances('announce-alias')).length, 1)
    await agent.put(`/v1/agent/service/deregister/${Service.ID}`)
    while ((await instances('announce-fabio')).length === 0) await new Promise(resolve => setTimeout(resolve, 100))
    await announcement[Symbol.asyncDispose]()
    assert.equal((await instances('announce-fabio')).length + (await instances('announce-alias')).length, 0)
  })
})

describe('with a real Consul agent that restarts', { skip }, () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`a server that ends by ${signal} and is started again costs no route`, async () => {
      using web = await startWeb()
      await using agent = await startConsulAgent()
      for (const name of ['one', 'two']) {
        await agent.put('/v1/agent/service/register', {
          Name: name,
          Address: '10.0.0.1',
          Port: 80,
          Tags: [`urlprefix-${name}/`],
          // Long enough that the agent has to answer for a while without having run it.
          Check: { HTTP: web.url, Interval: '3s', Status: 'passing' },
        })
      }
      await using routing = await startRouting(agent, 'urlprefix')
      await expectNoLoss(routing, agent, signal)
    })
  }

  test('a client agent that is killed and started again costs no route, and neither does its server', async () => {
    using web = await startWeb()
    await using server = await startConsulAgent()
    await using client = await startConsulAgent({ join: server })
    for (const [name, agent] of [
      ['one', server],
      ['two', client],
    ] as const) {
      await agent.put('/v1/agent/service/register', {
        Name: name,
        Address: '10.0.0.1',
        Port: 80,
        Tags: [`urlprefix-${name}/`],
        Check: { HTTP: web.url, Interval: '2s', Status: 'passing' },
      })
    }
    await using routing = await startRouting(client, 'urlprefix')
    await routing.routes.until(({ lines }) => lines.length === 2)
    await expectNoLoss(routing, client, 'SIGKILL')
    await expectNoLoss(routing, server, 'SIGKILL')
  })

  test('an agent that comes back without its data withdraws nothing for the grace time, and then with a warning', async () => {
    await using agent = await startConsulAgent()
    const web = {
      Name: 'web',
      Address: '10.0.0.1',
      Port: 80,
      Tags: ['urlprefix-/'],
      Check: { TTL: '10m', Status: 'passing' },
    }
    await agent.put('/v1/agent/service/register', web)
    await using routing = await startRouting(agent, 'urlprefix', { graceMs: 2000 })
    assert.equal(routing.routes.lines.length, 1)
    await agent.kill()
    await untilState(routing.registry, 'stale')
    await agent.forgetData()
    await agent.start()
    await routing.log.until(/^WARN consul: Holding back the withdrawal of 1 of 1 routes for 2s/)
    assert.equal(routing.routes.lines.length, 1)
    await routing.routes.untilLines()
    assert.equal(routing.log.count(/^WARN consul: None of 1 routed services is left/), 1)
    await agent.put('/v1/agent/service/register', web)
    await routing.routes.untilLines(line('web', '10.0.0.1:80'))
  })

  async function expectNoLoss(
    { routes, registry, log }: Awaited<ReturnType<typeof startRouting>>,
    agent: ConsulAgent,
    signal: 'SIGKILL' | 'SIGTERM',
  ): Promise<void> {
    assert.equal(routes.lines.length, 2)
    const from = routes.history.length
    await agent.kill(signal)
    await untilState(registry, 'stale')
    await agent.start()
    await untilState(registry, 'connected')
    await untilChecked(agent)
    await agent.put('/v1/kv/urlprefix/config', `route del x${from}`)
    await routes.until(({ texts }) => texts.get('urlprefix/config') === `route del x${from}`)
    const least = Math.min(...routes.history.slice(from).map(lines => lines.length))
    assert.equal(least, 2, log.lines.join('\n'))
  }

  async function untilState(registry: Registry, state: string): Promise<void> {
    while (registry.status().state !== state) await new Promise(resolve => setTimeout(resolve, 20))
  }

  /** The agent tells of an output only together with a state: after its restart, once it has run the check. */
  async function untilChecked(agent: ConsulAgent): Promise<void> {
    for (;;) {
      const checks = await agent.get(`/v1/health/node/${agent.node}?consistent`).catch(() => [])
      assert.ok(Array.isArray(checks))
      if (checks.length >= 2 && checks.every(({ Output }) => Output !== '')) return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
})

describe('with a real Consul agent that asks for tokens', { skip }, () => {
  test('no token ends the start, and one with the documented rights is enough', async () => {
    const master = '11111111-2222-3333-4444-555555555555'
    const acl = { enabled: true, default_policy: 'deny', tokens: { master, agent: master } }
    await using agent = await startConsulAgent({ config: { acl }, token: master })
    const log = new RecordedLog()
    await assert.rejects(connect(registryConfig({ timeoutMs: 0, consul: { addr: agent.addr } }), log), {
      message: 'Timeout registering backend.',
    })
    assert.equal(
      log.count(/^WARN Error initializing backend\. Unexpected response code: 403 \(Permission denied\)$/),
      1,
    )
    const Rules =
      'agent_prefix "" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } service "fabio" { policy = "write" } key_prefix "fabio/" { policy = "write" }'
    await agent.put('/v1/acl/policy', { Name: 'fabio', Rules })
    const { SecretID } = JSON.parse(await agent.put('/v1/acl/token', { Policies: [{ Name: 'fabio' }] }))
    assert.equal(await mayReadNode(agent, SecretID), true)
    assert.equal(await mayReadNode(agent, ''), false)
    await using routing = await startRouting(agent, 'fabio', { tagPrefix: 'urlprefix-', token: SecretID })
    const web = {
      Name: 'web',
      Address: '10.0.0.1',
      Port: 80,
      Tags: ['urlprefix-/'],
      Check: { TTL: '10m', Status: 'passing' },
    }
    await agent.put('/v1/agent/service/register', web)
    await routing.routes.untilLines(line('web', '10.0.0.1:80'))
    await agent.put('/v1/agent/service/register', { ...web, Port: 81, Check: undefined })
    await routing.routes.untilLines(line('web', '10.0.0.1:81'))
    assert.ok(routing.registry.announcer)
    await using _ = await routing.registry.announcer.start([])
    assert.equal(routing.log.count(/^(WARN|ERROR)/), 0, routing.log.lines.join('\n'))
    assert.equal(await routing.registry.overrides?.write('', 'route del a', '0'), 'stored')
  })
})
