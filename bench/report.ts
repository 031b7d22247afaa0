import { medianOf, type Row, spreadOf } from './results.ts'
import type { Scenario } from './scenario.ts'

interface Column {
  readonly title: string
  readonly width: number
  text(row: Row, first: Row): string
}

const column = (title: string, width: number, text: Column['text']): Column => ({ title, width, text })
const figure = (title: string, width: number, name: string, digits: number, factor = 1): Column =>
  column(title, width, row => (medianOf(row, name) * factor).toFixed(digits))
const ratio = (title: string, name: string): Column =>
  column(title, 9, (row, first) => (medianOf(row, name) / medianOf(first, name)).toFixed(2))
const errors = column('errors', 8, row => String(row.samples.reduce((sum, { errors = 0 }) => sum + errors, 0)))

const MIB = 1 / 2 ** 20

/** How a row is printed, by what was measured. */
const COLUMNS: Readonly<Record<Row['kind'], readonly Column[]>> = {
  maximum: [
    figure('a second', 12, 'perSecond', 0),
    column('±', 7, row => `${(spreadOf(row, 'perSecond') * 100).toFixed(0)} %`),
    figure('µs CPU', 10, 'cpuMicroseconds', 1),
    column('±', 7, row => `${(spreadOf(row, 'cpuMicroseconds') * 100).toFixed(0)} %`),
    ratio('× first', 'cpuMicroseconds'),
    column('a core', 12, row => (1e6 / medianOf(row, 'cpuMicroseconds')).toFixed(0)),
    figure('busy %', 8, 'busy', 0, 100),
    figure('peak MiB', 10, 'peakBytes', 0, MIB),
    errors,
  ],
  'fixed-rate': [
    figure('a second', 12, 'rate', 0),
    figure('p50 ms', 10, 'p50', 2),
    figure('p99 ms', 10, 'p99', 2),
    figure('p99.9 ms', 10, 'p999', 2),
    errors,
  ],
  start: [figure('ms', 12, 'firstAnswerMs', 0), figure('MiB then', 10, 'restBytes', 0, MIB)],
  idle: [
    figure('connections', 13, 'connections', 0),
    figure('MiB before', 12, 'restBytes', 0, MIB),
    figure('MiB with', 10, 'idleBytes', 0, MIB),
    figure('KiB each', 10, 'bytesEach', 1, 1 / 1024),
  ],
}

const HEADINGS: Readonly<Record<Row['kind'], string>> = {
  maximum: '',
  'fixed-rate': ': answer times at a fixed rate',
  start: 'from the start to the first answer, and memory at rest, two workers',
  idle: 'connections at rest, one worker',
}

/** The rows of one scenario and kind, as a table. Ratios are to the first row. */
export function table(rows: readonly Row[], scenario: Scenario | undefined): string {
  const [first] = rows
  if (first === undefined) return ''
  const columns = COLUMNS[first.kind]
  const unit = scenario === undefined ? '' : ` (${scenario.unit})`
  const lines = [
    `\n${scenario?.title ?? ''}${HEADINGS[first.kind]}${unit}`,
    `  ${'peer'.padEnd(12)}${columns.map(({ title, width }) => title.padStart(width)).join('')}`,
  ]
  for (const row of rows) {
    const cells =
      row.cannot === undefined
        ? columns.map(({ width, text }) => text(row, first).padStart(width)).join('')
        : `  cannot: ${row.cannot}`
    lines.push(`  ${row.peer.padEnd(12)}${cells}`)
  }
  return `${lines.join('\n')}\n`
}
