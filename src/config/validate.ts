import { bgpOptions } from './bgp-options.ts'
import type { BgpConfig, Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { formatDuration } from './duration.ts'
import { parseIpAddress } from './ip-address.ts'
import { type MetricsTarget, metricsOptions } from './metrics-options.ts'
import type { Notes } from './notes.ts'
import { atPlace } from './origin.ts'
import { logOptions } from './process-options.ts'
import { proxyOptions } from './proxy-options.ts'
import { registryOptions } from './registry-options.ts'
import type { Values } from './values.ts'

/**
 * Rules that span options, or that hold only in some configurations.
 * @throws ConfigError in Fabio's words where it has the rule
 */
export function validateConfig(config: Config, values: Values, notes: Notes): void {
  validateProxy(config, values)
  validateRegistry(config, values)
  validateAccessLog(config, values, notes)
  validateMetrics(config, values, notes)
  if (config.bgp.enabled)
    atPlace(bgpOptions.enabled.name, values.originOf(bgpOptions.enabled), () => validateBgp(config.bgp))
}

function validateProxy({ proxy }: Config, values: Values): void {
  if (proxy.noRouteStatus >= 100 && proxy.noRouteStatus <= 999) return
  const { place } = values.originOf(proxyOptions.noRouteStatus)
  throw new ConfigError(`proxy.noroutestatus must be between 100 and 999: ${proxy.noRouteStatus} (${place})`)
}

function validateRegistry({ registry: { consul } }: Config, values: Values): void {
  if (!consul.allowStale || !consul.requireConsistent) return
  const { place } = values.originOf(registryOptions.consul.allowStale)
  throw new ConfigError(
    'registry.consul.allowStale and registry.consul.requireConsistent cannot both be true; ' +
      `requireConsistent is true unless it is set (${place})`,
  )
}

function validateAccessLog({ log, proxy }: Config, values: Values, notes: Notes): void {
  if (log.accessTarget === '' || log.accessTarget === 'stdout') return
  const { place } = values.originOf(logOptions.accessTarget)
  const problem = `Invalid access log target ${log.accessTarget}; expected stdout or nothing (log.access.target, ${place})`
  // Fabio only looks at it when it opens an HTTP listener.
  if (proxy.listeners.some(({ proto }) => proto === 'http' || proto === 'https' || proto === 'https+tcp+sni')) {
    throw new ConfigError(problem)
  }
  notes.warn(problem)
}

/** Targets that are sent to, and the option that says where. */
const ADDRESSES = [
  { target: 'statsd_raw', option: metricsOptions.statsdAddr },
  { target: 'dogstatsd', option: metricsOptions.dogstatsdAddr },
  { target: 'graphite', option: metricsOptions.graphiteAddr },
] as const

const PUSHED: readonly MetricsTarget[] = ['statsd_raw', 'dogstatsd', 'graphite', 'circonus']

function validateMetrics({ metrics }: Config, values: Values, notes: Notes): void {
  const targets = values.originOf(metricsOptions.targets).place
  for (const { target, option } of ADDRESSES) {
    const address = values.get(option)
    const isWanted = metrics.targets.includes(target)
    if (isWanted && address === '')
      throw new ConfigError(`metrics.target ${target} needs ${option.name} = host:port (${targets})`)
    if (isWanted || address === '') continue
    const line = `metrics.target = ${[...metrics.targets, target].join(',')}`
    notes.warn(
      `${option.name} is set but nothing is sent there: it takes the line ${line} (${values.originOf(option).place})`,
    )
  }
  const { circonus, intervalMs, prometheus } = metrics
  if (metrics.targets.includes('circonus') && circonus.apiKey === '' && circonus.submissionUrl === '') {
    throw new ConfigError(
      `metrics.target circonus needs metrics.circonus.apikey or metrics.circonus.submissionurl (${targets})`,
    )
  }
  if (intervalMs <= 0 && metrics.targets.some(target => PUSHED.includes(target))) {
    const { place } = values.originOf(metricsOptions.intervalMs)
    throw new ConfigError(`metrics.interval must be positive: ${formatDuration(intervalMs)} (${place})`)
  }
  if (metrics.targets.includes('prometheus') && !isAscending(prometheus.buckets)) {
    const { place } = values.originOf(metricsOptions.prometheus.buckets)
    throw new ConfigError(
      `metrics.prometheus.buckets must be in increasing order: ${prometheus.buckets.join(',')} (${place})`,
    )
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => number > (numbers[i - 1] ?? Number.NEGATIVE_INFINITY))
}

function validateBgp(bgp: BgpConfig): void {
  const invalid = (reason: string) => new ConfigError(`BGP configuration invalid: ${reason}`)
  for (const address of bgp.anycastAddresses) {
    if (!address.includes('/') || parseIpAddress(address) === undefined) {
      throw invalid(`could not parse cidr for anycast address ${address}: invalid CIDR address: ${address}`)
    }
  }
  for (const { address } of bgp.peers)
    if (!isAddress(address)) throw invalid(`peer address ${address} is not a valid IP`)
  // That file replaces everything that follows.
  if (bgp.gobgpdCfgFile !== '') return
  if (bgp.anycastAddresses.length === 0) throw invalid('you must specify at least one anycast address to advertise')
  if (bgp.peers.length === 0) throw invalid('you must specify at least one peer to advertise routes to')
  if (bgp.routerId === '') throw invalid('you must specify the routerID of this host, i.e. a non anycast address')
  if (!isAddress(bgp.routerId)) throw invalid(`router ID ${bgp.routerId} is not a valid ID`)
  if (bgp.nextHop !== '' && !isAddress(bgp.nextHop)) throw invalid(`invalid NextHop: ${bgp.nextHop}`)
}

function isAddress(text: string): boolean {
  return !text.includes('/') && parseIpAddress(text) !== undefined
}
