import { ApiError, badRequest, notBuilt } from './api-error.ts'
import { JsonFields } from './json-fields.ts'

export type CheckStatus = 'passing' | 'warning' | 'critical'

/** What is looked at to know whether a service is well. */
type Probe = HttpProbe | TcpProbe | TtlProbe

interface PolledProbe {
  /** Between the end of one look and the begin of the next. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Looks in a row with one result before it counts; 0 and 1 are the same. */
  readonly successBeforePassing: number
  readonly failuresBeforeCritical: number
}

export interface HttpProbe extends PolledProbe {
  readonly kind: 'http'
  readonly url: string
  readonly method: string
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: string
  readonly tlsSkipVerify: boolean
  readonly outputMaxBytes: number
}

export interface TcpProbe extends PolledProbe {
  readonly kind: 'tcp'
  /** `host:port` */
  readonly address: string
}

interface TtlProbe {
  readonly kind: 'ttl'
  readonly ttlMs: number
  readonly outputMaxBytes: number
}

export interface CheckDefinition {
  readonly id: string
  readonly name: string
  readonly notes: string
  /** '' for a check of the node. */
  readonly serviceId: string
  readonly type: 'http' | 'tcp' | 'ttl' | 'maintenance' | ''
  /** undefined: nothing is looked at, the status stays as it is. */
  readonly probe: Probe | undefined
  readonly status: CheckStatus
  /** The service is deregistered when the check has been critical this long; 0 is never. */
  readonly deregisterAfterMs: number
}

/** Consul's default for the most it keeps of what a check says. */
const OUTPUT_MAX_BYTES = 4096

const SHORTEST_INTERVAL_MS = 1000
const DEFAULT_TIMEOUT_MS = 10_000

const PROBE_FIELDS = [
  'Name',
  'Notes',
  'Status',
  'HTTP',
  'Method',
  'Header',
  'Body',
  'TCP',
  'TTL',
  'Interval',
  'Timeout',
  'TLSSkipVerify',
  'SuccessBeforePassing',
  'FailuresBeforeCritical',
  'OutputMaxSize',
  'DeregisterCriticalServiceAfter',
  'ScriptArgs',
  'DockerContainerID',
  'Shell',
  'GRPC',
  'GRPCUseTLS',
  'AliasNode',
  'AliasService',
]

/** The fields of a check inside a service, and of a check that is registered by itself. */
export const SERVICE_CHECK_FIELDS: readonly string[] = [...PROBE_FIELDS, 'CheckID', 'ProxyHTTP', 'ProxyGRPC']
const LONE_CHECK_FIELDS: readonly string[] = [...PROBE_FIELDS, 'ID', 'ServiceID', 'Token']

export const CHECK_ALIASES: ReadonlyMap<string, string> = new Map([
  ['args', 'ScriptArgs'],
  ['script_args', 'ScriptArgs'],
  ['deregister_critical_service_after', 'DeregisterCriticalServiceAfter'],
  ['docker_container_id', 'DockerContainerID'],
  ['tls_skip_verify', 'TLSSkipVerify'],
  ['service_id', 'ServiceID'],
])

/** One of `Check` and `Checks` of a service. Throws ApiError with Consul's text. */
export function parseServiceCheck(
  fields: JsonFields,
  service: { readonly checkId: string; readonly checkName: string; readonly serviceId: string },
): CheckDefinition {
  const probe = probeOf(fields)
  const status = fields.text('Status') || 'critical'
  if (!isCheckStatus(status)) throw badRequest("Status for checks must 'passing', 'warning', 'critical'")
  return {
    id: fields.text('CheckID') || service.checkId,
    name: fields.text('Name') || service.checkName,
    notes: fields.text('Notes'),
    serviceId: service.serviceId,
    type: probe.kind,
    probe,
    status,
    deregisterAfterMs: fields.durationMs('DeregisterCriticalServiceAfter'),
  }
}

/** The body of /v1/agent/check/register. Throws ApiError with Consul's text. */
export function parseCheckRegistration(body: Buffer): CheckDefinition {
  const fields = JsonFields.parse(body, LONE_CHECK_FIELDS, CHECK_ALIASES)
  const name = fields.text('Name')
  if (name === '') throw badRequest('Missing check name')
  const status = fields.text('Status') || 'critical'
  if (!isCheckStatus(status)) throw badRequest('Bad check status')
  const probe = probeOf(fields)
  return {
    id: fields.text('ID') || name,
    name,
    notes: fields.text('Notes'),
    serviceId: fields.text('ServiceID'),
    type: probe.kind,
    probe,
    status,
    deregisterAfterMs: fields.durationMs('DeregisterCriticalServiceAfter'),
  }
}

export function isCheckStatus(text: string): text is CheckStatus {
  return text === 'passing' || text === 'warning' || text === 'critical'
}

/** The rules and their order are those of Consul 1.8. */
function probeOf(fields: JsonFields): Probe {
  refuseWhatWeCannotLookAt(fields)
  const url = fields.text('HTTP')
  const address = fields.text('TCP')
  const intervalMs = fields.durationMs('Interval')
  const ttlMs = fields.durationMs('TTL')
  const outputMaxBytes = fields.integer('OutputMaxSize')
  const isPolled = url !== '' || address !== ''
  if (intervalMs > 0 && ttlMs > 0) throw badRequest('Invalid check: Interval and TTL cannot both be specified')
  if (isPolled && intervalMs <= 0) {
    throw badRequest('Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks')
  }
  if (!isPolled && ttlMs <= 0) throw badRequest('Invalid check: TTL must be > 0 for TTL checks')
  if (outputMaxBytes < 0) throw badRequest('Invalid check: MaxOutputMaxSize must be positive')

  if (!isPolled) return { kind: 'ttl', ttlMs, outputMaxBytes: outputMaxBytes || OUTPUT_MAX_BYTES }
  const timeoutMs = fields.durationMs('Timeout')
  const polled: PolledProbe = {
    intervalMs: Math.max(intervalMs, SHORTEST_INTERVAL_MS),
    timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
    successBeforePassing: fields.integer('SuccessBeforePassing'),
    failuresBeforeCritical: fields.integer('FailuresBeforeCritical'),
  }
  if (url === '') return { kind: 'tcp', address, ...polled }
  return {
    kind: 'http',
    url,
    method: fields.text('Method') || 'GET',
    headers: fields.textsMap('Header'),
    body: fields.text('Body'),
    tlsSkipVerify: fields.flag('TLSSkipVerify'),
    outputMaxBytes: outputMaxBytes || OUTPUT_MAX_BYTES,
    ...polled,
  }
}

function refuseWhatWeCannotLookAt(fields: JsonFields): void {
  if (fields.texts('ScriptArgs').length > 0) {
    // The text a Consul agent has for the same refusal, which is its default.
    const text = 'Scripts are disabled on this agent from remote calls; to enable, configure'
    throw new ApiError(`${text} 'enable_script_checks' to true`, { status: 500 })
  }
  if (fields.text('DockerContainerID') !== '') throw notBuilt('Docker checks are')
  if (fields.text('GRPC') !== '') throw notBuilt('gRPC checks are')
  if (fields.text('AliasNode') !== '' || fields.text('AliasService') !== '') throw notBuilt('Alias checks are')
}
