import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from '../pinned-process.ts'
import type { Http2Load, LoadResult } from './load.ts'
import { run } from './run.ts'
import type { LoadPlace } from './wrk.ts'

/** A message of gRPC: not compressed, 7 bytes long, of which the first field is a text. */
const MESSAGE = Buffer.from('\0\0\0\0\x07\n\x05hello', 'latin1')

export function hasH2load(): boolean {
  return which('h2load') !== undefined
}

/** As many requests as the streams carry. */
export async function runH2load(load: Http2Load, { port, seconds, cpus, scratch }: LoadPlace): Promise<LoadResult> {
  const options = ['-c', String(load.connections), '-m', String(load.streams), '-D', String(seconds)]
  const target = load.isGrpc ? grpcCall(port, scratch) : [`https://127.0.0.1:${port}/small`]
  const output = await run('taskset', ['-c', cpus, which('h2load') ?? 'h2load', ...options, ...target])
  const [, succeeded = '0'] = /status codes: (\d+) 2xx/.exec(output) ?? []
  const [, failed = '0', errored = '0'] = /(\d+) failed, (\d+) errored/.exec(output) ?? []
  const [, others = '0', more = '0', most = '0'] = /(\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(output) ?? []
  const errors = [failed, errored, others, more, most].reduce((sum, count) => sum + Number(count), 0)
  return { operations: Number(succeeded), seconds, errors }
}

function grpcCall(port: number, scratch: string): readonly string[] {
  const file = join(scratch, 'grpc-message')
  writeFileSync(file, MESSAGE)
  const headers = [':method: POST', 'content-type: application/grpc', 'te: trailers'].flatMap(field => ['-H', field])
  return [...headers, '-d', file, `http://127.0.0.1:${port}/bench.Echo/Unary`]
}
