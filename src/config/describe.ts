import type { AuthSchemeSpec } from './auth-scheme-spec.ts'
import type { CertSourceSpec } from './cert-source-spec.ts'
import type { BgpConfig, Config, MetricsConfig, ProxyConfig, RegistryConfig, UiConfig } from './config.ts'
import type { ListenerSpec } from './listener-spec.ts'
import { hideSecret, hideUrlCredentials } from './secrets.ts'
import { tlsVersionId } from './tls-settings.ts'

/**
 * The configuration as Fabio shows it in its log and at /api/config: Go's field names in Go's order, durations in nanoseconds,
 * unset lists as null. Passwords and tokens are `****`. Options that Fabio does not have come last in their section.
 */
export function describeConfig(config: Config): object {
  const { process, log, runtime, glob, proxy, registry, metrics, ui, bgp } = config
  return {
    Log: {
      AccessFormat: log.accessFormat,
      AccessTarget: log.accessTarget,
      RoutesFormat: log.routesFormat,
      Level: log.level,
      Format: log.format,
      AccessEscape: log.accessEscape,
    },
    ProfileMode: process.profileMode,
    ProfilePath: process.profilePath,
    Listen: orNull(proxy.listeners.map(listener => describeListener(listener, proxy))),
    Metrics: describeMetrics(metrics),
    BGP: describeBgp(bgp),
    UI: describeUi(ui, proxy),
    Registry: describeRegistry(registry),
    Proxy: describeProxy(proxy),
    Runtime: { GOGC: runtime.gogc, GOMAXPROCS: runtime.gomaxprocs, Dev: process.dev },
    GlobCacheSize: glob.cacheSize,
    Insecure: process.insecure,
    GlobMatchingDisabled: glob.matchingDisabled,
  }
}

function describeListener(listener: ListenerSpec | undefined, proxy: ProxyConfig): object {
  const source = listener?.certSource === undefined ? undefined : proxy.certSources.get(listener.certSource)
  return {
    CertSource: describeCertSource(source),
    Addr: listener?.addr ?? '',
    Proto: listener?.proto ?? '',
    TLSCiphers: orNull(listener?.tlsCiphers.map(({ id }) => id) ?? []),
    ReadTimeout: nanoseconds(listener?.readTimeoutMs ?? 0),
    WriteTimeout: nanoseconds(listener?.writeTimeoutMs ?? 0),
    IdleTimeout: nanoseconds(listener?.idleTimeoutMs ?? 0),
    ProxyHeaderTimeout: nanoseconds(listener?.proxyHeaderTimeoutMs ?? 0),
    Refresh: nanoseconds(listener?.refreshMs ?? 0),
    TLSMinVersion: tlsVersionId(listener?.tlsMin),
    TLSMaxVersion: tlsVersionId(listener?.tlsMax),
    StrictMatch: listener?.strictMatch ?? false,
    ProxyProto: listener?.proxyProtocol ?? false,
  }
}

function describeCertSource(source: CertSourceSpec | undefined): object {
  const headers = source?.headers ?? []
  return {
    Header:
      headers.length === 0 ? null : Object.fromEntries(headers.map(([name, value]) => [name, [hideSecret(value)]])),
    Name: source?.name ?? '',
    Type: source?.type ?? '',
    CertPath: hideUrlCredentials(source?.certPath ?? ''),
    KeyPath: source?.keyPath ?? '',
    ClientCAPath: hideUrlCredentials(source?.clientCaPath ?? ''),
    CAUpgradeCN: source?.caUpgradeCn ?? '',
    VaultFetchToken: source?.vaultFetchToken ?? '',
    Refresh: nanoseconds(source?.refreshMs ?? 0),
  }
}

function describeMetrics(metrics: MetricsConfig): object {
  const { circonus, prometheus } = metrics
  return {
    Circonus: {
      APIKey: hideSecret(circonus.apiKey),
      APIApp: circonus.apiApp,
      APIURL: hideUrlCredentials(circonus.apiUrl),
      CheckID: circonus.checkId,
      BrokerID: circonus.brokerId,
      SubmissionURL: hideUrlCredentials(circonus.submissionUrl),
    },
    Target: metrics.targets.join(','),
    Prefix: metrics.prefix,
    Names: metrics.names,
    GraphiteAddr: metrics.graphiteAddr,
    StatsDAddr: metrics.statsdAddr,
    DogstatsdAddr: metrics.dogstatsdAddr,
    Prometheus: { Subsystem: prometheus.subsystem, Path: prometheus.path, Buckets: prometheus.buckets },
    Interval: nanoseconds(metrics.intervalMs),
    Timeout: nanoseconds(metrics.timeoutMs),
    Retry: nanoseconds(metrics.retryMs),
  }
}

function describeBgp(bgp: BgpConfig): object {
  return {
    RouterID: bgp.routerId,
    GRPCListenAddress: bgp.grpcListenAddress,
    // Fields of Fabio that no option of it sets.
    CertFile: '',
    KeyFile: '',
    GOBGPDCfgFile: bgp.gobgpdCfgFile,
    NextHop: bgp.nextHop,
    AnycastAddresses: orNull(bgp.anycastAddresses),
    ListenAddresses: bgp.listenAddresses,
    Peers: orNull(
      bgp.peers.map(peer => ({
        NeighborAddress: peer.address,
        Password: hideSecret(peer.password),
        NeighborPort: peer.port,
        Asn: peer.asn,
        MultiHopLength: peer.multiHopLength,
        MultiHop: peer.multiHop,
      })),
    ),
    Asn: bgp.asn,
    ListenPort: bgp.listenPort,
    BGPEnabled: bgp.enabled,
    EnableGRPC: bgp.enableGrpc,
    GRPCTLS: false,
  }
}

function describeUi(ui: UiConfig, proxy: ProxyConfig): object {
  const { source } = ui.routingTable
  return {
    RoutingTable: {
      Source: {
        Scheme: source.scheme,
        Host: source.host,
        Port: source.port,
        LinkEnabled: source.linkEnabled,
        NewTab: source.newTab,
      },
    },
    Color: ui.color,
    Title: ui.title,
    Access: ui.access,
    Path: ui.path,
    Listen: describeListener(ui.listener, proxy),
  }
}

function describeRegistry(registry: RegistryConfig): object {
  const { custom, consul, file } = registry
  return {
    Static: { NoRouteHTML: registry.static.noRouteHtml, Routes: hideUrlCredentials(registry.static.routes) },
    File: { NoRouteHTMLPath: file.noRouteHtmlPath, RoutesPath: file.path },
    Backend: registry.backend,
    Custom: {
      Host: hideUrlCredentials(custom.host),
      Path: custom.path,
      QueryParams: hideUrlCredentials(custom.queryParams),
      Scheme: custom.scheme,
      NoRouteHTML: custom.noRouteHtml,
      PollInterval: nanoseconds(custom.pollIntervalMs),
      Timeout: nanoseconds(custom.timeoutMs),
      CheckTLSSkipVerify: custom.checkTlsSkipVerify,
    },
    Consul: describeConsul(consul),
    Timeout: nanoseconds(registry.timeoutMs),
    Retry: nanoseconds(registry.retryMs),
    Required: registry.isRequired,
    Deadline: nanoseconds(registry.deadlineMs),
    StaleLimit: nanoseconds(registry.staleLimitMs),
    Brake: {
      Percent: registry.brake.percent,
      Routes: registry.brake.routes,
      Grace: nanoseconds(registry.brake.graceMs),
    },
    SnapshotPath: registry.snapshot.path,
  }
}

function describeConsul(consul: RegistryConfig['consul']): object {
  const { register, tls } = consul
  return {
    Addr: hideUrlCredentials(consul.addr),
    Scheme: consul.scheme,
    Token: hideSecret(consul.token),
    KVPath: consul.kvPath,
    NoRouteHTMLPath: consul.noRouteHtmlPath,
    TagPrefix: consul.tagPrefix,
    Namespace: consul.namespace,
    ServiceAddr: register.addr,
    ServiceName: register.name,
    CheckScheme: register.checkScheme,
    ChecksRequired: consul.checksRequired,
    TLS: {
      KeyFile: tls.keyFile,
      CertFile: tls.certFile,
      CAFile: tls.caFile,
      CAPath: tls.caPath,
      InsecureSkipVerify: tls.insecureSkipVerify,
    },
    ServiceTags: orNull(register.tags),
    ServiceStatus: consul.serviceStatus,
    CheckInterval: nanoseconds(register.checkIntervalMs),
    CheckTimeout: nanoseconds(register.checkTimeoutMs),
    ServiceMonitors: consul.serviceMonitors,
    PollInterval: nanoseconds(consul.pollIntervalMs),
    Register: register.enabled,
    CheckTLSSkipVerify: register.checkTlsSkipVerify,
    RequireConsistent: consul.requireConsistent,
    AllowStale: consul.allowStale,
    MinInterval: nanoseconds(consul.minIntervalMs),
  }
}

function describeProxy(proxy: ProxyConfig): object {
  const { header, limit } = proxy
  return {
    GZIPContentTypes: proxy.gzipExpression === '' ? null : proxy.gzipExpression,
    AuthSchemes: Object.fromEntries(
      [...proxy.authSchemes.values()].map(scheme => [scheme.name, describeAuthScheme(scheme)]),
    ),
    Strategy: proxy.strategy,
    Matcher: proxy.matcher,
    LocalIP: proxy.localIp,
    ClientIPHeader: header.clientIp,
    TLSHeader: header.tls,
    TLSHeaderValue: header.tlsValue,
    RequestID: header.requestId,
    STSHeader: { MaxAge: header.sts.maxAgeSeconds, Subdomains: header.sts.subdomains, Preload: header.sts.preload },
    NoRouteStatus: proxy.noRouteStatus,
    MaxConn: proxy.maxConn,
    ShutdownWait: nanoseconds(proxy.shutdownWaitMs),
    DeregisterGracePeriod: nanoseconds(proxy.deregisterGracePeriodMs),
    DialTimeout: nanoseconds(proxy.dialTimeoutMs),
    ResponseHeaderTimeout: nanoseconds(proxy.responseHeaderTimeoutMs),
    KeepAliveTimeout: nanoseconds(proxy.keepAliveTimeoutMs),
    IdleConnTimeout: nanoseconds(proxy.idleConnTimeoutMs),
    FlushInterval: nanoseconds(proxy.flushIntervalMs),
    GlobalFlushInterval: nanoseconds(proxy.globalFlushIntervalMs),
    GRPCMaxRxMsgSize: proxy.grpcMaxRxMsgSize,
    GRPCMaxTxMsgSize: proxy.grpcMaxTxMsgSize,
    GRPCGShutdownTimeout: nanoseconds(proxy.grpcShutdownTimeoutMs),
    UpgradeTimeout: nanoseconds(proxy.upgradeTimeoutMs),
    Limit: {
      HeaderSize: limit.headerSize,
      HeaderCount: limit.headerCount,
      HeaderTimeout: nanoseconds(limit.headerTimeoutMs),
      Clients: limit.clients,
      UpstreamConns: limit.upstreamConns,
    },
  }
}

function describeAuthScheme(scheme: AuthSchemeSpec): object {
  return {
    Name: scheme.name,
    Type: scheme.type,
    Basic: {
      // When the file was last changed, which Fabio only knows later: this is Go's time zero, which it shows here.
      ModTime: '0001-01-01T00:00:00Z',
      Realm: scheme.realm,
      File: scheme.file,
      Refresh: nanoseconds(scheme.refreshMs),
    },
  }
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) || 0
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list
}
