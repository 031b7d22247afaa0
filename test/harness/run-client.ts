import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ClientRun {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

const TIME_MS = 20_000

/** Runs a program such as curl to its end. */
export async function runClient(command: string, args: readonly string[], input = ''): Promise<ClientRun> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: TIME_MS, killSignal: 'SIGKILL' })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', piece => {
    stdout += String(piece)
  })
  child.stderr.on('data', piece => {
    stderr += String(piece)
  })
  // A client that has gone does not take its input; its exit code says so.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code, signal] = await once(child, 'close')
  return { code: (code ?? signal) as number | NodeJS.Signals, stdout, stderr }
}
