import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

/** What one round gave, by name: `perSecond`, `cpuMicroseconds`, `p99` … */
export type Sample = Readonly<Record<string, number>>

/** What was measured: as much as it takes; answer times at a fixed rate; a start; connections at rest. */
export type Kind = 'maximum' | 'fixed-rate' | 'start' | 'idle'

export interface Row {
  readonly kind: Kind
  readonly scenario: string
  readonly peer: string
  /** Why there are no samples. */
  readonly cannot?: string
  readonly samples: readonly Sample[]
}

/** One group's rows, all of one run. */
export interface GroupResult {
  readonly machine: { readonly cpu: string; readonly node: string; readonly date: string }
  readonly rounds: number
  readonly seconds: number
  readonly rows: readonly Row[]
}

/** Results by group. Each is of one run, in which all peers took turns; two groups may be of different runs. */
export type Results = Readonly<Record<string, GroupResult>>

const folder = join(import.meta.dirname, 'results')
const file = join(folder, 'latest.json')

export function groupResult(rows: readonly Row[], options: { rounds: number; seconds: number }): GroupResult {
  const machine = { cpu: cpus()[0]?.model ?? '', node: process.version, date: new Date().toISOString() }
  return { machine, ...options, rows }
}

export function loadResults(): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw cause
  }
}

/** @returns where they are */
export function saveResults(results: Results): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`)
  return file
}

/** The median over the rounds; NaN where nothing was measured. */
export function medianOf(row: Row | undefined, name: string): number {
  const sorted = (row?.samples ?? []).map(sample => sample[name] ?? Number.NaN).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Half of the distance from the least to the most, as a part of the median. */
export function spreadOf(row: Row, name: string): number {
  const values = row.samples.map(sample => sample[name] ?? Number.NaN)
  return (Math.max(...values) - Math.min(...values)) / 2 / medianOf(row, name)
}
