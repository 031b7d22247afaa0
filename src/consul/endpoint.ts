import { readdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { readIntoOneBuffer } from './long-answer.ts'

export interface ConsulTlsOptions {
  readonly keyFile: string
  readonly certFile: string
  readonly caFile: string
  readonly caPath: string
  readonly insecureSkipVerify: boolean
}

/** `registry.consul.*`; what is empty falls back to the CONSUL_* variables. */
export interface ConsulOptions {
  /** `host:port`, or several with commas between. */
  readonly addr: string
  readonly scheme: 'http' | 'https'
  readonly token: string
  readonly namespace?: string
  readonly tls?: ConsulTlsOptions
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Where Consul is and who we are to it, with everything looked up and read. */
export interface ConsulEndpoint {
  /** `https://consul.test:8501`; one an agent. With a socket path it names only the host header. */
  readonly origins: readonly string[]
  readonly socketPath: string | undefined
  /** For people and logs: `127.0.0.1:8500`. */
  readonly addr: string
  readonly token: string
  readonly namespace: string
  readonly partition: string
  readonly tls: LoadedTls
}

interface LoadedTls {
  readonly ca?: string[]
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized: boolean
}

/** Reads the TLS files, once. Throws an Error that names the file or the setting. */
export function loadEndpoint(options: ConsulOptions, env: Environment): ConsulEndpoint {
  const text = options.addr || env.CONSUL_HTTP_ADDR || '127.0.0.1:8500'
  const places = text.split(',').map(one => parseAddress(one.trim(), options.scheme))
  return {
    origins: places.map(({ origin }) => origin),
    socketPath: places[0]?.socketPath,
    addr: places.map(({ addr }) => addr).join(','),
    token: options.token || env.CONSUL_HTTP_TOKEN || '',
    namespace: options.namespace || env.CONSUL_NAMESPACE || '',
    partition: env.CONSUL_PARTITION ?? '',
    tls: places.some(({ origin }) => origin.startsWith('https:'))
      ? loadTls(options.scheme === 'https' ? options.tls : undefined, env)
      : { rejectUnauthorized: true },
  }
}

/**
 * Keep-alive connections to the agents. At most MAX_CONNECTIONS each: Consul refuses more than 100 (200 since 1.7.4) from one client
 * address (`http_max_conns_per_client`), and other processes on this machine want some of them.
 */
export function createDispatcher(
  endpoint: ConsulEndpoint,
  env: Environment,
  { isForLongAnswers } = { isForLongAnswers: false },
): Dispatcher {
  const tls = endpoint.tls
  const connect = {
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    ...tls,
    ...(endpoint.socketPath === undefined ? {} : { socketPath: endpoint.socketPath }),
  }
  // The deadlines are the client's own: a blocking query is silent for as long as it waits.
  const options = {
    connect,
    connections: MAX_CONNECTIONS,
    keepAliveTimeout: 90_000,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const httpProxy = env.http_proxy || env.HTTP_PROXY || ''
  const httpsProxy = env.https_proxy || env.HTTPS_PROXY || ''
  const isProxied = (endpoint.origins.some(origin => origin.startsWith('https:')) ? httpsProxy : httpProxy) !== ''
  const isNear = endpoint.origins.every(origin => isLoopback(new URL(origin).hostname))
  if (!isProxied || endpoint.socketPath !== undefined || isNear) {
    const onread = isForLongAnswers ? { onread: readIntoOneBuffer() } : {}
    return new Agent({ ...options, connect: { ...connect, ...onread } })
  }
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    httpProxy,
    httpsProxy,
    noProxy: env.no_proxy || env.NO_PROXY || '',
  })
}

const MAX_CONNECTIONS = 40
/** A packet that was lost is sent again after 1 s and after 3; then the next attempt is the better one. */
const CONNECT_TIMEOUT_MS = 3500

function parseAddress(
  text: string,
  scheme: 'http' | 'https',
): { origin: string; socketPath: string | undefined; addr: string } {
  const [, prefix, rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(text) ?? []
  if (prefix === 'unix') return { origin: 'http://consul', socketPath: rest, addr: text }
  if (prefix !== undefined && prefix !== 'http' && prefix !== 'https')
    throw new Error(`Unknown protocol scheme: ${prefix}`)
  const addr = rest.replace(/\/.*$/s, '')
  try {
    return { origin: new URL(`${prefix === 'https' ? prefix : scheme}://${addr}`).origin, socketPath: undefined, addr }
  } catch (cause) {
    throw new Error(`consul: "${addr}" is not an address of the form host:port`, { cause })
  }
}

function loadTls(options: ConsulTlsOptions | undefined, env: Environment): LoadedTls {
  const certFile = options?.certFile || env.CONSUL_CLIENT_CERT || ''
  const keyFile = options?.keyFile || env.CONSUL_CLIENT_KEY || ''
  const caFile = options?.caFile || env.CONSUL_CACERT || ''
  const caPath = options?.caPath || env.CONSUL_CAPATH || ''
  const servername = env.CONSUL_TLS_SERVER_NAME ?? ''
  if ((certFile === '') !== (keyFile === '')) throw new Error('both client cert and client key must be provided')
  const isUnverified = options?.insecureSkipVerify === true || /^(0|f|false)$/i.test(env.CONSUL_HTTP_SSL_VERIFY ?? '')
  return {
    rejectUnauthorized: !isUnverified,
    ...(servername === '' ? {} : { servername }),
    ...(certFile === '' ? {} : { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }),
    ...(caFile !== '' ? { ca: [readFileSync(caFile, 'utf8')] } : caPath === '' ? {} : { ca: readDirectory(caPath) }),
  }
}

function readDirectory(path: string): string[] {
  const files = readdirSync(path, { withFileTypes: true }).filter(entry => !entry.isDirectory())
  return files.map(file => readFileSync(join(path, file.name), 'utf8'))
}

/** Go's HTTP client, whose proxy rules operators know, never sends these to a proxy. */
function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
