import { isIPv4, isIPv6 } from 'node:net'
import { badRequest, notBuilt } from './api-error.ts'
import { CHECK_ALIASES, type CheckDefinition, parseServiceCheck, SERVICE_CHECK_FIELDS } from './check-definition.ts'
import { JsonFields } from './json-fields.ts'

/** One instance of a service, as it was registered with the agent. */
export interface ServiceDefinition {
  readonly id: string
  readonly name: string
  readonly tags: readonly string[]
  /** '' when the instance has the address of its node. */
  readonly address: string
  readonly taggedAddresses: ReadonlyMap<string, { readonly address: string; readonly port: number }>
  /** undefined when none was given; some answers show that as null. */
  readonly meta: ReadonlyMap<string, string> | undefined
  readonly port: number
  readonly passingWeight: number
  readonly warningWeight: number
  readonly enableTagOverride: boolean
}

const FIELDS = [
  'Kind',
  'ID',
  'Name',
  'Tags',
  'Address',
  'TaggedAddresses',
  'Meta',
  'Port',
  'Check',
  'Checks',
  'Weights',
  'Token',
  'EnableTagOverride',
  'Proxy',
  'Connect',
]

const ALIASES = new Map([
  ['enable_tag_override', 'EnableTagOverride'],
  ['tagged_addresses', 'TaggedAddresses'],
])

/** The body of /v1/agent/service/register. Throws ApiError with Consul's text. */
export function parseServiceRegistration(body: Buffer): {
  readonly service: ServiceDefinition
  readonly checks: readonly CheckDefinition[]
} {
  const fields = JsonFields.parse(body, FIELDS, ALIASES)
  const name = fields.text('Name')
  if (name === '') throw badRequest('Missing service name')
  const address = fields.text('Address')
  if (['0.0.0.0', '::', '[::]'].includes(address)) throw badRequest('Invalid service address')
  if (fields.has('Proxy') || fields.has('Connect') || fields.text('Kind') !== '') {
    throw notBuilt('Connect (the fields Kind, Proxy and Connect) is')
  }

  const port = fields.integer('Port')
  const service: ServiceDefinition = {
    id: fields.text('ID') || name,
    name,
    tags: fields.texts('Tags'),
    address,
    taggedAddresses: taggedAddresses(fields, address, port),
    meta: metadata(fields),
    port,
    ...weights(fields),
    enableTagOverride: fields.flag('EnableTagOverride'),
  }
  return { service, checks: checksOf(fields, service) }
}

function checksOf(fields: JsonFields, service: ServiceDefinition): readonly CheckDefinition[] {
  const single = fields.object('Check', SERVICE_CHECK_FIELDS, CHECK_ALIASES)
  const several = fields.objects('Checks', SERVICE_CHECK_FIELDS, CHECK_ALIASES)
  const all = single === undefined || single.isEmpty ? several : [single, ...several]
  // Consul names the only check of a service after it, and counts when there are more.
  return all.map((check, at) => {
    const checkId = all.length === 1 ? `service:${service.id}` : `service:${service.id}:${at + 1}`
    return parseServiceCheck(check, { checkId, checkName: `Service '${service.name}' check`, serviceId: service.id })
  })
}

/** What was given, and the service's own address under the names Consul gives it when it is an IP address. */
function taggedAddresses(fields: JsonFields, address: string, port: number): ServiceDefinition['taggedAddresses'] {
  const all = new Map<string, { address: string; port: number }>()
  for (const [tag, given] of fields.objectMap('TaggedAddresses', ['Address', 'Port'])) {
    all.set(tag, { address: given.text('Address'), port: given.integer('Port') })
  }
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  if (family === undefined) return all
  for (const tag of [`lan_${family}`, `wan_${family}`]) if (!all.has(tag)) all.set(tag, { address, port })
  return all
}

function metadata(fields: JsonFields): ReadonlyMap<string, string> | undefined {
  if (!fields.has('Meta')) return undefined
  const meta = fields.textMap('Meta')
  const invalid = (reason: string): Error => badRequest(`Invalid Service Meta: ${reason}`)
  if (meta.size > 64) throw invalid('Node metadata cannot contain more than 64 key/value pairs')
  for (const [key, value] of meta) {
    const pair = `Couldn't load metadata pair ('${key}', '${value}'): `
    if (key === '') throw invalid(`${pair}Key cannot be blank`)
    if (!/^[a-zA-Z0-9_-]+$/u.test(key)) throw invalid(`${pair}Key contains invalid characters`)
    if (key.length > 128) throw invalid(`${pair}Key is too long (limit: 128 characters)`)
    if (key.startsWith('consul-')) throw invalid(`${pair}Key prefix 'consul-' is reserved for internal use`)
    if (Buffer.byteLength(value) > 512) throw invalid(`${pair}Value is too long (limit: 512 characters)`)
  }
  return meta
}

function weights(fields: JsonFields): { readonly passingWeight: number; readonly warningWeight: number } {
  const given = fields.object('Weights', ['Passing', 'Warning'])
  if (given === undefined) return { passingWeight: 1, warningWeight: 1 }
  const passingWeight = given.integer('Passing')
  const warningWeight = given.integer('Warning')
  if (passingWeight < 1) throw badRequest('Invalid Weights: Passing must be greater than 0')
  if (warningWeight < 0) throw badRequest('Invalid Weights: Warning must be greater or equal than 0')
  if (passingWeight > 65535 || warningWeight > 65535) {
    throw badRequest('Invalid Weights: DNS Weight must be between 0 and 65535')
  }
  return { passingWeight, warningWeight }
}
