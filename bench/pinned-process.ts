import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The program's path, looked for on PATH and where Debian keeps servers. */
export function which(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map(folder => join(folder, name)).find(existsSync)
}

/** Clock ticks a second, in which /proc counts processor time; 100 on every Linux that is used. */
const TICKS = 100

/** A server of the bench on one processor. */
export class PinnedProcess implements AsyncDisposable {
  private readonly child: ChildProcess
  private output = ''

  constructor(command: readonly string[], options: { cpu: number; env?: NodeJS.ProcessEnv; cwd?: string }) {
    const { cpu, env = {}, cwd } = options
    this.child = spawn('taskset', ['-c', String(cpu), ...command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    const keep = (piece: Buffer): void => {
      this.output = (this.output + piece.toString()).slice(-4000)
    }
    this.child.stdout?.on('data', keep)
    this.child.stderr?.on('data', keep)
  }

  /** Resolves when the port takes connections. */
  async listening(port: number): Promise<void> {
    const deadline = performance.now() + 10_000
    while (!(await takesConnections(port))) {
      if (this.child.exitCode !== null || performance.now() > deadline)
        throw new Error(`does not listen on ${port}:\n${this.output}`)
      await sleep(20)
    }
  }

  /** User and system time of the process and all its children, in microseconds. */
  cpuMicroseconds(): { user: number; system: number } {
    let user = 0
    let system = 0
    for (const pid of this.pids()) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      user += (Number(fields[11]) * 1e6) / TICKS
      system += (Number(fields[12]) * 1e6) / TICKS
    }
    return { user, system }
  }

  /** Resident memory of the process and all its children, in bytes. */
  residentBytes(): number {
    let bytes = 0
    for (const pid of this.pids()) {
      const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      bytes += Number(rss ?? 0) * 1024
    }
    return bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise<void>(resolve => this.child.once('exit', () => resolve()))
    this.child.kill('SIGTERM')
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 3000)
    await ended
    clearTimeout(hard)
  }

  private pids(): number[] {
    const { pid } = this.child
    if (pid === undefined) return []
    const found = [pid]
    // `taskset` becomes the program; nginx has its work done by children.
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) found.push(Number(name))
      } catch {
        // Ended between the listing and the look.
      }
    }
    return found
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
