import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { GeneratorResult, GeneratorTask } from './generator-task.ts'
import { runH2load } from './h2load.ts'
import { runHandshakes } from './handshakes.ts'
import type { Load, LoadResult } from './load.ts'
import { hasWrk, type LoadPlace, runWrk } from './wrk.ts'

/** As much as the proxy takes: by a known tool where one can, else by the generator here, which takes more of the load's processor. */
export async function runMaximum(load: Load, place: LoadPlace): Promise<LoadResult> {
  if (load.kind === 'hello') return runWrk(load, place)
  if (load.kind === 'handshakes') return runHandshakes(load, place)
  if (load.kind === 'http2') return runH2load(load, place)
  if (load.kind === 'http' && hasWrk()) return runWrk(load, place)
  return runGenerator({ port: place.port, load, seconds: place.seconds }, place.cpus)
}

/** A fixed rate. */
export function runGenerator(task: GeneratorTask, cpus: string): Promise<GeneratorResult> {
  return new Promise((resolve, reject) => {
    const child = spawnGenerator(task, cpus)
    let output = ''
    child.stdout.on('data', piece => {
      output += String(piece)
    })
    child.on('error', reject)
    child.on('exit', code => {
      if (code === 0) resolve(JSON.parse(output) as GeneratorResult)
      else reject(new Error(`the load generator ended with ${code}`))
    })
  })
}

/** Connections at rest. Resolves when all are open; they end with what is returned. */
export async function openIdle(task: GeneratorTask, cpus: string): Promise<{ open: number } & AsyncDisposable> {
  const child = spawnGenerator({ ...task, isIdle: true }, cpus)
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', piece => resolve(String(piece)))
    child.once('exit', code => reject(new Error(`the load generator ended with ${code}`)))
  })
  return {
    open: (JSON.parse(line) as { open: number }).open,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await ended
    },
  }
}

function spawnGenerator(task: GeneratorTask, cpus: string) {
  const program = join(import.meta.dirname, 'generator-program.ts')
  return spawn('taskset', ['-c', cpus, process.execPath, program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}
