// HTTP/2 over TLS and unary gRPC calls through one processor, beside the original, alternating; the load is h2load. Needs nginx, h2load,
// openssl, and a Fabio binary.
//   FABIO_REFERENCE=/path/to/fabio node bench/http2.bench.ts [ROUNDS] [SECONDS]

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOAD_CPUS, PROXY_CPUS } from './field.ts'
import { startNginxUpstream } from './nginx-upstream.ts'
import { PinnedProcess, which } from './pinned-process.ts'

const UPSTREAM_PORT = 17_100
const GRPC_PORT = 17_101
const CONNECTIONS = 8
const STREAMS = 16

interface Round {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

interface Load {
  readonly name: string
  readonly bar: number
  readonly offset: number
  arguments(port: number, scratch: string): readonly string[]
}

const LOADS: readonly Load[] = [
  { name: 'HTTP/2 over TLS, small GET', bar: 3, offset: 0, arguments: port => [`https://127.0.0.1:${port}/`] },
  {
    name: 'gRPC, unary',
    bar: 2,
    offset: 1,
    arguments: (port, scratch) => [
      ...['-H', ':method: POST', '-H', 'content-type: application/grpc', '-H', 'te: trailers'],
      ...['-d', join(scratch, 'message'), `http://127.0.0.1:${port}/bench.Echo/Unary`],
    ],
  },
]

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 5)
const scratch = mkdtempSync(join(tmpdir(), 'fabio-bench-http2-'))
try {
  await run()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function run(): Promise<void> {
  writeFileSync(join(scratch, 'message'), Buffer.from('\0\0\0\0\x07\n\x05hello', 'latin1'))
  const [cert, key] = [join(scratch, 'cert.pem'), join(scratch, 'key.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', ...curve, '-subj', '/CN=localhost', '-days', '2'], { stdio: 'ignore' })
  await using _upstream = await startNginxUpstream(UPSTREAM_PORT, LOAD_CPUS, scratch)
  await using grpc = start(
    'grpc',
    [process.execPath, join(import.meta.dirname, 'load', 'grpc-upstream-program.ts'), String(GRPC_PORT)],
    LOAD_CPUS,
  )
  const flags = (port: number): string[] => [
    ...['-insecure', '-runtime.gomaxprocs', '1', '-log.level', 'ERROR', '-ui.addr', `127.0.0.1:${port + 2}`],
    ...['-proxy.cs', `cs=edge;type=file;cert=${cert};key=${key}`],
    ...['-proxy.addr', `127.0.0.1:${port};cs=edge,127.0.0.1:${port + 1};proto=grpc`, '-registry.backend', 'static'],
    '-registry.static.routes',
    `route add web / http://127.0.0.1:${UPSTREAM_PORT}/\nroute add echo /bench.Echo grpc://127.0.0.1:${GRPC_PORT}/`,
  ]
  const binary = process.env.FABIO_REFERENCE ?? which('fabio')
  if (binary === undefined) throw new Error('no Fabio to compare with: FABIO_REFERENCE names its binary')
  await using ours = start('this', [join(import.meta.dirname, '..', 'fabio'), ...flags(17_110)], PROXY_CPUS)
  await using theirs = start('fabio', [binary, ...flags(17_120)], PROXY_CPUS)
  await Promise.all([grpc.listening(GRPC_PORT), ours.listening(17_111), theirs.listening(17_121)])
  const peers = [
    { name: 'this', port: 17_110, server: ours },
    { name: 'fabio', port: 17_120, server: theirs },
  ]
  for (const load of LOADS) {
    const taken = new Map<string, Round[]>(peers.map(({ name }) => [name, []]))
    // The first round warms up: a just-in-time compiler needs some thousands of requests.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, port, server } of peers) {
        const result = measure(server, load.arguments(port + load.offset, scratch))
        if (round > 0) taken.get(name)?.push(result)
      }
    }
    print(load, taken)
  }
}

function start(name: string, command: readonly string[], cpus: string): PinnedProcess {
  return new PinnedProcess(command, { cpus, outputFile: join(scratch, `${name}.out`), env: { GOMAXPROCS: '1' } })
}

function measure(server: PinnedProcess, target: readonly string[]): Round {
  const before = server.cpuMicroseconds()
  const load = ['-c', String(CONNECTIONS), '-m', String(STREAMS), '-D', String(seconds), ...target]
  const output = execFileSync('taskset', ['-c', LOAD_CPUS, which('h2load') ?? 'h2load', ...load], { encoding: 'utf8' })
  const spent = server.cpuMicroseconds() - before
  const [, succeeded = '0'] = /(\d+) 2xx/.exec(output) ?? []
  const [, failed = '0'] = /, (\d+) failed/.exec(output) ?? []
  if (Number(succeeded) === 0 || Number(failed) > 0) throw new Error(`the load failed:\n${output}`)
  return { perSecond: Number(succeeded) / seconds, cpuMicroseconds: spent / Number(succeeded) }
}

function print({ name, bar }: Load, taken: ReadonlyMap<string, readonly Round[]>): void {
  process.stdout.write(`${name}\n`)
  const cpu = (peer: string): number => median((taken.get(peer) ?? []).map(round => round.cpuMicroseconds))
  for (const [peer, all] of taken) {
    const perSecond = median(all.map(round => round.perSecond))
    process.stdout.write(
      `  ${peer.padEnd(8)}${perSecond.toFixed(0).padStart(8)} a second${cpu(peer).toFixed(1).padStart(8)} µs CPU\n`,
    )
  }
  const ratio = cpu('fabio') / cpu('this')
  process.stdout.write(`  ${ratio.toFixed(2)} x Fabio a core, ${ratio >= bar ? 'met' : 'MISSED'} >= ${bar} x\n`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
