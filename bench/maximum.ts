import { type Bench, type Cell, loadCpus } from './field.ts'
import { answersWell } from './first-answer.ts'
import type { GeneratedLoad, Load } from './load/load.ts'
import { runGenerator, runMaximum } from './load/run-load.ts'
import { medianOf, type Row, type Sample } from './results.ts'

/** Each peer once a round, as much as it takes: a machine that slows down slows all of them. */
export async function measureMaximum(bench: Bench, cells: readonly Cell[]): Promise<Row[]> {
  return inRounds(bench, cells, 'maximum', async ({ scenario, server, port }) => {
    server.forgetPeak()
    const before = server.cpuMicroseconds()
    const cpus = loadCpus(scenario.setup)
    const { seconds, scratch } = bench
    const result = await runMaximum(scenario.load, { port, seconds, cpus, scratch })
    const spent = server.cpuMicroseconds() - before
    const { setup, load } = scenario
    // What a call came to is in its trailers, which the load does not look at: one after it tells.
    const areErrors = setup.kind === 'grpc' && !(await answersWell({ port, setup, load, scratch }))
    return {
      perSecond: result.operations / result.seconds,
      // Who finished none has spent all of it on the first.
      cpuMicroseconds: spent / Math.max(result.operations, 1),
      busy: spent / (result.seconds * 1e6),
      peakBytes: server.peakBytes(),
      errors: areErrors ? result.errors + result.operations : result.errors,
    }
  })
}

/** Answer times of all peers at the same rate: half of what the slowest of them takes. */
export async function measureTimes(bench: Bench, cells: readonly Cell[], maxima: readonly Row[]): Promise<Row[]> {
  const timed = cells.filter(cell => cell.scenario.isTimed === true)
  if (timed.length === 0) return []
  const rate = Math.floor(Math.min(...maxima.map(row => medianOf(row, 'perSecond'))) / 2)
  return inRounds(bench, timed, 'fixed-rate', async ({ scenario, port }) => {
    const { load, setup } = scenario
    if (!isGenerated(load)) throw new Error(`${scenario.name}: no load at a fixed rate`)
    const result = await runGenerator({ port, load, seconds: bench.seconds, rate }, loadCpus(setup))
    const { p50, p99, p999, late, errors } = result
    return { rate, p50, p99, p999, late, errors }
  })
}

function isGenerated(load: Load): load is GeneratedLoad {
  return load.kind !== 'handshakes' && load.kind !== 'http2' && load.kind !== 'hello'
}

async function inRounds(
  bench: Bench,
  cells: readonly Cell[],
  kind: Row['kind'],
  measure: (cell: Cell) => Promise<Sample>,
): Promise<Row[]> {
  const samples = new Map<Cell, Sample[]>(cells.map(cell => [cell, []]))
  for (let round = 1; round <= bench.rounds; round++) {
    for (const cell of cells) {
      bench.progress(`${cell.scenario.name}, ${kind}: round ${round}/${bench.rounds}, ${cell.peer.name}`)
      samples.get(cell)?.push(await measure(cell))
    }
  }
  return cells.map(cell => ({
    kind,
    scenario: cell.scenario.name,
    peer: cell.peer.name,
    samples: samples.get(cell) ?? [],
  }))
}
