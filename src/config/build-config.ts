import { isGlobalUnicast } from './address-selectors.ts'
import { expandAddressTemplate } from './address-template.ts'
import { type AuthSchemeSpec, parseAuthSchemeSpec } from './auth-scheme-spec.ts'
import { bgpOptions } from './bgp-options.ts'
import { type BgpPeerSpec, parseBgpPeerSpec } from './bgp-peer-spec.ts'
import { type CertSourceSpec, parseCertSourceSpec } from './cert-source-spec.ts'
import type { BgpConfig, Config, ConsulConfig, ProxyConfig, RegistryConfig, RuntimeConfig, UiConfig } from './config.ts'
import { ConfigError } from './config-error.ts'
import type { Environment } from './environment.ts'
import { formatAddress } from './ip-address.ts'
import { type KeyValueMap, parseKeyValueList } from './key-value-list.ts'
import { type ListenerContext, type ListenerSpec, parseListenerSpec } from './listener-spec.ts'
import type { Machine } from './machine.ts'
import { metricsOptions } from './metrics-options.ts'
import type { Notes } from './notes.ts'
import type { Option, SectionOf } from './option.ts'
import { globOptions, logOptions, processOptions, runtimeOptions } from './process-options.ts'
import { proxyOptions } from './proxy-options.ts'
import { translateRe2 } from './re2.ts'
import { registryOptions } from './registry-options.ts'
import { retiredOptions } from './retired-options.ts'
import { uiOptions } from './ui-options.ts'
import type { Values } from './values.ts'

/**
 * Makes the configuration from the values of the options: derives what depends on other options or on the machine, and parses the
 * values that have a syntax of their own. Rules that span options are in validate.ts.
 */
export function buildConfig(values: Values, machine: Machine, environment: Environment, notes: Notes): Config {
  return new ConfigBuilder(values, machine, environment, notes).build()
}

class ConfigBuilder {
  readonly #values: Values
  readonly #machine: Machine
  readonly #environment: Environment
  readonly #notes: Notes

  constructor(values: Values, machine: Machine, environment: Environment, notes: Notes) {
    this.#values = values
    this.#machine = machine
    this.#environment = environment
    this.#notes = notes
  }

  /** In Fabio's order: listeners need the certificate sources, the registration needs the admin listener. */
  build(): Config {
    const values = this.#values
    const runtime = this.#runtime()
    const certSources = this.#certSources()
    const authSchemes = this.#authSchemes()
    const ui = this.#ui(certSources)
    const proxy = this.#proxy(certSources, authSchemes)
    const registry = this.#registry(ui)
    const profile = values.section(processOptions)
    const glob = values.section(globOptions)
    this.#warnRetired()
    return {
      process: {
        ...profile,
        profilePath: values.isSet(processOptions.profilePath) ? profile.profilePath : this.#machine.temporaryDirectory,
      },
      log: { ...values.section(logOptions), routesFormat: this.#routesFormat() },
      runtime,
      glob: { ...glob, cacheSize: Math.max(0, glob.cacheSize) },
      proxy,
      registry,
      metrics: values.section(metricsOptions),
      ui,
      bgp: this.#bgp(),
    }
  }

  /** As in Go, the environment variable wins, and what is no count means all cores. */
  #runtime(): RuntimeConfig {
    const runtime = this.#values.section(runtimeOptions)
    const variable = this.#environment.get('GOMAXPROCS') ?? ''
    const wanted = variable === '' ? runtime.gomaxprocs : Number(/^[0-9]{1,9}$/.exec(variable)?.[0] ?? 0)
    if (variable !== '') {
      this.#notes.inform(`Using GOMAXPROCS=${variable} from env`)
      const origin = { kind: 'env', place: 'environment variable GOMAXPROCS' } as const
      this.#values.set(runtimeOptions.gomaxprocs, wanted, origin)
    }
    return { ...runtime, gomaxprocs: wanted >= 1 ? wanted : this.#machine.cores }
  }

  #certSources(): ReadonlyMap<string, CertSourceSpec> {
    const names: string[] = []
    const specs = this.#parseMaps(proxyOptions.cs, (map, warn) => {
      names.push(map.get('cs') ?? '')
      return parseCertSourceSpec(map, warn)
    })
    // One that was refused is known by its name, or every listener that refers to it would be refused too.
    const named = specs.map((spec, i) => spec ?? { ...UNUSABLE_CERT_SOURCE, name: names[i] ?? '' })
    return new Map(named.map(spec => [spec.name, spec]))
  }

  #authSchemes(): ReadonlyMap<string, AuthSchemeSpec> {
    const specs = this.#parseMaps(proxyOptions.auth, parseAuthSchemeSpec).filter(isDefined)
    return new Map(specs.map(spec => [spec.name, spec]))
  }

  #ui(certSources: ReadonlyMap<string, CertSourceSpec>): UiConfig {
    const { addr, path, ...rest } = this.#values.section(uiOptions)
    const trimmed = path.replace(/\/+$/, '')
    return {
      ...rest,
      path: trimmed === '' || trimmed.startsWith('/') ? trimmed : `/${trimmed}`,
      listener: addr === '' ? undefined : this.#uiListener(certSources),
    }
  }

  #uiListener(certSources: ReadonlyMap<string, CertSourceSpec>): ListenerSpec | undefined {
    const context = this.#listenerContext(certSources, { readTimeoutMs: 0, writeTimeoutMs: 0 })
    const listeners = this.#parseMaps(uiOptions.addr, (map, warn) => parseListenerSpec(map, { ...context, warn }))
    return this.#at(uiOptions.addr, undefined, () => {
      if (listeners.length !== 1) throw new ConfigError('ui.addr must contain only one listener')
      return listeners[0]
    })
  }

  #proxy(
    certSources: ReadonlyMap<string, CertSourceSpec>,
    authSchemes: ReadonlyMap<string, AuthSchemeSpec>,
  ): ProxyConfig {
    const { addr: _addr, cs: _cs, auth: _auth, ...rest } = this.#values.section(proxyOptions)
    return {
      ...rest,
      listeners: this.#listeners(certSources),
      certSources,
      authSchemes,
      upgradeTimeoutMs: rest.upgradeTimeoutMs || rest.responseHeaderTimeoutMs,
      localIp: this.#localIp(rest.localIp),
      gzipExpression: rest.gzipContentType,
      gzipContentType: this.#gzipContentType(rest.gzipContentType),
    }
  }

  #listeners(certSources: ReadonlyMap<string, CertSourceSpec>): readonly ListenerSpec[] {
    const context = this.#listenerContext(certSources, this.#values.section(proxyOptions))
    const listeners = this.#parseMaps(proxyOptions.addr, (map, warn) => parseListenerSpec(map, { ...context, warn }))
    return listeners.filter(isDefined)
  }

  #listenerContext(
    certSources: ReadonlyMap<string, CertSourceSpec>,
    { readTimeoutMs, writeTimeoutMs }: { readonly readTimeoutMs: number; readonly writeTimeoutMs: number },
  ): Omit<ListenerContext, 'warn'> {
    return {
      certSources,
      readTimeoutMs,
      writeTimeoutMs,
      services: this.#machine.services,
      expandTemplate: text => expandAddressTemplate(text, this.#machine),
      inform: text => this.#notes.inform(text),
    }
  }

  #localIp(text: string): string {
    if (this.#values.isSet(proxyOptions.localIp)) {
      return this.#at(proxyOptions.localIp, '', () => expandPrefixed(text, this.#machine, 'failed to parse local ip'))
    }
    // Go lists the IPv4 addresses of all interfaces first.
    const candidates = this.#machine.addresses.filter(isGlobalUnicast)
    const address = candidates.find(({ family }) => family === 4) ?? candidates[0]
    if (address !== undefined) return formatAddress(address.family, address.value)
    this.#notes.warn('Could not determine local ip address')
    return ''
  }

  #gzipContentType(expression: string): string {
    return this.#at(proxyOptions.gzipContentType, '', () => {
      try {
        return translateRe2(expression)
      } catch (cause) {
        throw new ConfigError(
          `invalid expression for content types: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        )
      }
    })
  }

  #registry(ui: UiConfig): RegistryConfig {
    const { consul, ...rest } = this.#values.section(registryOptions)
    return {
      ...rest,
      consul: this.#consul(consul, ui),
      custom: { ...rest.custom, pollIntervalMs: this.#customPollInterval() },
    }
  }

  #consul(consul: SectionOf<typeof registryOptions.consul>, ui: UiConfig): ConsulConfig {
    const { register } = registryOptions.consul
    const texts = consul.addr.toLowerCase().split(',')
    const places = texts.map(text => /^\s*(https?:\/\/)?([^/]*)/.exec(text) ?? [])
    const serviceAddr = this.#values.isSet(register.addr) ? consul.register.addr : (ui.listener?.addr ?? '')
    return {
      ...consul,
      addr: places.map(([, , addr = '']) => addr.trim()).join(','),
      scheme: places.some(([, scheme]) => scheme === 'https://') ? 'https' : 'http',
      serviceMonitors: Math.max(1, consul.serviceMonitors),
      register: {
        ...consul.register,
        addr: this.#at(register.addr, serviceAddr, () =>
          expandPrefixed(serviceAddr, this.#machine, 'failed to consul service address'),
        ),
        checkScheme: ui.listener?.certSource === undefined ? 'http' : 'https',
      },
    }
  }

  #customPollInterval(): number {
    const { custom } = registryOptions
    const former = retiredOptions.customPollingIntervalMs
    if (!this.#values.isSet(former) || this.#values.isSet(custom.pollIntervalMs))
      return this.#values.get(custom.pollIntervalMs)
    const { place } = this.#values.originOf(former)
    this.#notes.warn(`${former.name} is called ${custom.pollIntervalMs.name} since Fabio 1.5.14`, { place })
    this.#values.set(custom.pollIntervalMs, this.#values.get(former), this.#values.originOf(former))
    return this.#values.get(former)
  }

  #routesFormat(): 'delta' | 'all' | 'detail' {
    const former = retiredOptions.logRoutes
    const text = this.#values.get(former)
    if (text === '') return this.#values.get(logOptions.routesFormat)
    const reading = logOptions.routesFormat.parse(text)
    const where = { option: former.name, place: this.#values.originOf(former).place }
    if (reading.kind === 'replaced') this.#notes.warn(reading.warning, where)
    const value = 'value' in reading ? reading.value : logOptions.routesFormat.defaultValue
    this.#values.set(logOptions.routesFormat, value, this.#values.originOf(former))
    return value
  }

  #bgp(): BgpConfig {
    const peers: readonly BgpPeerSpec[] = this.#parseMaps(bgpOptions.peers, parseBgpPeerSpec).filter(isDefined)
    return { ...this.#values.section(bgpOptions), peers }
  }

  #warnRetired(): void {
    const { logRoutes, awsApiGatewayCertCn, deregisterCritical, tracing } = retiredOptions
    if (this.#values.isSet(logRoutes)) {
      const { place } = this.#values.originOf(logRoutes)
      this.#notes.warn("proxy.log.routes has been deprecated. Please use 'log.routes.format' instead", { place })
    }
    for (const option of [awsApiGatewayCertCn, deregisterCritical, ...Object.values(tracing)]) {
      const { kind, place } = this.#values.originOf(option)
      if (kind !== 'default') this.#notes.warn(`${option.name} is ${option.summary}`, { place })
    }
  }

  /** What was refused is undefined. */
  #parseMaps<T>(
    option: Option<string>,
    parse: (map: KeyValueMap, warn: (warning: string) => void) => T,
  ): readonly (T | undefined)[] {
    const where = { option: option.name, place: this.#values.originOf(option).place }
    const warn = (warning: string) => this.#notes.warn(warning, where)
    const list = this.#at(option, undefined, () => parseKeyValueList(this.#values.get(option)))
    if (list === undefined) return [undefined]
    if (list.danglingKey !== undefined) warn(`key "${list.danglingKey}" at the end has no value and is ignored`)
    return list.maps.map(map => this.#at(option, undefined, () => parse(map, warn)))
  }

  #at<T>(option: Option<unknown>, otherwise: T, parse: () => T): T {
    return this.#notes.attempt({ option: option.name, place: this.#values.originOf(option).place }, otherwise, parse)
  }
}

const UNUSABLE_CERT_SOURCE: CertSourceSpec = {
  name: '',
  type: 'file',
  certPath: '',
  keyPath: '',
  clientCaPath: '',
  caUpgradeCn: '',
  refreshMs: 0,
  vaultFetchToken: '',
  headers: [],
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined
}

function expandPrefixed(text: string, machine: Machine, prefix: string): string {
  try {
    return expandAddressTemplate(text, machine)
  } catch (cause) {
    throw new ConfigError(`${prefix}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
