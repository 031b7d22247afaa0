// The whole router under load, beside every peer that is found on this machine, alternating in one run. See README.md here.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PEERS, type Peer } from './peer.ts'
import { PinnedProcess } from './pinned-process.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'
import { startUpstream } from './upstream.ts'
import { type LoadResult, runLoad } from './wrk.ts'

const PROXY_CPU = 0
const LOAD_CPU = 1
const UPSTREAM_PORT = 17_000
const FIRST_PROXY_PORT = 17_001

interface Sample extends LoadResult {
  readonly cpuMicrosecondsPerRequest: number
  readonly residentBytes: number
}

interface Row {
  readonly scenario: string
  readonly peer: string
  readonly samples: readonly Sample[]
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const scenarios = SCENARIOS.filter(({ name }) => values.only === undefined || name.includes(values.only))
const wanted = values.peers?.split(',')
const scratch = mkdtempSync(join(tmpdir(), 'fabio-bench-'))

try {
  if (cpus().length < 2) throw new Error('the bench needs two processors: one for the proxy, one for load and upstream')
  await using upstream = await startUpstream(UPSTREAM_PORT, LOAD_CPU, scratch)
  void upstream
  const running = await startPeers()
  const rows: Row[] = []
  for (const scenario of scenarios) rows.push(...(await measure(scenario, running)))
  for (const { server } of running) await server[Symbol.asyncDispose]()
  report(rows)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

interface RunningPeer {
  readonly peer: Peer
  readonly port: number
  readonly server: PinnedProcess
}

async function startPeers(): Promise<RunningPeer[]> {
  const running: RunningPeer[] = []
  for (const [index, peer] of PEERS.entries()) {
    if (wanted !== undefined && index > 0 && !wanted.includes(peer.name)) continue
    const port = FIRST_PROXY_PORT + index
    const start = peer.command({ proxyPort: port, upstreamPort: UPSTREAM_PORT, scratch })
    if (start === undefined) {
      process.stdout.write(`${peer.name}: not on this machine\n`)
      continue
    }
    const server = new PinnedProcess(start.command, {
      cpu: PROXY_CPU,
      ...(start.env === undefined ? {} : { env: start.env }),
    })
    await server.listening(port)
    process.stdout.write(`${peer.name}: ${peer.work}\n`)
    running.push({ peer, port, server })
  }
  return running
}

/** Each peer once a round, so that a machine that slows down slows all of them. */
async function measure(scenario: Scenario, running: readonly RunningPeer[]): Promise<Row[]> {
  const samples = new Map<string, Sample[]>(running.map(({ peer }) => [peer.name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { peer, port, server } of running) {
      process.stderr.write(`\r\x1b[K${scenario.name}: round ${round}/${rounds}, ${peer.name}`)
      const before = server.cpuMicroseconds()
      const result = await runLoad({ ...scenario, port, seconds: round === 0 ? 1 : seconds, cpu: LOAD_CPU, scratch })
      const after = server.cpuMicroseconds()
      const spent = after.user + after.system - before.user - before.system
      const sample = {
        ...result,
        cpuMicrosecondsPerRequest: spent / result.requests,
        residentBytes: server.residentBytes(),
      }
      // The first round only warms up.
      if (round > 0) samples.get(peer.name)?.push(sample)
    }
  }
  process.stderr.write('\r\x1b[K')
  return [...samples].map(([peer, list]) => ({ scenario: scenario.name, peer, samples: list }))
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function report(rows: readonly Row[]): void {
  for (const scenario of scenarios) {
    const own = rows.filter(row => row.scenario === scenario.name)
    const base = median(own[0]?.samples.map(sample => sample.cpuMicrosecondsPerRequest) ?? [])
    process.stdout.write(`\n${scenario.title}\n`)
    process.stdout.write(
      `  ${'peer'.padEnd(12)}${'requests/s'.padStart(12)}${'µs CPU'.padStart(10)}${'× ours'.padStart(9)}${'p50 ms'.padStart(10)}${'p99 ms'.padStart(10)}${'MiB'.padStart(8)}${'errors'.padStart(9)}\n`,
    )
    for (const { peer, samples } of own) {
      const of = (pick: (sample: Sample) => number): number => median(samples.map(pick))
      const cpu = of(sample => sample.cpuMicrosecondsPerRequest)
      process.stdout.write(
        `  ${peer.padEnd(12)}${of(s => s.requestsPerSecond)
          .toFixed(0)
          .padStart(12)}${cpu.toFixed(1).padStart(10)}${(cpu / base).toFixed(2).padStart(9)}` +
          `${of(s => s.p50)
            .toFixed(2)
            .padStart(10)}${of(s => s.p99)
            .toFixed(2)
            .padStart(10)}${(of(s => s.residentBytes) / 2 ** 20).toFixed(0).padStart(8)}` +
          `${String(samples.reduce((sum, s) => sum + s.errors, 0)).padStart(9)}\n`,
      )
    }
  }
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'latest.json')
  const machine = { cpu: cpus()[0]?.model, node: process.version, date: new Date().toISOString(), rounds, seconds }
  writeFileSync(file, `${JSON.stringify({ machine, rows }, undefined, 1)}\n`)
  process.stdout.write(`\n${file}\n`)
}
