import { isIP } from 'node:net'
import { bgpOptions } from './bgp-options.ts'
import type { BgpConfig, Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { formatDuration } from './duration.ts'
import { parseIpAddress } from './ip-address.ts'
import { type MetricsTarget, metricsOptions } from './metrics-options.ts'
import type { Notes } from './notes.ts'
import type { Option } from './option.ts'
import { logOptions } from './process-options.ts'
import { proxyOptions } from './proxy-options.ts'
import { registryOptions } from './registry-options.ts'
import { hideUrlCredentials } from './secrets.ts'
import type { Values } from './values.ts'

/** Rules that span options, or that hold only in some configurations. Refuses in Fabio's words where it has the rule. */
export function validateConfig(config: Config, values: Values, notes: Notes): void {
  validateProxy(config, values, notes)
  validateRegistry(config, values, notes)
  validateAccessLog(config, values, notes)
  validateMetrics(config, values, notes)
  if (config.bgp.enabled) validateBgp(config.bgp, values, notes)
}

function validateProxy({ proxy }: Config, values: Values, notes: Notes): void {
  for (const text of proxy.trustedProxies) {
    const [address = '', bits = '0', rest] = text.split('/')
    const family = isIP(address)
    const isGood =
      family !== 0 && rest === undefined && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
    if (isGood) continue
    const where = {
      option: proxyOptions.trustedProxies.name,
      place: values.originOf(proxyOptions.trustedProxies).place,
    }
    notes.refuse(new ConfigError(`"${text}" is no address or network; expected for instance 10.0.0.0/8`, { where }))
  }
  if (proxy.noRouteStatus >= 100 && proxy.noRouteStatus <= 999) return
  const { place } = values.originOf(proxyOptions.noRouteStatus)
  const reason = `proxy.noroutestatus must be between 100 and 999: ${proxy.noRouteStatus}`
  notes.refuse(new ConfigError(reason, { where: { place } }))
}

function validateRegistry({ registry: { backend, consul, custom } }: Config, values: Values, notes: Notes): void {
  if (consul.allowStale && consul.requireConsistent) {
    const { place } = values.originOf(registryOptions.consul.allowStale)
    const reason =
      'registry.consul.allowStale and registry.consul.requireConsistent cannot both be true; ' +
      'requireConsistent is true unless it is set'
    notes.refuse(new ConfigError(reason, { where: { place } }))
  }
  if (backend !== 'custom') return
  const { place } = values.originOf(custom.host === '' ? registryOptions.backend : registryOptions.custom.host)
  if (custom.host === '') {
    notes.refuse(
      new ConfigError('registry.backend custom needs registry.custom.host = host:port', { where: { place } }),
    )
  } else if (!URL.canParse(`${custom.scheme}://${custom.host}/`)) {
    const where = { option: registryOptions.custom.host.name, place }
    notes.refuse(new ConfigError(`"${hideUrlCredentials(custom.host)}" is not host:port`, { where }))
  }
}

function validateAccessLog({ log, proxy }: Config, values: Values, notes: Notes): void {
  if (log.accessTarget === '' || log.accessTarget === 'stdout') return
  const where = { option: logOptions.accessTarget.name, place: values.originOf(logOptions.accessTarget).place }
  const problem = `Invalid access log target ${log.accessTarget}; expected stdout or nothing`
  // Fabio only looks at it when it opens an HTTP listener.
  const isUsed = proxy.listeners.some(({ proto }) => proto === 'http' || proto === 'https' || proto === 'https+tcp+sni')
  if (isUsed) notes.refuse(new ConfigError(problem, { where }))
  else notes.warn(problem, where)
}

/** Targets that are sent to, and the option that says where. */
const ADDRESSES = [
  { target: 'statsd_raw', option: metricsOptions.statsdAddr },
  { target: 'dogstatsd', option: metricsOptions.dogstatsdAddr },
  { target: 'graphite', option: metricsOptions.graphiteAddr },
] as const

const PUSHED: readonly MetricsTarget[] = ['statsd_raw', 'dogstatsd', 'graphite', 'circonus']

function validateMetrics({ metrics }: Config, values: Values, notes: Notes): void {
  const refuseAt = (option: Option<unknown>, reason: string) =>
    notes.refuse(new ConfigError(reason, { where: { place: values.originOf(option).place } }))
  for (const { target, option } of ADDRESSES) {
    const address = values.get(option)
    const isWanted = metrics.targets.includes(target)
    if (isWanted && address === '')
      refuseAt(metricsOptions.targets, `metrics.target ${target} needs ${option.name} = host:port`)
    if (isWanted || address === '') continue
    const line = `metrics.target = ${[...metrics.targets, target].join(',')}`
    const { place } = values.originOf(option)
    notes.warn(`${option.name} is set but nothing is sent there: it takes the line ${line}`, { place })
  }
  const { circonus, intervalMs, prometheus } = metrics
  if (metrics.targets.includes('circonus') && circonus.apiKey === '' && circonus.submissionUrl === '') {
    const reason = 'metrics.target circonus needs metrics.circonus.apikey or metrics.circonus.submissionurl'
    refuseAt(metricsOptions.targets, reason)
  }
  if (intervalMs <= 0 && metrics.targets.some(target => PUSHED.includes(target))) {
    refuseAt(metricsOptions.intervalMs, `metrics.interval must be positive: ${formatDuration(intervalMs)}`)
  }
  if (metrics.targets.includes('prometheus') && !isAscending(prometheus.buckets)) {
    const reason = `metrics.prometheus.buckets must be in increasing order: ${prometheus.buckets.join(',')}`
    refuseAt(metricsOptions.prometheus.buckets, reason)
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => number > (numbers[i - 1] ?? Number.NEGATIVE_INFINITY))
}

function validateBgp(bgp: BgpConfig, values: Values, notes: Notes): void {
  const { enabled } = bgpOptions
  const where = { option: enabled.name, place: values.originOf(enabled).place }
  for (const reason of bgpFaults(bgp)) notes.refuse(new ConfigError(`BGP configuration invalid: ${reason}`, { where }))
}

function* bgpFaults(bgp: BgpConfig): Generator<string> {
  for (const address of bgp.anycastAddresses) {
    if (!address.includes('/') || parseIpAddress(address) === undefined)
      yield `could not parse cidr for anycast address ${address}: invalid CIDR address: ${address}`
  }
  for (const { address } of bgp.peers) if (!isAddress(address)) yield `peer address ${address} is not a valid IP`
  // That file replaces everything that follows.
  if (bgp.gobgpdCfgFile !== '') return
  if (bgp.anycastAddresses.length === 0) yield 'you must specify at least one anycast address to advertise'
  if (bgp.peers.length === 0) yield 'you must specify at least one peer to advertise routes to'
  if (bgp.routerId === '') yield 'you must specify the routerID of this host, i.e. a non anycast address'
  else if (!isAddress(bgp.routerId)) yield `router ID ${bgp.routerId} is not a valid ID`
  if (bgp.nextHop !== '' && !isAddress(bgp.nextHop)) yield `invalid NextHop: ${bgp.nextHop}`
}

function isAddress(text: string): boolean {
  return !text.includes('/') && parseIpAddress(text) !== undefined
}
