// The whole router under load, beside every peer that is found on this machine, alternating in one run. See README.md here.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureIdle, measureStart } from './at-rest.ts'
import { evaluateBars, formatBars } from './bars.ts'
import { makeCertificates } from './certificate.ts'
import { ALL_CPUS, type Bench, LOAD_CPUS, withCells } from './field.ts'
import { saveClientHello } from './load/client-hello.ts'
import { hasH2load } from './load/h2load.ts'
import { hasOpenssl } from './load/handshakes.ts'
import type { Load } from './load/load.ts'
import { hasWrk } from './load/wrk.ts'
import { measureMaximum, measureTimes } from './maximum.ts'
import { STREAM_MODULE, startNginxUpstream } from './nginx-upstream.ts'
import { PEERS } from './peers/all.ts'
import { drawPicture } from './picture.ts'
import { killAll, PinnedProcess } from './pinned-process.ts'
import { table } from './report.ts'
import { groupResult, loadResults, type Row, saveResults } from './results.ts'
import { GROUPS, type Group } from './scenario.ts'

const UPSTREAM_PORT = 17_000
const ECHO_PORT = 17_001
const HELLO_PORT = 17_002
const GRPC_PORT = 17_003

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    list: { type: 'boolean', default: false },
  },
})
const AT_REST = { start: measureStart, idle: measureIdle } as const
const names = [...GROUPS.map(({ name }) => name), ...Object.keys(AT_REST)]
const only = values.only?.split(',')
const wantedPeers = values.peers?.split(',')

if (values.list) {
  process.stdout.write(`${names.join('\n')}\n`)
  process.exit(0)
}
for (const name of only ?? []) if (!names.includes(name)) stop(`no scenario ${name}; there are ${names.join(', ')}`)
for (const name of wantedPeers ?? []) {
  if (!PEERS.some(peer => peer.name === name)) stop(`no peer ${name}; there are ${PEERS.map(p => p.name).join(', ')}`)
}
if (cpus().length < 2) stop('the bench needs two processors: one for the proxy, one for load and upstream')

const scratch = mkdtempSync(join(tmpdir(), 'fabio-bench-'))
// nginx reads its files as another user when root starts it.
chmodSync(scratch, 0o755)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    killAll()
    rmSync(scratch, { recursive: true, force: true })
    process.exit(130)
  })
}
try {
  await run()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const bench = prepare()
  makeCertificates(scratch)
  await saveClientHello(scratch)
  await using _nginx = await startNginxUpstream({
    port: UPSTREAM_PORT,
    helloPort: HELLO_PORT,
    cpus: LOAD_CPUS,
    scratch,
  })
  await using echo = startProgram('echo', ECHO_PORT)
  await using grpc = startProgram('grpc-upstream', GRPC_PORT)
  await Promise.all([echo.listening(ECHO_PORT), grpc.listening(GRPC_PORT)])
  const results = { ...(wantedPeers === undefined ? loadResults() : {}) }
  for (const name of names) {
    if (only !== undefined && !only.includes(name)) continue
    const group = GROUPS.find(one => one.name === name)
    const missing = group === undefined ? undefined : missingTool(group)
    if (missing !== undefined) {
      process.stdout.write(`\n${name}: needs ${missing}, which is not here\n`)
      continue
    }
    const rows = group === undefined ? await AT_REST[name as keyof typeof AT_REST](bench) : await measure(bench, group)
    bench.progress('')
    print(rows, group)
    results[name] = groupResult(rows, { rounds: bench.rounds, seconds: bench.seconds })
    // A bench that is interrupted keeps what it has.
    if (wantedPeers === undefined) saveResults(results)
  }
  process.stdout.write(formatBars(evaluateBars(results)))
  if (wantedPeers !== undefined) {
    process.stdout.write('\nnot kept: only some of the peers took part\n')
    return
  }
  process.stdout.write(`\n${saveResults(results)}\n`)
  const picture = join(import.meta.dirname, 'results', 'latest.svg')
  writeFileSync(picture, drawPicture(results))
  process.stdout.write(`${picture}\n`)
}

function prepare(): Bench {
  // This process, and what it starts without saying otherwise, keeps away from the proxy's processor.
  spawnSync('taskset', ['-a', '-cp', LOAD_CPUS, String(process.pid)])
  build()
  const peers = PEERS.filter(({ name }, i) => i === 0 || wantedPeers === undefined || wantedPeers.includes(name))
  const here = peers.filter(peer => peer.isHere())
  for (const { name, work } of here) process.stdout.write(`${name}: ${work}\n`)
  for (const { name } of peers.filter(peer => !here.includes(peer))) process.stdout.write(`${name}: not here\n`)
  if (!hasWrk())
    process.stdout.write('wrk is not here: the load is our own generator, which takes more processor time\n')
  return {
    peers: here,
    upstreamPort: UPSTREAM_PORT,
    echoPort: ECHO_PORT,
    helloPort: HELLO_PORT,
    grpcPort: GRPC_PORT,
    scratch,
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    progress: text => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
    },
  }
}

/** What runs is what is shipped. */
function build(): void {
  const tool = join(import.meta.dirname, '..', 'tools', 'build.mjs')
  const { status, stderr } = spawnSync('taskset', ['-c', ALL_CPUS, process.execPath, tool, '--if-older'], {
    encoding: 'utf8',
  })
  if (status !== 0) stop(`the build failed:\n${stderr}`)
}

function startProgram(name: string, port: number): PinnedProcess {
  const program = join(import.meta.dirname, 'load', `${name}-program.ts`)
  const command = [process.execPath, program, String(port)]
  return new PinnedProcess(command, { cpus: LOAD_CPUS, outputFile: join(scratch, `${name}.out`) })
}

function measure(bench: Bench, group: Group): Promise<Row[]> {
  return withCells(bench, group.scenarios, async cells => {
    const maxima = await measureMaximum(bench, cells)
    return [...maxima, ...(await measureTimes(bench, cells, maxima))]
  })
}

function print(rows: readonly Row[], group: Group | undefined): void {
  for (const kind of ['maximum', 'fixed-rate', 'start', 'idle'] as const) {
    for (const name of new Set(rows.filter(row => row.kind === kind).map(row => row.scenario))) {
      const scenario = group?.scenarios.find(one => one.name === name)
      process.stdout.write(
        table(
          rows.filter(row => row.kind === kind && row.scenario === name),
          scenario,
        ),
      )
    }
  }
}

function needsWrk(load: Load): boolean {
  return load.kind === 'hello' || (load.kind === 'http' && (load.pipeline !== undefined || load.isSecure === true))
}

/** What a group's load needs and this machine does not have. */
function missingTool(group: Group): string | undefined {
  for (const { load } of group.scenarios) {
    if (needsWrk(load) && !hasWrk()) return 'wrk'
    if (load.kind === 'hello' && !existsSync(STREAM_MODULE)) return "nginx's stream module"
    if (load.kind === 'handshakes' && !hasOpenssl()) return 'openssl'
    if (load.kind === 'http2' && !hasH2load()) return 'h2load'
  }
  return undefined
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
