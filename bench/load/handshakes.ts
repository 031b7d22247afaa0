import { which } from '../pinned-process.ts'
import type { HandshakeLoad, LoadResult } from './load.ts'
import { run } from './run.ts'
import type { LoadPlace } from './wrk.ts'

export function hasOpenssl(): boolean {
  return which('openssl') !== undefined
}

/**
 * Each client makes a connection with a whole handshake, asks, reads until the end, and begins anew. By `openssl s_time`: wrk takes up
 * the session of the connection before, whatever its options say.
 */
export async function runHandshakes({ clients }: HandshakeLoad, place: LoadPlace): Promise<LoadResult> {
  const { port, seconds, cpus } = place
  const command = ['-c', cpus, which('openssl') ?? 'openssl', 's_time', '-new', '-www', '/small']
  const began = performance.now()
  const outputs = await Promise.all(
    Array.from({ length: clients }, () =>
      // A client ends with its first failure, and what it said until then is in the error.
      run('taskset', [...command, '-time', String(seconds), '-connect', `127.0.0.1:${port}`]).catch(String),
    ),
  )
  // It stops at the next whole second of the clock.
  const took = (performance.now() - began) / 1000
  const operations = outputs.reduce((sum, output) => sum + Number(/(\d+) connections in/.exec(output)?.[1] ?? 0), 0)
  return { operations, seconds: took, errors: outputs.filter(output => /ERROR|ended with/.test(output)).length }
}
