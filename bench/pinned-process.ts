import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
const START_LIMIT_MS = 120_000

export interface PinnedOptions {
  /** Processors it may use, as `taskset` takes them: `1`, `0,1`. */
  readonly cpus: string
  readonly env?: NodeJS.ProcessEnv
  /** What it prints goes to this file. */
  readonly outputFile: string
}

const running = new Set<ChildProcess>()

/** Ends all servers of the bench at once, when it is interrupted. */
export function killAll(): void {
  // nginx ends its workers when it is asked to, and leaves them when it is killed.
  for (const child of running) child.kill('SIGTERM')
}

/** A server of the bench on processors of its own. */
export class PinnedProcess implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly outputFile: string

  constructor(command: readonly string[], options: PinnedOptions) {
    const { cpus, env = {}, outputFile } = options
    this.outputFile = outputFile
    const output = openSync(outputFile, 'w')
    this.child = spawn('taskset', ['-c', cpus, ...command], {
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    running.add(this.child)
    this.child.once('exit', () => running.delete(this.child))
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** The end of what it has printed. */
  get output(): string {
    return readFileSync(this.outputFile, 'latin1').slice(-2000)
  }

  /** Resolves when the port takes connections. */
  async listening(port: number): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS
    while (!(await takesConnections(port))) {
      if (this.hasEnded || performance.now() > deadline) throw new Error(`does not listen on ${port}:\n${this.output}`)
      await sleep(20)
    }
  }

  /** User and system time of the process and all its children, in microseconds. */
  cpuMicroseconds(): number {
    let ticks = 0
    for (const pid of this.pids()) {
      const stat = readProc(pid, 'stat')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
    }
    return (ticks * 1e6) / TICKS
  }

  /** Memory of the process and all its children, in bytes; what they share counts once. */
  memoryBytes(): number {
    return this.sum('smaps_rollup', /^Pss:\s+(\d+) kB/m)
  }

  /** The most memory since `forgetPeak`, in bytes. */
  peakBytes(): number {
    return this.sum('status', /^VmHWM:\s+(\d+) kB/m)
  }

  forgetPeak(): void {
    for (const pid of this.pids()) {
      try {
        writeFileSync(`/proc/${pid}/clear_refs`, '5')
      } catch {
        // Another user's, which nginx makes of its workers when root starts it. Its peak is then that of its life.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return
    const ended = new Promise<void>(resolve => this.child.once('exit', () => resolve()))
    this.child.kill('SIGTERM')
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 3000)
    await ended
    clearTimeout(hard)
  }

  private sum(file: string, field: RegExp): number {
    let kilobytes = 0
    for (const pid of this.pids()) kilobytes += Number(field.exec(readProc(pid, file))?.[1] ?? 0)
    return kilobytes * 1024
  }

  private pids(): number[] {
    const { pid } = this.child
    if (pid === undefined) return []
    // `taskset` becomes the program; nginx has its work done by children.
    const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    return [pid, ...children.map(Number)]
  }
}

function parentOf(pid: number): number {
  const stat = readProc(pid, 'stat')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** '' for a process that has ended between the listing and the look. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
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
