import { lookup } from 'node:dns/promises'
import { MetricsError } from './metrics-error.ts'

/** Where a push back end listens. The host is a name or an IP address without brackets. */
export interface BackendAddress {
  readonly host: string
  readonly port: number
}

export interface ResolvedAddress {
  readonly ip: string
  readonly family: 4 | 6
}

/**
 * Reads `host:port` and makes sure that the name resolves now.
 * @throws MetricsError in Fabio's words; also for an empty address, which Fabio takes and then never sends anything
 */
export async function resolveBackendAddress(backend: string, option: string, text: string): Promise<BackendAddress> {
  if (text === '') throw new MetricsError(`${option} is empty: metrics.target=${backend} needs a host:port to send to`)
  try {
    const address = parseHostPort(text)
    await resolveHost(address.host)
    return address
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MetricsError(`error resolving ${backend.replace('_raw', '')} address ${text}: ${reason}`, { cause })
  }
}

/** @throws Error when there is no address for `host` */
export async function resolveHost(host: string): Promise<ResolvedAddress> {
  try {
    const { address, family } = await lookup(host)
    return { ip: address, family: family === 6 ? 6 : 4 }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    throw new Error(`lookup ${host}: ${code === 'ENOTFOUND' ? 'no such host' : String(code ?? cause)}`, { cause })
  }
}

function parseHostPort(text: string): BackendAddress {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text)
  if (match === null) {
    const reason = text.includes(':') ? 'too many colons in address' : 'missing port in address'
    throw new Error(`address ${text}: ${reason}`)
  }
  const portText = match[3] ?? ''
  if (!/^[0-9]+$/.test(portText)) throw new Error(`address ${text}: unknown port`)
  const port = Number(portText)
  if (port < 1 || port > 65535) throw new Error(`address ${portText}: invalid port`)
  const host = match[1] ?? match[2] ?? ''
  // Without a host the local machine is meant.
  return { host: host === '' ? '127.0.0.1' : host, port }
}
