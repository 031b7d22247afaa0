// `npm run fuzz -- --framing [COUNT] [--seed SEED] [--start NUMBER]`: this router's parsers beside llhttp, on COUNT generated texts.
// With `--through` the texts go through the whole router on real sockets, and llhttp reads what comes out.
// A run that was stopped goes on with `--start`; a finding is repeated by its number with the same seed.

import { parseArgs } from 'node:util'
import { compareBatch, newTally } from './compare.ts'
import { ThroughProxy } from './through-proxy.ts'

const BATCH = 500
const REPORT_MS = 10_000
const MAX_SHOWN = 20

const { values, positionals } = parseArgs({
  options: {
    framing: { type: 'boolean' },
    seed: { type: 'string', default: '1' },
    start: { type: 'string', default: '0' },
    through: { type: 'boolean' },
  },
  allowPositionals: true,
})
const count = Number(positionals[0] ?? 2_000_000)
const seed = Number(values.seed)
const start = Number(values.start)
const tally = newTally()
const proxy = values.through ? await ThroughProxy.start(seed) : undefined
const startedAt = performance.now()
let reportedAt = startedAt

function line(number: number): string {
  const { texts, taken, refused, foreign, findings } = tally
  const perSecond = Math.round((texts / (performance.now() - startedAt)) * 1000)
  return (
    `seed ${seed}, next ${number}: ${texts} texts, ${taken} messages taken, ${refused} texts refused, ` +
    `${foreign} of methods llhttp does not know, ${findings.length} findings, ${perSecond}/s\n`
  )
}

let number = start
while (number < start + count && tally.findings.length < MAX_SHOWN) {
  const to = Math.min(number + BATCH, start + count)
  if (proxy === undefined) await compareBatch(seed, number, to, tally)
  else await proxy.compareBatch(number, to, tally)
  number = to
  if (performance.now() - reportedAt < REPORT_MS) continue
  reportedAt = performance.now()
  process.stdout.write(line(number))
}
for (const finding of tally.findings) process.stdout.write(`\n${finding}\n`)
process.stdout.write(`\n${line(number)}${Math.round((performance.now() - startedAt) / 1000)} s\n`)
process.exit(tally.findings.length === 0 ? 0 : 1)
