import { join } from 'node:path'
import { firstAnswer } from './first-answer.ts'
import { runMaximum } from './load/run-load.ts'
import type { Peer } from './peers/peer.ts'
import { PinnedProcess } from './pinned-process.ts'
import type { Row } from './results.ts'
import type { Scenario } from './scenario.ts'
import { type Setup, setupName } from './setup.ts'

export const PROXY_CPUS = '0'
export const LOAD_CPUS = '1'
export const ALL_CPUS = '0,1'

/** What all measurements share. */
export interface Bench {
  readonly peers: readonly Peer[]
  readonly upstreamPort: number
  readonly echoPort: number
  readonly helloPort: number
  readonly grpcPort: number
  readonly scratch: string
  readonly rounds: number
  readonly seconds: number
  progress(text: string): void
}

let nextPort = 17_010

/** A peer that is set up and runs. */
export interface Entrant {
  readonly peer: Peer
  readonly port: number
  readonly server: PinnedProcess
}

/** Starts a peer without waiting for it. */
export function enter(bench: Bench, peer: Peer, setup: Setup, cpus: string): Entrant {
  const { upstreamPort, echoPort, helloPort, grpcPort, scratch } = bench
  const port = nextPort++
  // Ports of one bench stay below those that the system gives to outgoing connections.
  if (nextPort > 17_990) nextPort = 17_010
  const { command, env } = peer.command({
    setup,
    proxyPort: port,
    upstreamPort,
    echoPort,
    helloPort,
    grpcPort,
    scratch,
  })
  const outputFile = join(scratch, `${peer.name}-${setupName(setup)}-${port}.out`)
  return { peer, port, server: new PinnedProcess(command, { cpus, outputFile, ...(env === undefined ? {} : { env }) }) }
}

/** A scenario and a peer that runs for it. */
export interface Cell extends Entrant {
  readonly scenario: Scenario
}

/** Starts everybody a group needs, runs `measure`, and ends them. Who cannot take part gets a row that says why. */
export async function withCells(
  bench: Bench,
  scenarios: readonly Scenario[],
  measure: (cells: readonly Cell[]) => Promise<Row[]>,
): Promise<Row[]> {
  const cells: Cell[] = []
  const absent: Row[] = []
  try {
    for (const scenario of scenarios) {
      for (const peer of bench.peers) {
        const { name, setup, load } = scenario
        const reason = peer.cannot(setup, load.kind) ?? (await start(bench, scenario, peer, cells))
        if (reason !== undefined)
          absent.push({ kind: 'maximum', scenario: name, peer: peer.name, cannot: reason, samples: [] })
      }
    }
    return [...(await measure(cells)), ...absent]
  } finally {
    for (const { server } of cells) await server[Symbol.asyncDispose]()
  }
}

/** @returns why it did not start, or undefined */
async function start(bench: Bench, scenario: Scenario, peer: Peer, cells: Cell[]): Promise<string | undefined> {
  const { setup, load } = scenario
  bench.progress(`${scenario.name}: ${peer.name} starts`)
  const cell = { ...enter(bench, peer, setup, proxyCpus(setup)), scenario }
  try {
    await firstAnswer(cell.server, { port: cell.port, setup, load, scratch: bench.scratch })
    await warmUp(bench, cell)
    cells.push(cell)
    return undefined
  } catch (cause) {
    await cell.server[Symbol.asyncDispose]()
    return `it did not start: ${cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause)}`
  }
}

function proxyCpus(setup: Setup): string {
  return setup.kind === 'workers' ? ALL_CPUS : PROXY_CPUS
}

export function loadCpus(setup: Setup): string {
  return setup.kind === 'workers' ? ALL_CPUS : LOAD_CPUS
}

/** So that code is compiled, and connections to the upstream are open. */
export async function warmUp({ scratch }: Bench, { scenario, port }: Cell): Promise<void> {
  await runMaximum(scenario.load, { port, seconds: 1, cpus: loadCpus(scenario.setup), scratch })
}
