import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from './pinned-process.ts'

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly requestsPerSecond: number
  readonly errors: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

export interface Load {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  readonly cpu: number
  /** The body of a wrk script, when the request is more than a GET. */
  readonly script?: string
  readonly scratch: string
}

/** Runs wrk once. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const path = which('wrk')
  if (path === undefined) throw new Error('the bench needs wrk')
  const { port, connections, seconds, cpu, script, scratch } = load
  const args = ['-c', String(cpu), path, '-t1', `-c${connections}`, `-d${seconds}s`, '--latency']
  if (script !== undefined) {
    const file = join(scratch, 'load.lua')
    writeFileSync(file, script)
    args.push('-s', file)
  }
  args.push(`http://127.0.0.1:${port}${load.path}`)
  const output = await run('taskset', args)
  const [, requests = '0', time = '0s'] = /(\d+) requests in ([\d.]+\w+)/.exec(output) ?? []
  const errors = [...output.matchAll(/(?:connect|read|write|timeout|Non-2xx or 3xx responses:?) (\d+)/g)].reduce(
    (sum, m) => sum + Number(m[1]),
    0,
  )
  return {
    requests: Number(requests),
    seconds: milliseconds(time) / 1000,
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
    errors,
    p50: milliseconds(/50%\s+([\d.]+\w+)/.exec(output)?.[1] ?? '0ms'),
    p99: milliseconds(/99%\s+([\d.]+\w+)/.exec(output)?.[1] ?? '0ms'),
  }
}

function milliseconds(text: string): number {
  const [, value = '0', unit = 'ms'] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? []
  const factors: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return Number(value) * (factors[unit] ?? 1)
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', piece => {
      output += String(piece)
    })
    child.stderr.on('data', piece => {
      output += String(piece)
    })
    child.on('error', reject)
    child.on('exit', code =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}: ${output}`)),
    )
  })
}
