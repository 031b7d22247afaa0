import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A port on which connecting takes for ever: nobody accepts, and the queue before it is full. */
export interface StalledListener extends AsyncDisposable {
  readonly port: number
  /** Accepts again, and answers nothing. */
  goOn(): void
}

const LISTEN = `
  const server = require('node:net').createServer(socket => { socket.on('error', () => {}); socket.resume() })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))
`
/** Longer than a connect within the machine ever takes. */
const STALL_MS = 300
const MAX_QUEUE = 20

export async function startStalledListener(): Promise<StalledListener> {
  const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const port = Number(String(line))
  child.kill('SIGSTOP')
  const queued: Socket[] = []
  for (let isStalled = false; !isStalled; ) {
    if (queued.length > MAX_QUEUE) throw new Error('the queue of the listener has no end')
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    queued.push(socket)
    isStalled = !(await Promise.race([once(socket, 'connect').then(() => true), sleep(STALL_MS, false)]))
  }
  return {
    port,
    goOn: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      for (const socket of queued) socket.destroy()
      child.kill('SIGCONT')
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
