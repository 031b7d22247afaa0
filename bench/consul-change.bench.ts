// What a change in Consul costs, and how long it takes until it is served: the check of one instance turns over, again and again.
//   node bench/consul-change.bench.ts agent 1000 [CHANGES]         a real Consul agent with so many services; and the original beside us (FABIO_REFERENCE)
//   node bench/consul-change.bench.ts simulator 10000 [CHANGES]    a simulated datacenter: 10,000 services with 60,000 routes, once a second, 2,000 requests/s beside
// The router is a process of its own. Processor time is the kernel's (schedstat), so a busy machine does not distort it; times do suffer from one.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startConsulAgent } from '../test/harness/consul-agent.ts'
import { ConsulRelay } from '../test/harness/consul-relay.ts'
import { findPorts, spawnFabio } from '../test/harness/spawn-fabio.ts'
import { runGenerator } from './load/run-load.ts'

const [kind = 'agent', size = '1000', count] = process.argv.slice(2)
const services = Number(size)
// The last one brings the route back.
const changes = 2 * Math.ceil(Number(count ?? (kind === 'agent' ? 20 : 60)) / 2)
const upstream = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
await once(upstream, 'listening')
const address = upstream.address()
const upstreamPort = typeof address === 'object' && address !== null ? address.port : 0

const ROUNDS = 6
const QUIET_MS = 5000
/** To see every worker. */
const connections = Array.from({ length: 6 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))

/** Consul, as far as the bench needs it. */
interface Source extends AsyncDisposable {
  readonly addr: string
  flap(isPassing: boolean): Promise<void>
  /** Since it was asked last; pings do not count. */
  requests(): Promise<number>
}

interface Router extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly port: number
}

try {
  await using source = kind === 'agent' ? await startAgent() : await startSimulator()
  const original = process.env.FABIO_REFERENCE
  await measureRouter(source, startOurs)
  if (kind === 'agent' && original !== undefined) await measureRouter(source, addr => startOriginal(original, addr))
} finally {
  upstream.close()
}

async function measureRouter(source: Source, start: (addr: string) => Promise<Router>): Promise<void> {
  await using router = await start(source.addr)
  await untilServed(router.port, true)
  await sleep(2000)
  const isLoaded = kind === 'simulator'
  // By turns, so that what else the machine does is the same for both.
  const quiet: Loaded[] = []
  const busy: Loaded[] = []
  const times: number[] = []
  if (isLoaded) await underLoad(true, router.port, () => cost(router.pid, source, () => sleep(5000)))
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(await underLoad(isLoaded, router.port, () => cost(router.pid, source, () => sleep(QUIET_MS))))
    const until = 2 * Math.round((changes * (round + 1)) / ROUNDS / 2)
    const flap = () => flapUntil(until, { source, port: router.port, times })
    busy.push(await underLoad(isLoaded, router.port, () => cost(router.pid, source, flap)))
  }
  report(router.name, times, sum(quiet), sum(busy))
}

/** Until so many changes were made, one a second. */
async function flapUntil(
  until: number,
  { source, port, times }: { readonly source: Source; readonly port: number; readonly times: number[] },
): Promise<void> {
  while (times.length < until) {
    const startedAt = performance.now()
    const isPassing = times.length % 2 === 1
    await source.flap(isPassing)
    await untilServed(port, isPassing)
    times.push(performance.now() - startedAt)
    process.stderr.write(`\r${times.length}/${changes}`)
    await sleep(Math.max(0, 1000 - (performance.now() - startedAt)))
  }
}

function sum(rounds: readonly Loaded[]): Loaded {
  const total = (of: 'seconds' | 'requests' | 'mainMs' | 'allMs'): number =>
    rounds.reduce((all, round) => all + round[of], 0)
  const p99s = rounds.map(({ p99 }) => p99).sort((a, b) => a - b)
  const [seconds, requests, mainMs, allMs] = [total('seconds'), total('requests'), total('mainMs'), total('allMs')]
  return { seconds, requests, mainMs, allMs, p99: p99s[Math.floor(p99s.length / 2)] ?? 0 }
}

interface Cost {
  readonly seconds: number
  readonly requests: number
  /** Of the main thread and of the whole process, in milliseconds. */
  readonly mainMs: number
  readonly allMs: number
}

async function cost(pid: number, source: Source, happens: () => Promise<unknown>): Promise<Cost> {
  await source.requests()
  const before = cpuOf(pid)
  const startedAt = performance.now()
  await happens()
  const seconds = (performance.now() - startedAt) / 1000
  const after = cpuOf(pid)
  return { seconds, requests: await source.requests(), mainMs: after.main - before.main, allMs: after.all - before.all }
}

/** Processor time so far, in milliseconds: of the main thread, and of all. */
function cpuOf(pid: number): { main: number; all: number } {
  let main = 0
  let all = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const ms = Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6
    all += ms
    if (thread === String(pid)) main = ms
  }
  return { main, all }
}

interface Loaded extends Cost {
  readonly p99: number
}

/** 2,000 requests/s to a route that stays, for as long as it takes. */
async function underLoad(isLoaded: boolean, port: number, happens: () => Promise<Cost>): Promise<Loaded> {
  if (!isLoaded) return { ...(await happens()), p99: 0 }
  const load = { kind: 'http', connections: 32, path: '/load' } as const
  const seconds = 5
  let isOver = false
  const generating = (async () => {
    const rounds: number[] = []
    while (!isOver) rounds.push((await runGenerator({ port, load, seconds, rate: 2000 }, '0,1')).p99)
    return rounds.sort((a, b) => a - b)
  })()
  const result = await happens().finally(() => {
    isOver = true
  })
  const rounds = await generating
  return { ...result, p99: rounds[Math.floor(rounds.length / 2)] ?? 0 }
}

/** Resolves when every connection, and so every worker, sees the route, or sees none. */
async function untilServed(port: number, isThere: boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  for (const agent of connections) {
    while (((await statusOf(port, agent)) === 200) !== isThere) {
      if (performance.now() > deadline) throw new Error(`in vain: the route is ${isThere ? 'there' : 'gone'}`)
      await sleep(3)
    }
  }
}

function statusOf(port: number, agent: Agent): Promise<number> {
  return new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/flap', agent }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    }).on('error', () => resolve(0))
  })
}

function report(name: string, times: number[], quiet: Loaded, busy: Loaded): void {
  times.sort((a, b) => a - b)
  const at = (quantile: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * quantile))] ?? 0).toFixed(0)
  const perSecond = (all: Cost, of: 'mainMs' | 'allMs'): number => all[of] / all.seconds
  const perChange = (of: 'mainMs' | 'allMs'): string =>
    (((perSecond(busy, of) - perSecond(quiet, of)) * busy.seconds) / changes).toFixed(1)
  const requests = (busy.requests - (quiet.requests / quiet.seconds) * busy.seconds) / changes
  process.stderr.write('\r')
  process.stdout.write(
    `${name}, ${services} services (${kind}), ${changes} changes\n` +
      `  requests to Consul for a change: ${requests.toFixed(2)}\n` +
      `  processor time for a change: ${perChange('allMs')} ms, ${perChange('mainMs')} ms of it in the main thread, which takes ${(perSecond(busy, 'mainMs') / 10).toFixed(1)} % of a core with ${(changes / busy.seconds).toFixed(2)} changes/s (${(perSecond(quiet, 'mainMs') / 10).toFixed(1)} % without)\n` +
      `  from the change until it is served by all workers: median ${at(0.5)} ms, p99 ${at(0.99)} ms\n`,
  )
  if (quiet.p99 > 0) {
    process.stdout.write(
      `  p99 of other requests: ${busy.p99.toFixed(2)} ms, ${quiet.p99.toFixed(2)} ms without changes (${(busy.p99 / quiet.p99).toFixed(2)} x)\n`,
    )
  }
}

function flags(addr: string, ports: { http: number; ui: number }): string[] {
  const own = [
    '-proxy.addr',
    `127.0.0.1:${ports.http}`,
    '-ui.addr',
    `127.0.0.1:${ports.ui}`,
    '-log.level',
    'ERROR',
    '-insecure',
  ]
  const registry = ['-registry.consul.addr', addr, '-registry.consul.register.enabled=false', '-registry.timeout=120s']
  return [...own, ...registry, '-registry.consul.serviceMonitors=24', '-metrics.target=']
}

async function startOurs(addr: string): Promise<Router> {
  const [http = 0, ui = 0] = await findPorts(2)
  const fabio = await spawnFabio([...flags(addr, { http, ui }), '-runtime.gomaxprocs=2'])
  const stop = () => fabio[Symbol.asyncDispose]()
  return { name: 'this router', pid: fabio.child.pid ?? 0, port: http, [Symbol.asyncDispose]: stop }
}

async function startOriginal(binary: string, addr: string): Promise<Router> {
  const [http = 0, ui = 0] = await findPorts(2)
  const child = spawn(binary, flags(addr, { http, ui }), { stdio: 'ignore' })
  return { name: 'the original', pid: child.pid ?? 0, port: http, [Symbol.asyncDispose]: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  if (child.exitCode === null && child.kill('SIGKILL')) await exited
}

async function startAgent(): Promise<Source> {
  const agent = await startConsulAgent()
  for (let i = 0; i < services; i++) await registerService(`service-${i}`, agent)
  await registerService('flap', agent)
  const relay = await ConsulRelay.start(agent.addr)
  return {
    addr: relay.addr,
    flap: async isPassing => void (await agent.put(`/v1/agent/check/${isPassing ? 'pass' : 'fail'}/check-flap`)),
    requests: async () => relay.takeRequests(),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    },
  }
}

async function registerService(
  name: string,
  agent: { put(path: string, body: unknown): Promise<string> },
): Promise<void> {
  const check = { CheckID: `check-${name}`, TTL: '1h', Status: 'passing' }
  const place = { Name: name, Address: '127.0.0.1', Port: upstreamPort, Tags: [`urlprefix-/${name}`] }
  await agent.put('/v1/agent/service/register', { ...place, Check: check })
}

async function startSimulator(): Promise<Source> {
  const program = join(import.meta.dirname, 'consul-simulator-process.ts')
  const child = spawn(process.execPath, [program, String(services), String(upstreamPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${Number(line.toString())}`
  return {
    addr: url.slice('http://'.length),
    flap: async () => void (await (await fetch(`${url}/flap`, { method: 'PUT' })).text()),
    requests: async () => Number(await (await fetch(`${url}/requests`)).text()),
    [Symbol.asyncDispose]: () => end(child),
  }
}
