// HTTPS requests with a whole handshake each while certificates are replaced every second: how many there were, and how many failed. Clients
// (openssl s_time), router and upstream share this machine's processors.
//   node bench/tls-rotation.bench.ts [SECONDS] [CLIENTS]

import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { both, put } from '../test/cert/follow-source.ts'
import { TestAuthority } from '../test/harness/test-authority.ts'
import { ALL_CPUS } from './field.ts'
import { runHandshakes } from './load/handshakes.ts'
import { startNginxUpstream } from './nginx-upstream.ts'
import { PinnedProcess } from './pinned-process.ts'

const UPSTREAM_PORT = 17_200
const HELLO_PORT = 17_201
const PORT = 17_202
const NAMES = ['a.test', 'b.test']
const REPLACE_MS = 900
const LOOK_MS = 100

const [seconds = 20, clients = 16] = process.argv.slice(2).map(Number)
const scratch = mkdtempSync(join(tmpdir(), 'fabio-bench-rotation-'))
chmodSync(scratch, 0o755)
try {
  await run()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function run(): Promise<void> {
  await using authority = await TestAuthority.create()
  const directory = join(authority.directory, 'certs')
  const issue = async (): Promise<void> => {
    for (const name of NAMES) await put(directory, `${name}.pem`, both(await authority.issue(name)))
  }
  await issue()
  await using _upstream = await startNginxUpstream({
    port: UPSTREAM_PORT,
    helloPort: HELLO_PORT,
    cpus: ALL_CPUS,
    scratch,
  })
  const flags = ['-insecure', '-log.level', 'ERROR', '-runtime.gomaxprocs', '2', '-ui.addr', '127.0.0.1:0']
  const source = [
    '-proxy.cs',
    `cs=dir;type=path;cert=${directory};refresh=1s`,
    '-proxy.addr',
    `127.0.0.1:${PORT};cs=dir`,
  ]
  const routes = `route add svc / http://127.0.0.1:${UPSTREAM_PORT}/`
  const registry = ['-registry.backend', 'static', '-registry.static.routes', routes]
  const command = [join(import.meta.dirname, '..', 'fabio'), ...flags, ...source, ...registry]
  await using router = new PinnedProcess(command, { cpus: ALL_CPUS, outputFile: join(scratch, 'router.out') })
  await router.listening(PORT)

  const ended = new AbortController()
  const replacing = repeat(ended.signal, REPLACE_MS, issue)
  const looks = NAMES.map(name => look(name, authority.ca, ended.signal))
  const before = router.cpuMicroseconds()
  const load = await runHandshakes({ kind: 'handshakes', clients }, { port: PORT, seconds, cpus: ALL_CPUS, scratch })
  const spent = Math.round((router.cpuMicroseconds() - before) / load.operations)
  ended.abort()
  const replaced = await replacing
  const seen = await Promise.all(looks)
  const shown = new Set(seen.flatMap(({ serials }) => [...serials])).size
  const failures = seen.flatMap(one => one.failures)
  const perSecond = Math.round(load.operations / load.seconds)
  process.stdout.write(
    `${load.operations} requests, a whole handshake each, in ${load.seconds.toFixed(1)} s: ${perSecond}/s, ${spent} µs CPU of the router each\n`,
  )
  process.stdout.write(`certificates replaced ${replaced} times; ${shown} of them seen\n`)
  process.stdout.write(`failures: ${load.errors + failures.length} ${[...new Set(failures)].slice(0, 5).join('; ')}\n`)
  process.stdout.write(router.output)
  process.exitCode = load.errors + failures.length === 0 ? 0 : 1
}

async function repeat(signal: AbortSignal, everyMs: number, work: () => Promise<void>): Promise<number> {
  let times = 0
  while (!signal.aborted) {
    await work()
    times++
    await sleep(everyMs)
  }
  return times
}

/** Beside the load, which looks at no certificate: what a client that verifies is shown for this name, again and again. */
async function look(servername: string, ca: string, signal: AbortSignal) {
  const serials = new Set<string>()
  const failures: string[] = []
  await repeat(signal, LOOK_MS, async () => {
    const socket = tls.connect({ port: PORT, host: '127.0.0.1', servername, ca })
    try {
      await once(socket, 'secureConnect')
      serials.add(socket.getPeerCertificate().serialNumber)
      socket.write(`GET /small HTTP/1.1\r\nHost: ${servername}\r\n\r\n`)
      const [answer] = await once(socket, 'data')
      if (!String(answer).startsWith('HTTP/1.1 200 ')) throw new Error(String(answer).slice(0, 80))
    } catch (cause) {
      failures.push(String(cause))
    } finally {
      socket.destroy()
    }
  })
  return { serials, failures }
}
