import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALL_CPUS, type Bench, enter, LOAD_CPUS, PROXY_CPUS, warmUp } from './field.ts'
import { firstAnswer } from './first-answer.ts'
import { openIdle } from './load/run-load.ts'
import type { Row, Sample } from './results.ts'
import type { Scenario } from './scenario.ts'
import type { Setup } from './setup.ts'

const HTTP: Setup = { kind: 'http' }
const TWO_WORKERS: Setup = { kind: 'workers', count: 2 }
const IDLE_CONNECTIONS = 10_000
/** How long a process is left alone before its memory is looked at. */
const SETTLE_MS = 2000
const MAX_IDLE_ROUNDS = 3

/** From the command to the first answer of the upstream, both processors free, two workers where there are workers. */
export async function measureStart(bench: Bench): Promise<Row[]> {
  return eachPeer(bench, 'start', bench.rounds, async peer => {
    const setup = peer.cannot(TWO_WORKERS, 'http') === undefined ? TWO_WORKERS : HTTP
    const startedAt = performance.now()
    const { server, port } = enter(bench, peer, setup, ALL_CPUS)
    await using running = server
    await firstAnswer(running, { port, setup, scratch: bench.scratch })
    const firstAnswerMs = performance.now() - startedAt
    await sleep(SETTLE_MS)
    return { firstAnswerMs, restBytes: running.memoryBytes() }
  })
}

/** Memory with many connections that have had one answer each and are kept. */
export async function measureIdle(bench: Bench): Promise<Row[]> {
  const connections = Math.min(IDLE_CONNECTIONS, openFilesLimit() - 500)
  return eachPeer(bench, 'idle', Math.min(bench.rounds, MAX_IDLE_ROUNDS), async peer => {
    const { server, port } = enter(bench, peer, HTTP, PROXY_CPUS)
    await using running = server
    await firstAnswer(running, { port, setup: HTTP, scratch: bench.scratch })
    const load = { kind: 'http', connections: 32, path: '/small' } as const
    const scenario: Scenario = { name: 'idle', title: '', setup: HTTP, load, unit: 'requests' }
    await warmUp(bench, { peer, port, server: running, scenario })
    await sleep(SETTLE_MS)
    const restBytes = running.memoryBytes()
    await using idle = await openIdle({ port, load: { ...load, connections }, seconds: 0 }, LOAD_CPUS)
    await sleep(SETTLE_MS)
    const idleBytes = running.memoryBytes()
    return { connections: idle.open, restBytes, idleBytes, bytesEach: (idleBytes - restBytes) / idle.open }
  })
}

async function eachPeer(
  bench: Bench,
  kind: Row['kind'],
  rounds: number,
  measure: (peer: Bench['peers'][number]) => Promise<Sample>,
): Promise<Row[]> {
  const rows = bench.peers.map(peer => ({ kind, scenario: kind, peer: peer.name, samples: [] as Sample[] }))
  for (let round = 1; round <= rounds; round++) {
    for (const [i, peer] of bench.peers.entries()) {
      bench.progress(`${kind}: round ${round}/${rounds}, ${peer.name}`)
      rows[i]?.samples.push(await measure(peer))
    }
  }
  return rows
}

function openFilesLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
}
