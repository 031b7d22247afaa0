import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import type { ConsulConfig } from '../../config/config.ts'
import type { ServiceRegistration } from '../../consul/client.ts'
import type { Log } from '../../log/log.ts'

/** How long Consul waits for a sign of life before it holds us for dead, and how much longer before it forgets us. */
const TTL_MS = 15_000
const DEREGISTER_CRITICAL_AFTER_MS = 60_000

export interface RegisteredAddress {
  readonly ip: string
  readonly port: number
}

/** Where Consul and its clients reach us: `registry.consul.register.addr` with a name resolved, and an empty or unspecified host filled in. */
export async function resolveRegisterAddress(addr: string, log: Log): Promise<RegisteredAddress> {
  const { host, port } = splitHostPort(addr)
  if (isIP(host) !== 0 && !isUnspecified(host)) return { ip: host, port }
  if (host !== '' && isIP(host) === 0) {
    try {
      return { ip: (await lookup(host)).address, port }
    } catch (cause) {
      // Fabio takes no notice of a name at all, so one that means nothing must not keep us from starting either.
      log.warn(`consul: registry.consul.register.addr: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }
  const ip = findGlobalUnicast()
  if (ip === undefined) throw new Error('no local ip')
  return { ip, port }
}

/** Throws when the address has no port. */
export function serviceIdOf(name: string, addr: string): string {
  return `${name}-${hostname()}-${splitHostPort(addr).port}`
}

export function ttlCheckIdOf(serviceId: string): string {
  return `${serviceId}-ttl`
}

/** Field for field what Fabio 1.7.3 sends. */
export function buildRegistration(
  name: string,
  { ip, port }: RegisteredAddress,
  config: ConsulConfig,
): ServiceRegistration {
  const { register } = config
  const id = serviceIdOf(name, register.addr)
  const url = `${register.checkScheme}://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}/health`
  return {
    ID: id,
    Name: name,
    ...(register.tags.length === 0 ? {} : { Tags: register.tags }),
    Port: port,
    Address: ip,
    Check: null,
    Checks: [
      {
        CheckID: ttlCheckIdOf(id),
        TTL: formatGoDuration(TTL_MS),
        DeregisterCriticalServiceAfter: formatGoDuration(DEREGISTER_CRITICAL_AFTER_MS),
      },
      {
        Interval: formatGoDuration(register.checkIntervalMs),
        Timeout: formatGoDuration(register.checkTimeoutMs),
        HTTP: url,
        ...(register.checkTlsSkipVerify ? { TLSSkipVerify: true } : {}),
      },
    ],
    ...(config.namespace === '' ? {} : { Namespace: config.namespace }),
  }
}

/** As Go's time.Duration prints itself: `1m30s`, `500ms`, `1.5s`. */
export function formatGoDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 0) return `-${formatGoDuration(-ms)}`
  if (ms < 0.001) return `${round(ms * 1_000_000)}ns`
  if (ms < 1) return `${round(ms * 1000)}µs`
  if (ms < 1000) return `${round(ms)}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${round((ms % 60_000) / 1000)}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

/** Nanoseconds are the finest that Go knows. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

/** The words of the errors are Go's, which operators know from Fabio's log. */
function splitHostPort(addr: string): { host: string; port: number } {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(addr) ?? []
  if (port === undefined) {
    const isTooMany = addr.includes(':') && !addr.startsWith('[')
    throw new Error(`address ${addr}: ${isTooMany ? 'too many colons' : 'missing port'} in address`)
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`registry.consul.register.addr: '${port}' is not a port number`)
  return { host: bracketed ?? plain, port: Number(port) }
}

function isUnspecified(ip: string): boolean {
  return ip === '0.0.0.0' || /^[0:]+$/.test(ip)
}

/** The first address that is reachable from elsewhere, in the order of the interfaces; private ranges count. */
function findGlobalUnicast(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return addresses.find(({ internal, address }) => !internal && !isLinkLocal(address))?.address
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}
