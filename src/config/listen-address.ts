import { isIP, isIPv6 } from 'node:net'

/** `[host]:port` taken apart. */
export interface ListenAddress {
  /** Without brackets; '' for all addresses. */
  readonly host: string
  readonly port: number
}

/**
 * Go's rules: a host with colons needs brackets, the port may be the name of a service, or nothing for any free port.
 * undefined when it is not an address.
 */
export function parseListenAddress(text: string, services: ReadonlyMap<string, number>): ListenAddress | undefined {
  const [, bracketed, plain, portText = ''] = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || !isHost(host)) return undefined
  const port = portText === '' ? 0 : parsePort(portText, services)
  return port === undefined ? undefined : { host, port }
}

function isHost(text: string): boolean {
  const address = text.replace(/%[^%]+$/, '')
  return text === '' || isIP(text) !== 0 || isIPv6(address) || /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)$/.test(text)
}

function parsePort(text: string, services: ReadonlyMap<string, number>): number | undefined {
  if (!/^[0-9]+$/.test(text)) return services.get(text)
  const port = Number(text)
  return port <= 65535 ? port : undefined
}
