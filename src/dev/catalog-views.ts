import type { CheckRecord, ServiceRecord } from './catalog.ts'
import type { JsonObject, JsonValue } from './json-text.ts'
import { NODE_META, type NodeIdentity, nodeHead } from './node-view.ts'
import type { ServiceDefinition } from './service-definition.ts'

/** An instance as an element of /v1/catalog/service. */
export function catalogServiceView(
  { service, createIndex, modifyIndex }: ServiceRecord,
  node: NodeIdentity,
): JsonObject {
  return {
    ...nodeHead(node),
    NodeMeta: NODE_META,
    ServiceKind: '',
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ServiceTaggedAddresses: taggedAddressesView(service),
    ServiceWeights: { Passing: service.passingWeight, Warning: service.warningWeight },
    ServiceMeta: service.meta ?? {},
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: { MeshGateway: {}, Expose: {} },
    ServiceConnect: {},
    CreateIndex: createIndex,
    ModifyIndex: modifyIndex,
  }
}

/** An instance as it stands beside its node, in /v1/health/service and /v1/catalog/node. */
export function nodeServiceView({ service, createIndex, modifyIndex }: ServiceRecord): JsonObject {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Address: service.address,
    TaggedAddresses: taggedAddressesView(service),
    Meta: service.meta ?? null,
    Port: service.port,
    Weights: { Passing: service.passingWeight, Warning: service.warningWeight },
    EnableTagOverride: service.enableTagOverride,
    Proxy: { MeshGateway: {}, Expose: {} },
    Connect: {},
    CreateIndex: createIndex,
    ModifyIndex: modifyIndex,
  }
}

export function checkView(check: CheckRecord, node: NodeIdentity): JsonObject {
  return {
    Node: node.name,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Definition: {},
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  }
}

/** undefined when there are none: Consul leaves the field out then. */
export function taggedAddressesView(service: ServiceDefinition): JsonValue | undefined {
  if (service.taggedAddresses.size === 0) return undefined
  return new Map([...service.taggedAddresses].map(([tag, at]) => [tag, { Address: at.address, Port: at.port }]))
}
