import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from '../pinned-process.ts'
import { type PeerTask, routeOf, SERVER_NAME, type Setup, setupName } from '../setup.ts'
import type { Peer } from './peer.ts'

const root = join(import.meta.dirname, '..', '..')

/** This router, as built. */
export const ours: Peer = {
  name: 'this',
  work: 'one worker, all forwarding headers, keep-alive upstream, no access log',
  isHere: () => true,
  cannot: () => undefined,
  command: task => ({
    command: [join(root, 'fabio'), ...flags(task), '-runtime.gomaxprocs', String(threads(task.setup))],
  }),
}

/** The original: the binary that FABIO_REFERENCE names, or one on PATH. */
export const fabio: Peer = {
  name: 'fabio',
  work: 'GOMAXPROCS=1, the same flags as ours',
  isHere: () => binary() !== undefined,
  cannot: () => undefined,
  command: task => ({
    command: [binary() ?? 'fabio', ...flags(task)],
    env: { GOMAXPROCS: String(threads(task.setup)) },
  }),
}

function binary(): string | undefined {
  return process.env.FABIO_REFERENCE ?? which('fabio')
}

function threads(setup: Setup): number {
  return setup.kind === 'workers' ? setup.count : 1
}

function flags(task: PeerTask): string[] {
  const { setup, proxyPort, scratch } = task
  const listener = `127.0.0.1:${proxyPort}${LISTENER_OPTIONS.get(setup.kind) ?? ''}`
  const isLogged = setup.kind === 'logged'
  return [
    ...registryFlags(task),
    ...(setup.kind === 'https'
      ? ['-proxy.cs', `cs=edge;type=file;cert=${scratch}/${setup.key}.pem;key=${scratch}/${setup.key}.key`]
      : []),
    '-proxy.addr',
    isLogged ? `${listener},127.0.0.1:${proxyPort + 2000};proto=prometheus` : listener,
    ...(isLogged ? ['-log.access.target', 'stdout', '-metrics.target', 'prometheus'] : []),
    '-ui.addr',
    `127.0.0.1:${proxyPort + 1000}`,
    '-log.level',
    'ERROR',
    '-insecure',
  ]
}

const LISTENER_OPTIONS: ReadonlyMap<Setup['kind'], string> = new Map([
  ['tcp', ';proto=tcp'],
  ['https', ';cs=edge'],
  ['sni', ';proto=tcp+sni'],
  ['grpc', ';proto=grpc'],
])

function registryFlags(task: PeerTask): string[] {
  const { setup, upstreamPort, scratch } = task
  const upstream = `http://127.0.0.1:${upstreamPort}/`
  if (setup.kind === 'paths' || setup.kind === 'hosts') {
    const file = join(scratch, `routes-${setupName(setup)}`)
    const lines = Array.from({ length: setup.size }, (_, n) => {
      const { host, path } = routeOf(setup.kind, n)
      return `route add service-${n} ${host}${path} ${upstream}`
    })
    writeFileSync(file, `${lines.join('\n')}\n`)
    // The original does not start with this registry when there is no such page.
    const page = join(scratch, 'no-route.html')
    writeFileSync(page, 'no route')
    return ['-registry.backend', 'file', '-registry.file.path', file, '-registry.file.noroutehtmlpath', page]
  }
  return ['-registry.backend', 'static', '-registry.static.routes', routes(task)]
}

function routes({ setup, proxyPort, upstreamPort, echoPort, helloPort, grpcPort }: PeerTask): string {
  switch (setup.kind) {
    case 'tcp':
      return `route add echo :${proxyPort} tcp://127.0.0.1:${echoPort}`
    case 'sni':
      return `route add secure ${SERVER_NAME}/ tcp://127.0.0.1:${helloPort}`
    case 'grpc':
      return `route add echo /bench.Echo grpc://127.0.0.1:${grpcPort}/`
    default:
      return `route add bench / http://127.0.0.1:${upstreamPort}/\nroute add echo /ws http://127.0.0.1:${echoPort}/`
  }
}
