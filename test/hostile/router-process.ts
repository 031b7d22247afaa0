import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** In bytes; heap and external memory are those of all workers together. */
export interface RouterFigures {
  readonly rss: number
  readonly heap: number
  readonly external: number
  readonly workers: number
}

/** The router in a process of its own. */
export class RouterProcess implements AsyncDisposable {
  readonly port: number
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.child = child
    this.port = port
  }

  /** What is under `/good` goes to the one upstream, everything else to the other. */
  static async start(goodUrl: string, hostileUrl: string): Promise<RouterProcess> {
    const child = fork(join(import.meta.dirname, 'router.ts'), [goodUrl, hostileUrl], { stdio: 'inherit' })
    const exited = once(child, 'exit').then(() => {
      throw new Error('the router did not start')
    })
    const [started] = (await Promise.race([once(child, 'message'), exited])) as [{ port: number }]
    exited.catch(() => {})
    return new RouterProcess(child, started.port)
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  async figures(): Promise<RouterFigures> {
    const answer = once(this.child, 'message')
    this.child.send('figures')
    const [figures] = (await answer) as [RouterFigures]
    return figures
  }

  /** How many sockets the process has open, listening ones included. */
  get sockets(): number {
    const folder = `/proc/${this.child.pid}/fd`
    let count = 0
    for (const name of readdirSync(folder)) {
      try {
        if (readlinkSync(join(folder, name)).startsWith('socket:')) count++
      } catch {
        // Closed since the folder was read.
      }
    }
    return count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasExited) return
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
  }
}
