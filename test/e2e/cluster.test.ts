// A user's cluster, whole: Consul server and client, services registered as Registrator does, this router with the user's own
// fabio.properties, nginx in front of it and a statsd sink beside it.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConsulAgent, startConsulAgent } from '../harness/consul-agent.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { type FabioProcess, findPorts, spawnFabio } from '../harness/spawn-fabio.ts'
import { until } from '../harness/until.ts'

const PROPERTIES = `proxy.addr = :4666,:3021;proto=tcp
proxy.strategy = rr
registry.consul.addr = localhost:8500
registry.consul.register.enabled = false
metrics.statsd.addr = localhost:8125
log.level = ERROR
`
const SERVICE_TAGS = 'urlprefix-/services/flybearapi strip=/services/flybearapi'

const missing = ['consul', 'nginx'].filter(name => realPart(name) === undefined)
const skip = missing.length > 0 ? missing.map(missingPart).join('; ') : false

/** One container with the API in it. */
class Instance implements AsyncDisposable {
  readonly name: string
  isHealthy = true
  port = 0
  served = 0
  private readonly server: Server

  constructor(name: string) {
    this.name = name
    this.server = createServer((request, response) => {
      if (request.url === '/health') {
        response.writeHead(this.isHealthy ? 200 : 500).end()
        return
      }
      this.served++
      const answer = () => response.setHeader('x-instance', name).end(`${request.method} ${request.url}`)
      if (request.url === '/slow') setTimeout(answer, 700)
      else answer()
    })
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    this.port = typeof address === 'object' && address !== null ? address.port : 0
    return this
  }

  /** What Registrator sends for a container with SERVICE_TAGS, SERVICE_CHECK_HTTP=/health and SERVICE_CHECK_INTERVAL=1s. */
  registration(tags: readonly string[]): object {
    return {
      ID: `docker1:${this.name}:${this.port}`,
      Name: 'flybearapi',
      Tags: tags,
      Address: '127.0.0.1',
      Port: this.port,
      Check: { HTTP: `http://127.0.0.1:${this.port}/health`, Interval: '1s', Timeout: '1s' },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
  }
}

/** Requests without a pause, from their start to `stop`. */
class Traffic {
  readonly failures: string[] = []
  requests = 0
  private isRunning = true
  private readonly loops: Promise<void>[]

  constructor(urls: readonly string[]) {
    this.loops = urls.map(url => this.loop(url))
  }

  async stop(): Promise<void> {
    this.isRunning = false
    await Promise.all(this.loops)
    assert.deepEqual(this.failures, [])
    assert.ok(this.requests > 20, `only ${this.requests} requests were made`)
  }

  private async loop(url: string): Promise<void> {
    while (this.isRunning) {
      this.requests++
      try {
        const response = await fetch(url)
        await response.text()
        if (response.status !== 200) this.failures.push(`${response.status}`)
      } catch (cause) {
        this.failures.push(String(cause))
      }
      await sleep(2)
    }
  }
}

describe('the cluster', { skip, concurrency: false }, () => {
  let scratch = ''
  let server: ConsulAgent
  let client: ConsulAgent
  let fabio: FabioProcess
  let nginx: ChildProcess
  const statsd = createSocket('udp4')
  const datagrams: string[] = []
  const one = new Instance('api-1')
  const two = new Instance('api-2')
  let ports: { http: number; tcp: number; ui: number; nginx: number; echo: number }
  let direct = ''
  let throughNginx = ''
  let statsdPort = 0
  const echo = createServer()

  const flags = (): string[] => [
    '-proxy.addr',
    `127.0.0.1:${ports.http},127.0.0.1:${ports.tcp};proto=tcp`,
    '-ui.addr',
    `127.0.0.1:${ports.ui}`,
    '-registry.consul.addr',
    client.addr,
    '-metrics.statsd.addr',
    `127.0.0.1:${statsdPort}`,
    '-metrics.target',
    'statsd_raw',
    '-metrics.interval',
    '500ms',
    '-proxy.shutdownwait',
    '5s',
  ]
  const table = async (): Promise<string> => (await fetch(`http://127.0.0.1:${ports.ui}/api/routes?raw`)).text()
  const countRoutes = async (): Promise<number> =>
    (await table()).split('\n').filter(line => line.includes('flybearapi')).length

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'cluster-'))
    const [http = 0, tcp = 0, ui = 0, nginxPort = 0, echoPort = 0] = await findPorts(5)
    ports = { http, tcp, ui, nginx: nginxPort, echo: echoPort }
    direct = `http://127.0.0.1:${http}/services/flybearapi`
    throughNginx = `http://127.0.0.1:${nginxPort}/services/flybearapi`
    statsd.bind(0, '127.0.0.1')
    await once(statsd, 'listening')
    statsdPort = statsd.address().port
    statsd.on('message', message => datagrams.push(message.toString()))
    server = await startConsulAgent({ node: 'consul-server' })
    client = await startConsulAgent({ node: 'docker1', join: server })
    await one.start()
    await two.start()
    for (const instance of [one, two])
      await client.put('/v1/agent/service/register', instance.registration([SERVICE_TAGS, 'v1']))
    const echoServer = (await import('node:net')).createServer(socket => socket.pipe(socket))
    echoServer.listen(ports.echo, '127.0.0.1').unref()
    const tcpTags = [`urlprefix-:${ports.tcp} proto=tcp`]
    const tcpCheck = { TCP: `127.0.0.1:${ports.echo}`, Interval: '1s' }
    await client.put('/v1/agent/service/register', {
      Name: 'echo',
      Port: ports.echo,
      Address: '127.0.0.1',
      Tags: tcpTags,
      Check: tcpCheck,
    })
    await writeFile(join(scratch, 'fabio.properties'), PROPERTIES)
    fabio = await spawnFabio(['-cfg', join(scratch, 'fabio.properties'), ...flags()], { ports: [http, tcp, ui] })
    nginx = await startNginx(scratch, nginxPort, http)
    await until('both instances have routes', async () => (await countRoutes()) === 2, 20_000)
  })

  after(async () => {
    await fabio?.[Symbol.asyncDispose]()
    if (nginx?.kill('SIGTERM')) await once(nginx, 'exit')
    await client?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await one[Symbol.asyncDispose]()
    await two[Symbol.asyncDispose]()
    statsd.close()
    echo.close()
    await rm(scratch, { recursive: true, force: true })
  })

  test('the stripped path reaches the service, directly and through nginx', async () => {
    for (const url of [direct, throughNginx]) {
      const response = await fetch(`${url}/bears?size=big`)
      assert.deepEqual([response.status, await response.text()], [200, 'GET /bears?size=big'])
    }
    assert.equal((await fetch(`http://127.0.0.1:${ports.nginx}/internal`)).status, 404)
  })

  test('two instances take turns', async () => {
    const seen: (string | null)[] = []
    for (let i = 0; i < 10; i++)
      seen.push((await fetch(direct, { headers: { connection: 'close' } })).headers.get('x-instance'))
    assert.deepEqual(seen.filter(name => name === 'api-1').length, 5)
    assert.ok(
      seen.every((name, i) => i === 0 || name !== seen[i - 1]),
      `not in turn: ${seen.join(' ')}`,
    )
  })

  test('TCP reaches its service by port', async () => {
    const socket = connect(ports.tcp, '127.0.0.1')
    socket.write('honey')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.equal(answer.toString(), 'honey')
    socket.destroy()
  })

  test('statsd gets what was counted', async () => {
    await until('datagrams about requests', () =>
      datagrams.some(text => /requests\.service\.flybearapi:[\d.]+\|ms/.test(text)),
    )
  })

  test('a failing check removes its instance without a failed request', async () => {
    const traffic = new Traffic([direct, throughNginx])
    await sleep(200)
    two.isHealthy = false
    await until('one route left', async () => (await countRoutes()) === 1, 20_000)
    const servedBefore = two.served
    await fetch(direct)
    await traffic.stop()
    assert.equal(two.served, servedBefore)
    two.isHealthy = true
    await until('both routes are back', async () => (await countRoutes()) === 2, 20_000)
  })

  test('an override changes weights live', async () => {
    const key = '/v1/kv/fabio/config'
    await client.put(key, 'route weight flybearapi /services/flybearapi weight 1 tags "v1"')
    await until('the weight shows', async () => (await table()).includes('weight 0.5000'))
    await client.put('/v1/agent/service/register', one.registration([SERVICE_TAGS, 'v1', 'canary']))
    await until('the tag shows', async () => (await table()).includes('canary'))
    await client.put(key, 'route weight flybearapi /services/flybearapi weight 0.1 tags "canary"')
    await until('the canary has a tenth', async () => (await table()).includes('weight 0.1000'))
    const counts = new Map<string | null, number>()
    for (let i = 0; i < 100; i++) {
      const name = (await fetch(direct)).headers.get('x-instance')
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    assert.deepEqual(Object.fromEntries(counts), { 'api-1': 10, 'api-2': 90 })
    await client.delete(key)
    await until('the override is gone', async () => !(await table()).includes('weight'))
  })

  test('the agent restarting loses no route and no request', async () => {
    const traffic = new Traffic([direct, throughNginx])
    await client.kill('SIGKILL')
    await sleep(1500)
    assert.equal(await countRoutes(), 2)
    await client.start()
    await until(
      'the agent knows its services again',
      async () => {
        const checks = (await client.get('/v1/health/service/flybearapi?passing')) as unknown[]
        return checks.length === 2
      },
      30_000,
    )
    await sleep(1000)
    assert.equal(await countRoutes(), 2)
    await traffic.stop()
  })

  test('with register.enabled = false the router is not in the registry', async () => {
    assert.deepEqual(await client.get('/v1/health/service/fabio'), [])
  })

  test('without it the router registers itself, passes its check, and leaves when it ends', async () => {
    const [http = 0, ui = 0] = await findPorts(2)
    const own = [
      '-proxy.addr',
      `127.0.0.1:${http}`,
      '-ui.addr',
      `127.0.0.1:${ui}`,
      '-registry.consul.addr',
      client.addr,
    ]
    const address = ['-registry.consul.register.addr', `127.0.0.1:${ui}`]
    await using second = await spawnFabio([...own, ...address, '-log.level', 'ERROR'], { ports: [http] })
    await until(
      'its check passes',
      async () => ((await client.get('/v1/health/service/fabio?passing')) as unknown[]).length === 1,
      20_000,
    )
    second.child.kill('SIGTERM')
    assert.equal(await second.exited, 0)
    assert.deepEqual(await client.get('/v1/health/service/fabio'), [])
  })

  test('deregistering the last instance gives 404', async () => {
    for (const instance of [one, two]) {
      await client.put(`/v1/agent/service/deregister/docker1:${instance.name}:${instance.port}`)
    }
    await until('no route left', async () => (await countRoutes()) === 0)
    assert.equal((await fetch(direct)).status, 404)
    await client.put('/v1/agent/service/register', one.registration([SERVICE_TAGS]))
    await until('a route again', async () => (await countRoutes()) === 1, 20_000)
  })

  test('SIGTERM drains: what was asked is answered, and nothing goes wrong', async () => {
    const slow = fetch(`${direct}/slow`)
    await until('the request is under way', () => one.served > 0)
    await sleep(100)
    fabio.child.kill('SIGTERM')
    const response = await slow
    assert.deepEqual([response.status, await response.text()], [200, 'GET /slow'])
    assert.equal(await fabio.exited, 0)
    assert.doesNotMatch(fabio.log(), /\[(ERROR|FATAL)\]/)
  })
})

async function startNginx(scratch: string, port: number, fabioPort: number): Promise<ChildProcess> {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${scratch}/nginx-${name};`)
    .join(' ')
  await writeFile(
    join(scratch, 'nginx.conf'),
    `master_process off; daemon off; pid ${scratch}/nginx.pid; error_log stderr;
events {}
http {
  access_log off; ${temp}
  upstream fabio { server 127.0.0.1:${fabioPort}; }
  server {
    listen 127.0.0.1:${port};
    location /internal { return 404; }
    location / { proxy_pass http://fabio; }
  }
}
`,
  )
  const child = spawn(realPart('nginx') ?? 'nginx', ['-c', join(scratch, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await until('nginx listens', async () =>
    fetch(`http://127.0.0.1:${port}/internal`).then(
      () => true,
      () => false,
    ),
  )
  return child
}
