import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { ListenerSpec } from '../config/listener-spec.ts'
import { resolveBackendAddress } from '../metrics/backend-address.ts'
import { reasonOf, type Subject } from './subject.ts'

/**
 * Addresses to listen on and to connect to. That a name does not resolve, or an address belongs to another machine, is a
 * warning: this machine need not be the one that the configuration is for.
 */
export async function checkAddresses(subject: Subject): Promise<void> {
  checkForSharedPorts(subject)
  await checkListenAddresses(subject)
  await checkRegistryAddress(subject)
  await checkMetricsAddresses(subject)
}

interface PlacedListener {
  readonly spec: ListenerSpec
  readonly option: 'proxy.addr' | 'ui.addr'
}

function listenersOf({ config: { proxy, ui } }: Subject): readonly PlacedListener[] {
  const own = proxy.listeners.map(spec => ({ spec, option: 'proxy.addr' as const }))
  return ui.listener === undefined ? own : [...own, { spec: ui.listener, option: 'ui.addr' }]
}

/** The second of two listeners on one address finds it in use. */
function checkForSharedPorts(subject: Subject): void {
  const before: PlacedListener[] = []
  for (const { spec, option } of listenersOf(subject)) {
    // That protocol opens the ports of its routes; its own address opens none.
    if (spec.proto === 'tcp-dynamic' || spec.port === 0) continue
    const other = before.find(taken => taken.spec.port === spec.port && overlap(taken.spec.host, spec.host))
    if (other !== undefined) {
      const reason = `${spec.addr}: address already in use by ${other.option} ${other.spec.addr}`
      subject.findings.error(subject.placeOf(option), `${option}: ${reason}`)
    }
    before.push({ spec, option })
  }
}

function overlap(a: string, b: string): boolean {
  return a === b || isEverywhere(a, b) || isEverywhere(b, a)
}

/** Whether a listener on `host` gets what is sent to `other`. */
function isEverywhere(host: string, other: string): boolean {
  return host === '' || host === '::' || (host === '0.0.0.0' && isIP(other) !== 6)
}

async function checkListenAddresses(subject: Subject): Promise<void> {
  const own = new Set(Object.values(networkInterfaces()).flatMap(list => list?.map(({ address }) => address) ?? []))
  for (const { spec, option } of listenersOf(subject)) {
    const host = spec.host.replace(/%.*/, '')
    if (host === '' || host === '0.0.0.0' || host === '::' || own.has(host) || /^127\./.test(host)) continue
    if (isIP(host) === 0) {
      await warnUnlessKnown(subject, option, { name: host, of: spec.addr })
      continue
    }
    const reason = `${spec.addr}: this machine does not have the address ${host}`
    subject.findings.warn(subject.placeOf(option), `${option}: ${reason}`)
  }
}

async function checkRegistryAddress(subject: Subject): Promise<void> {
  const { backend, consul, custom } = subject.config.registry
  const { option, addr } =
    backend === 'consul'
      ? { option: 'registry.consul.addr', addr: consul.addr }
      : { option: 'registry.custom.host', addr: backend === 'custom' ? custom.host : '' }
  for (const place of addr.split(',')) {
    const url = `http://${place}/`
    // What is no address has been found before; none at all leaves it to CONSUL_HTTP_ADDR.
    if (place === '' || !URL.canParse(url)) continue
    const { hostname, host } = new URL(url)
    const name = hostname.replace(/^\[|\]$/g, '')
    if (isIP(name) === 0) await warnUnlessKnown(subject, option, { name, of: host })
  }
}

async function warnUnlessKnown(
  { findings, placeOf }: Subject,
  option: string,
  { name, of }: { readonly name: string; readonly of: string },
): Promise<void> {
  try {
    await lookup(name)
  } catch (cause) {
    findings.warn(placeOf(option), `${option}: ${of}: ${name} does not resolve on this machine: ${reasonOf(cause)}`)
  }
}

const BACKENDS = [
  { target: 'statsd_raw', option: 'metrics.statsd.addr', key: 'statsdAddr' },
  { target: 'dogstatsd', option: 'metrics.dogstatsd.addr', key: 'dogstatsdAddr' },
  { target: 'graphite', option: 'metrics.graphite.addr', key: 'graphiteAddr' },
] as const

async function checkMetricsAddresses({ config: { metrics }, findings, placeOf }: Subject): Promise<void> {
  for (const { target, option, key } of BACKENDS) {
    if (!metrics.targets.includes(target) || metrics[key] === '') continue
    try {
      await resolveBackendAddress(target, option, metrics[key])
    } catch (cause) {
      const text = `${option}: ${cause instanceof Error ? cause.message : String(cause)}`
      if (/: lookup [^:]*: /.test(text)) findings.warn(placeOf(option), `${text} on this machine`)
      else findings.error(placeOf(option), text)
    }
  }
}
