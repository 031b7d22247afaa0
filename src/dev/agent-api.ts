import { createHash } from 'node:crypto'
import type { Agent } from './agent.ts'
import type { AgentCheck } from './agent-check.ts'
import { ApiError, badRequest } from './api-error.ts'
import { taggedAddressesView } from './catalog-views.ts'
import { type CheckStatus, isCheckStatus, parseCheckRegistration } from './check-definition.ts'
import { type Answer, type Call, DONE, type Endpoint, get, type HashedRead, json, put } from './endpoint.ts'
import { JsonFields } from './json-fields.ts'
import { formatJson, type JsonObject } from './json-text.ts'
import { CONSUL_VERSION, memberView, NODE_META, type NodeIdentity, SERVER_PORT } from './node-view.ts'
import { DATACENTER, parseGoBool } from './read-options.ts'
import { parseServiceRegistration, type ServiceDefinition } from './service-definition.ts'

/** /v1/agent/…: what is registered with the local agent, and registering. */
export function agentEndpoints(agent: Agent, node: NodeIdentity): readonly Endpoint[] {
  return [
    get('/v1/agent/self', () => json(selfView(agent, node))),
    get('/v1/agent/members', () => json([memberView(node)])),
    get('/v1/agent/services', () =>
      json(new Map([...agent.services].map(([id, service]) => [id, serviceView(service)]))),
    ),
    get('/v1/agent/checks', () => json(new Map([...agent.checks].map(([id, check]) => [id, checkView(check, node)])))),
    get('/v1/agent/service/', call => readService(agent, call.rest)),
    put('/v1/agent/service/register', call => registerService(agent, call)),
    put('/v1/agent/service/deregister/', call => {
      if (call.rest === '') throw new ApiError('ServiceID missing', { status: 500 })
      agent.deregisterService(call.rest)
      return DONE
    }),
    put('/v1/agent/service/maintenance/', call => {
      if (call.rest === '') throw badRequest('Missing service ID')
      agent.setServiceMaintenance(call.rest, parseEnable(call), call.query.get('reason') ?? '')
      return DONE
    }),
    put('/v1/agent/maintenance', call => {
      agent.setNodeMaintenance(parseEnable(call), call.query.get('reason') ?? '')
      return DONE
    }),
    put('/v1/agent/check/register', call => {
      agent.registerCheck(parseCheckRegistration(call.body))
      return DONE
    }),
    put('/v1/agent/check/deregister/', call => {
      if (call.rest === '') throw new ApiError('CheckID missing', { status: 500 })
      agent.deregisterCheck(call.rest)
      return DONE
    }),
    put('/v1/agent/check/pass/', call => report(agent, call, 'passing')),
    put('/v1/agent/check/warn/', call => report(agent, call, 'warning')),
    put('/v1/agent/check/fail/', call => report(agent, call, 'critical')),
    put('/v1/agent/check/update/', call => update(agent, call)),
  ]
}

function registerService(agent: Agent, call: Call): Answer {
  const { service, checks } = parseServiceRegistration(call.body)
  agent.registerService(service, checks, {
    replaceExistingChecks: call.query.get('replace-existing-checks') === 'true',
  })
  return DONE
}

function readService(agent: Agent, id: string): HashedRead {
  const view = (): JsonObject => {
    const service = agent.services.get(id)
    if (service === undefined) throw new ApiError(`unknown service ID: ${id}`, { status: 404 })
    return serviceView(service)
  }
  const hash = (): string => contentHash(view())
  return { kind: 'hashed', hash, answer: () => json({ ...view(), ContentHash: hash() }) }
}

function report(agent: Agent, call: Call, status: CheckStatus): Answer {
  agent.reportTtl(call.rest, status, call.query.get('note') ?? '')
  return DONE
}

function update(agent: Agent, call: Call): Answer {
  const fields = JsonFields.parse(call.body, ['Status', 'Output'])
  const status = fields.text('Status')
  if (!isCheckStatus(status)) throw badRequest(`Invalid check status: '${status}'`)
  agent.reportTtl(call.rest, status, fields.text('Output'))
  return DONE
}

function parseEnable(call: Call): boolean {
  const text = call.query.get('enable') ?? ''
  if (text === '') throw badRequest('Missing value for enable')
  const isOn = parseGoBool(text)
  if (isOn === undefined) throw badRequest(`Invalid value for enable: ${JSON.stringify(text)}`)
  return isOn
}

function serviceView(service: ServiceDefinition): JsonObject {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta ?? {},
    Port: service.port,
    Address: service.address,
    TaggedAddresses: taggedAddressesView(service),
    Weights: { Passing: service.passingWeight, Warning: service.warningWeight },
    EnableTagOverride: service.enableTagOverride,
  }
}

function checkView(check: AgentCheck, node: NodeIdentity): JsonObject {
  const { definition } = check
  return {
    Node: node.name,
    CheckID: definition.id,
    Name: definition.name,
    Status: check.status,
    Notes: definition.notes,
    Output: check.output,
    ServiceID: definition.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: definition.type,
    Definition: {},
    CreateIndex: 0,
    ModifyIndex: 0,
  }
}

/** 64 bits in hex, like Consul's; clients only compare it with itself. */
function contentHash(view: JsonObject): string {
  return createHash('sha256').update(formatJson(view)).digest('hex').slice(0, 16)
}

/** Of DebugConfig and Stats, only what has a meaning here. */
function selfView(agent: Agent, node: NodeIdentity): JsonObject {
  const ttls = [...agent.checks.values()].filter(check => check.definition.type === 'ttl').length
  return {
    Config: {
      Datacenter: DATACENTER,
      NodeName: node.name,
      NodeID: node.id,
      Revision: 'fabio-dev',
      Server: true,
      Version: CONSUL_VERSION,
    },
    DebugConfig: {},
    Coord: { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 },
    Member: memberView(node),
    Stats: {
      agent: {
        check_monitors: '0',
        check_ttls: String(ttls),
        checks: String(agent.checks.size),
        services: String(agent.services.size),
      },
      build: { prerelease: '', revision: 'fabio-dev', version: CONSUL_VERSION },
      consul: {
        acl: 'disabled',
        bootstrap: 'false',
        known_datacenters: '1',
        leader: 'true',
        leader_addr: `${node.address}:${SERVER_PORT}`,
        server: 'true',
      },
      runtime: { arch: process.arch, os: process.platform, version: process.version },
    },
    Meta: NODE_META,
  }
}
