import { bool, durationMs, text } from './option.ts'
import { hideUrlCredentials } from './secrets.ts'

/** Options of older releases. They are still taken, so that old files and command lines keep working, and say so when set. */
export const retiredOptions = {
  logRoutes: text('proxy.log.routes', '', 'deprecated: the former name of log.routes.format, which it overrides'),
  awsApiGatewayCertCn: text('aws.apigw.cert.cn', '', 'deprecated: without effect; use caupgcn in proxy.cs'),
  deregisterCritical: text(
    'registry.consul.register.checkDeregisterCriticalServiceAfter',
    '',
    'deprecated: without effect since 1.5.12',
    '1.5.8',
  ),
  customPollingIntervalMs: durationMs(
    'registry.custom.pollinginterval',
    '10s',
    'deprecated: the name of registry.custom.pollinterval until 1.5.13',
    '1.5.11',
  ),
  tracing: {
    enabled: bool('tracing.TracingEnabled', 'false', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    collectorType: text('tracing.CollectorType', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    connectString: text('tracing.ConnectString', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11', {
      hide: hideUrlCredentials,
    }),
    serviceName: text('tracing.ServiceName', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    topic: text('tracing.Topic', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    samplerRate: text('tracing.SamplerRate', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    spanHost: text('tracing.SpanHost', '', 'deprecated: tracing is gone since 1.7.0', '1.5.11'),
    spanName: text('tracing.SpanName', '', 'deprecated: tracing is gone since 1.7.0', '1.5.14'),
    traceId128Bit: bool('tracing.TraceID128Bit', 'false', 'deprecated: tracing is gone since 1.7.0', '1.5.12'),
  },
}

/** Names that Fabio's documentation has or had, but no release of Fabio: what to say about them. */
export const NEVER_OPTIONS: ReadonlyMap<string, string> = new Map([
  [
    'registry.consul.register.deregisterCriticalServiceAfter',
    'it never existed, and what it was meant to do has no effect since 1.5.12',
  ],
  ['registry.static.noroutehtmlpath', 'it never existed; registry.static.noroutehtml holds the HTML itself'],
  ['bgp.certfile', 'Fabio documents it but never had it'],
  ['bgp.keyfile', 'Fabio documents it but never had it'],
  ['bgp.grpctls', 'Fabio documents it but never had it'],
])
