import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpMessages, type Load } from './load/load.ts'
import type { PinnedProcess } from './pinned-process.ts'
import type { Setup } from './setup.ts'

const LIMIT_MS = 180_000
const PAUSE_MS = 2

/** Resolves when the proxy has given its first answer that comes from the upstream. */
export async function firstAnswer(server: PinnedProcess, port: number, setup: Setup, load?: Load): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  const { message, wanted } = question(setup, load)
  while (!(await asks(port, message, wanted))) {
    if (server.hasEnded || performance.now() > deadline) throw new Error(`no answer on ${port}:\n${server.output}`)
    await sleep(PAUSE_MS)
  }
}

function question(setup: Setup, load: Load | undefined): { readonly message: string; readonly wanted: string } {
  if (setup.kind === 'tcp') return { message: 'ping', wanted: 'ping' }
  const table = load?.kind === 'http' ? load.table : undefined
  const plain = { kind: 'http', connections: 1, path: '/small', ...(table === undefined ? {} : { table }) } as const
  return { message: httpMessages(plain)[0]?.head ?? '', wanted: 'HTTP/1.1 200' }
}

function asks(port: number, message: string, wanted: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(message))
    socket.once('data', bytes => {
      resolve(bytes.toString('latin1').startsWith(wanted))
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}
