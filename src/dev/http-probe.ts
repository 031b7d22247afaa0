import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { HttpProbe } from './check-definition.ts'
import { codeOf, describeDialFailure } from './dial-failure.ts'
import type { ProbeResult } from './probe-loop.ts'

const MAX_REDIRECTS = 10

/**
 * One request, as Consul makes it: 2xx is passing, 429 is a warning, everything else and no answer are critical.
 * Redirects are followed. Never rejects: whatever is wrong with the URL, the headers or the network is the result.
 */
export async function probeHttp(probe: HttpProbe, signal: AbortSignal): Promise<ProbeResult> {
  const deadline = AbortSignal.timeout(probe.timeoutMs)
  const either = AbortSignal.any([signal, deadline])
  let url = probe.url
  try {
    let method = probe.method
    for (let redirects = 0; ; redirects++) {
      const response = await send(probe, url, method, either)
      const next = redirectTarget(response, url)
      if (next === undefined) return await read(response, probe)
      response.destroy()
      if (redirects === MAX_REDIRECTS) throw new Error('stopped after 10 redirects')
      if (response.statusCode !== 307 && response.statusCode !== 308 && method !== 'HEAD') method = 'GET'
      url = next
    }
  } catch (cause) {
    const verb = probe.method.charAt(0).toUpperCase() + probe.method.slice(1).toLowerCase()
    return {
      status: 'critical',
      output: `${verb} ${JSON.stringify(url)}: ${failureText(cause, url, deadline.aborted)}`,
    }
  }
}

/** Resolves with the head of the answer; the body is still to come. Rejects for whatever is wrong, also with the URL. */
async function send(probe: HttpProbe, url: string, method: string, signal: AbortSignal): Promise<IncomingMessage> {
  const target = new URL(url)
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new Error(`unsupported protocol scheme ${JSON.stringify(target.protocol.slice(0, -1))}`)
  }
  const headers: OutgoingHttpHeaders = { 'user-agent': 'Consul Health Check', accept: 'text/plain, text/*, */*' }
  for (const [name, values] of probe.headers) setHeader(headers, name.toLowerCase(), values)
  const body = method === probe.method ? probe.body : ''
  if (body !== '') headers['content-length'] = String(Buffer.byteLength(body))
  return await new Promise((resolve, reject) => {
    // A connection of its own each time: whether one can be made is half of what is asked.
    const options = { method, headers, signal, agent: false } as const
    const request =
      target.protocol === 'http:'
        ? requestHttp(target, options)
        : requestHttps(target, { ...options, rejectUnauthorized: !probe.tlsSkipVerify })
    request.on('response', resolve)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Names come from outside: none may reach what an object inherits. node:http wants one value to be no list (Host). */
function setHeader(headers: OutgoingHttpHeaders, name: string, values: readonly string[]): void {
  const value = values.length === 1 ? values[0] : [...values]
  Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true })
}

function redirectTarget(response: IncomingMessage, from: string): string | undefined {
  const location = response.headers.location
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return undefined
  return new URL(location, from).href
}

/** The status decides; of the body, only the last bytes are kept. A body that breaks off changes nothing, as in Consul. */
async function read(response: IncomingMessage, probe: HttpProbe): Promise<ProbeResult> {
  let tail = Buffer.alloc(0)
  try {
    for await (const chunk of response) {
      tail = Buffer.concat([tail, Buffer.from(chunk)])
      tail = tail.subarray(Math.max(0, tail.length - probe.outputMaxBytes))
    }
  } catch {
    // See above: what came until here is the output.
  }
  const code = response.statusCode ?? 0
  const status = code >= 200 && code <= 299 ? 'passing' : code === 429 ? 'warning' : 'critical'
  const head = `HTTP ${probe.method} ${probe.url}: ${code} ${response.statusMessage ?? ''}`
  return { status, output: `${head} Output: ${tail.toString()}` }
}

function failureText(cause: unknown, url: string, isLate: boolean): string {
  if (isLate) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  const { hostname = '', port = '', protocol = '' } = URL.parse(url) ?? {}
  const address = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
  const code = codeOf(cause)
  if (code === 'EPROTO') return 'http: server gave HTTP response to HTTPS client'
  const isDial = cause instanceof AggregateError || (cause instanceof Error && 'syscall' in cause)
  if (isDial) return describeDialFailure(cause, address)
  return cause instanceof Error ? cause.message : String(cause)
}
