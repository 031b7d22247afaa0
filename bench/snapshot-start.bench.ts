// A start while Consul is away, with a snapshot: how long until it serves, and what that costs?
//   node bench/snapshot-start.bench.ts [SERVICES…]       100, 1,000 and 10,000 unless said otherwise: six routes each, three instances
// The router is a process of its own, from the command on. `away`: nobody listens at Consul's address; `silent`: who does says nothing.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer as createHttpServer, get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CatalogInstance } from '../src/consul/decode.ts'
import { writeSnapshot } from '../src/registry/consul/snapshot.ts'
import { findPorts, spawnFabio } from '../test/harness/spawn-fabio.ts'

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000, 10_000]
const INSTANCES = 3
const STARTS = 5
const directory = await mkdtemp(join(tmpdir(), 'snapshot-'))
const upstream = createHttpServer((_request, response) => response.end('ok')).listen(0, '0.0.0.0')
const silent = createServer(() => {
  // Says nothing.
}).listen(0, '127.0.0.1')
await sleep(50)
const { port: servicePort } = upstream.address() as AddressInfo
const [awayPort = 0] = await findPorts(1)
const places = { away: `127.0.0.1:${awayPort}`, silent: `127.0.0.1:${(silent.address() as AddressInfo).port}` }
try {
  for (const size of sizes) {
    for (const [place, addr] of Object.entries(places)) {
      const path = join(directory, `${size}-${place}`)
      await writeSnapshot(path, {
        ...{ writtenAt: Date.now(), origin: `${addr}   /fabio/config`, texts: new Map(), noRouteHtml: '' },
        agent: { datacenter: 'dc1', nodeName: 'node-0' },
        instances: Array.from({ length: size }, (_, i) => instancesOf(i)).flat(),
      })
      const starts: { ms: number; cpuMs: number }[] = []
      for (let i = 0; i < STARTS; i++) starts.push(await measureStart(path, addr, size - 1))
      const median = (of: 'ms' | 'cpuMs'): string =>
        (starts.map(start => start[of]).sort((a, b) => a - b)[STARTS >> 1] ?? 0).toFixed(0)
      const worst = Math.max(...starts.map(({ ms }) => ms)).toFixed(0)
      process.stdout.write(
        `${size} services, ${size * INSTANCES * 2} targets, Consul ${place}: serves after ${median('ms')} ms (worst ${worst}), ${median('cpuMs')} ms of processor time until then\n`,
      )
    }
  }
} finally {
  upstream.close()
  silent.close()
  await rm(directory, { recursive: true })
}

function instancesOf(service: number): CatalogInstance[] {
  const serviceName = `service-${service}`
  return Array.from({ length: INSTANCES }, (_, i) => ({
    ...{ node: `node-${(service * INSTANCES + i) % 100}`, nodeAddress: '127.0.0.1', serviceName, servicePort },
    ...{ serviceId: `${serviceName}-${i}`, serviceAddress: `127.0.${i}.1`, modifyIndex: 10 },
    serviceTags: [`urlprefix-${serviceName}.test/`, `urlprefix-www.test/${serviceName} strip=/${serviceName}`],
  }))
}

async function measureStart(path: string, addr: string, last: number): Promise<{ ms: number; cpuMs: number }> {
  const [http = 0, ui = 0] = await findPorts(2)
  const startedAt = performance.now()
  await using fabio = await spawnFabio([
    ...['-proxy.addr', `127.0.0.1:${http}`, '-ui.addr', `127.0.0.1:${ui}`, '-insecure', '-runtime.gomaxprocs=2'],
    ...['-registry.consul.addr', addr, '-registry.consul.register.enabled=false', '-registry.snapshot.path', path],
    ...['-log.level', 'WARN'],
  ])
  while ((await statusOf(http, `service-${last}.test`)) !== 200) {
    if (performance.now() - startedAt > 60_000) throw new Error(`in vain:\n${fabio.log()}`)
    if (fabio.child.exitCode !== null) throw new Error(fabio.log())
    await sleep(5)
  }
  const ms = performance.now() - startedAt
  return { ms, cpuMs: await cpuOf(fabio.child.pid ?? 0) }
}

function statusOf(port: number, host: string): Promise<number> {
  return new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/', headers: { host }, agent: false }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    }).on('error', () => resolve(0))
  })
}

/** Of all threads so far, in milliseconds. */
async function cpuOf(pid: number): Promise<number> {
  let ms = 0
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    ms += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]) / 1e6
  }
  return ms
}
