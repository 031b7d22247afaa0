import type { AuthSchemeSpec } from './auth-scheme-spec.ts'
import type { bgpOptions } from './bgp-options.ts'
import type { BgpPeerSpec } from './bgp-peer-spec.ts'
import type { CertSourceSpec } from './cert-source-spec.ts'
import type { ListenerSpec } from './listener-spec.ts'
import type { metricsOptions } from './metrics-options.ts'
import type { SectionOf } from './option.ts'
import type { globOptions, logOptions, processOptions, runtimeOptions } from './process-options.ts'
import type { proxyOptions } from './proxy-options.ts'
import type { registryOptions } from './registry-options.ts'
import type { uiOptions } from './ui-options.ts'

/**
 * Everything the operator said, and the defaults for the rest. Made by loadConfig() and deeply frozen; plain data, so it can be
 * sent to another thread. A property is named after its option, which src/config/*-options.ts describes; durations
 * are milliseconds and may be fractional.
 */
export interface Config {
  readonly process: ProcessConfig
  readonly log: LogConfig
  readonly runtime: RuntimeConfig
  readonly glob: GlobConfig
  readonly proxy: ProxyConfig
  readonly registry: RegistryConfig
  readonly metrics: MetricsConfig
  readonly ui: UiConfig
  readonly bgp: BgpConfig
}

export type ProcessConfig = SectionOf<typeof processOptions>

export type LogConfig = SectionOf<typeof logOptions>

/** `gomaxprocs` is how many cores the data plane may use, at least 1. */
export type RuntimeConfig = SectionOf<typeof runtimeOptions>

/** `cacheSize` is not negative; 0 means no cache. */
export type GlobConfig = SectionOf<typeof globOptions>

export interface ProxyConfig extends Omit<SectionOf<typeof proxyOptions>, 'addr' | 'cs' | 'auth'> {
  readonly listeners: readonly ListenerSpec[]
  /** By name. */
  readonly certSources: ReadonlyMap<string, CertSourceSpec>
  /** By name. */
  readonly authSchemes: ReadonlyMap<string, AuthSchemeSpec>
  /** Source for `new RegExp(…)` without flags; '' when nothing is compressed. */
  readonly gzipContentType: string
  /** The same expression as the operator wrote it, in the syntax of RE2. */
  readonly gzipExpression: string
}

type RegistryOptions = SectionOf<typeof registryOptions>
type ConsulOptions = RegistryOptions['consul']

export interface RegistryConfig extends Omit<RegistryOptions, 'consul'> {
  readonly consul: ConsulConfig
}

/** `addr` is host:port in lower case, without scheme or path, or several of them with commas between; it may be empty. */
export interface ConsulConfig extends Omit<ConsulOptions, 'register'> {
  readonly scheme: 'http' | 'https'
  readonly register: ConsulOptions['register'] & {
    /** How Consul reaches the admin port. */
    readonly checkScheme: 'http' | 'https'
  }
}

export type MetricsConfig = SectionOf<typeof metricsOptions>

export interface UiConfig extends Omit<SectionOf<typeof uiOptions>, 'addr'> {
  /** undefined when ui.addr is empty: the admin port is then any free one. */
  readonly listener: ListenerSpec | undefined
}

export interface BgpConfig extends Omit<SectionOf<typeof bgpOptions>, 'peers'> {
  readonly peers: readonly BgpPeerSpec[]
}
