import type { ConsulConfig, RegistryConfig } from '../../src/config/config.ts'

/** The defaults of `registry.*`, with what a test wants otherwise. */
export function registryConfig(
  changes: Partial<Omit<RegistryConfig, 'consul'>> & { readonly consul?: Partial<ConsulConfig> } = {},
): RegistryConfig {
  return {
    backend: 'consul',
    timeoutMs: 10_000,
    retryMs: 50,
    keepGood: false,
    isRequired: false,
    deadlineMs: 0,
    staleLimitMs: 0,
    brake: { percent: 50, routes: 10, graceMs: 30_000 },
    snapshot: { path: '' },
    static: { routes: '', noRouteHtml: '' },
    file: { path: '', noRouteHtmlPath: '' },
    custom: {
      host: '',
      scheme: 'https',
      path: '',
      queryParams: '',
      noRouteHtml: '',
      checkTlsSkipVerify: false,
      timeoutMs: 5000,
      pollIntervalMs: 10_000,
    },
    ...changes,
    consul: consulConfig(changes.consul),
  }
}

export function consulConfig(changes: Partial<ConsulConfig> = {}): ConsulConfig {
  return {
    addr: 'localhost:8500',
    scheme: 'http',
    token: '',
    kvPath: '/fabio/config',
    noRouteHtmlPath: '/fabio/noroute.html',
    tagPrefix: 'urlprefix-',
    namespace: '',
    tls: { keyFile: '', certFile: '', caFile: '', caPath: '', insecureSkipVerify: false },
    register: {
      enabled: true,
      addr: '127.0.0.1:9998',
      name: 'fabio',
      tags: [],
      checkIntervalMs: 1000,
      checkTimeoutMs: 3000,
      checkTlsSkipVerify: false,
      checkScheme: 'http',
    },
    serviceStatus: ['passing'],
    checksRequired: 'one',
    serviceMonitors: 1,
    pollIntervalMs: 0,
    minIntervalMs: 100,
    requireConsistent: true,
    allowStale: false,
    ...changes,
  }
}
