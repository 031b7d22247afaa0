import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from '../pinned-process.ts'
import { SERVER_NAME } from '../setup.ts'
import { readClientHello } from './client-hello.ts'
import { type HelloLoad, type HttpLoad, httpMessages, type LoadResult } from './load.ts'
import { run } from './run.ts'

export interface LoadPlace {
  readonly port: number
  readonly seconds: number
  /** Processors for the load, as `taskset` takes them: `1`, `0,1`. */
  readonly cpus: string
  readonly scratch: string
}

export function hasWrk(): boolean {
  return which('wrk') !== undefined
}

/** As many requests as the connections carry: the next goes out when the answer has come. */
export async function runWrk(load: HttpLoad | HelloLoad, place: LoadPlace): Promise<LoadResult> {
  const file = join(place.scratch, 'load.lua')
  writeFileSync(file, load.kind === 'hello' ? helloScript(place.scratch) : script(load))
  const { port, seconds, cpus } = place
  const origin = load.kind === 'http' && load.isSecure === true ? `https://${SERVER_NAME}` : 'http://127.0.0.1'
  const threads = cpus.split(',').length
  const output = await run('taskset', [
    ...['-c', cpus, which('wrk') ?? 'wrk', `-t${threads}`, `-c${load.connections}`, `-d${seconds}s`],
    // Its own limit is 2 s, after which it only counts an error: the slowest peers need longer.
    ...['--timeout', '30s', '-s', file, `${origin}:${port}/`],
  ])
  const [, requests = '0', time = '0s'] = /(\d+) requests in ([\d.]+\w+)/.exec(output) ?? []
  const problems = output.matchAll(/(?:connect|read|write|timeout|Non-2xx or 3xx responses:?) (\d+)/g)
  return {
    operations: Number(requests),
    seconds: secondsOf(time),
    errors: [...problems].reduce((sum, match) => sum + Number(match[1]), 0),
  }
}

/** The very bytes of the requests: what wrk would make of its own options differs in the headers. */
function script(load: HttpLoad): string {
  const { pipeline = 1 } = load
  const lines = httpMessages(load).map(({ head, bodyBytes }) => {
    const body = bodyBytes > 0 ? ` .. string.rep("x", ${bodyBytes})` : ''
    return `  string.rep(${JSON.stringify(head)}${body}, ${pipeline}),`
  })
  return `local requests = {\n${lines.join('\n')}\n}
local n = 0
request = function()
  n = n % #requests + 1
  return requests[n]
end
`
}

/** wrk wants the first request to be one of HTTP, looks at it and throws it away. */
function helloScript(scratch: string): string {
  const bytes = Array.from(readClientHello(scratch), byte => `\\${String(byte).padStart(3, '0')}`).join('')
  return `local hello = "${bytes}"
local isChecked = false
request = function()
  if isChecked then return hello end
  isChecked = true
  return "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
end
`
}

function secondsOf(text: string): number {
  const [, value = '0', unit = 's'] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? []
  const factors: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }
  return Number(value) * (factors[unit] ?? 1)
}
