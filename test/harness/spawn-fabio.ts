import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '../..')
const READY_MS = 20_000

export interface FabioProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** Standard error so far. */
  log(): string
  /** Standard output so far. */
  output(): string
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>
}

/** The router as an operator starts it: `./fabio FLAGS…` in a process of its own. Resolves when `ports` take connections. */
export async function spawnFabio(
  args: readonly string[],
  options: { ports?: readonly number[]; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<FabioProcess> {
  const { ports = [], env = {}, cwd = root } = options
  const child = spawn(join(root, 'fabio'), args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  let output = ''
  child.stderr.on('data', piece => {
    log += String(piece)
  })
  child.stdout.on('data', piece => {
    output += String(piece)
  })
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  const fabio: FabioProcess = {
    child,
    log: () => log,
    output: () => output,
    exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
  try {
    for (const port of ports) await untilOpen(port, child, () => log)
  } catch (cause) {
    await fabio[Symbol.asyncDispose]()
    throw cause
  }
  return fabio
}

async function untilOpen(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`port ${port} does not open:\n${log()}`)
    await sleep(20)
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Ports nobody listens on, found all at once so that they differ. */
export async function findPorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenSomewhere))
  const ports = servers.map(server => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

/** Below the ports that the system gives to whoever connects: until they are used nobody takes them by chance. */
async function listenSomewhere(): Promise<Server> {
  for (;;) {
    const server = createServer().listen(20_000 + Math.floor(Math.random() * 12_000), '127.0.0.1')
    try {
      await once(server, 'listening')
      return server
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    }
  }
}
