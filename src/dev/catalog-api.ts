import type { Catalog } from './catalog.ts'
import { catalogServiceView, nodeServiceView } from './catalog-views.ts'
import { type Call, catalogRead, type Endpoint, get, json, namedRead } from './endpoint.ts'
import type { JsonObject } from './json-text.ts'
import { type NodeIdentity, nodeView, SERVER_PORT } from './node-view.ts'
import { DATACENTER } from './read-options.ts'
import { isNodeSelected, selectInstances } from './selection.ts'

/** /v1/catalog/… and /v1/status/…: what a Consul server says about its one node and the services there. */
export function catalogEndpoints(catalog: Catalog, node: NodeIdentity): readonly Endpoint[] {
  const leader = `${node.address}:${SERVER_PORT}`
  const isHere = (call: Call): boolean => isNodeSelected(call.query)
  return [
    get('/v1/status/leader', () => json(leader)),
    get('/v1/status/peers', () => json([leader])),
    get('/v1/catalog/datacenters', () => json([DATACENTER])),
    get('/v1/catalog/nodes', call =>
      catalogRead({
        index: () => catalog.nodeIndex,
        answer: () => json(isHere(call) ? [nodeView(node, catalog.nodeIndex)] : []),
      }),
    ),
    get('/v1/catalog/node/', call =>
      namedRead(call, 'Missing node name', {
        index: () => catalog.servicesIndex,
        answer: () =>
          json(call.rest.toLowerCase() === node.name.toLowerCase() ? nodeServicesView(catalog, node) : null),
      }),
    ),
    get('/v1/catalog/services', call =>
      catalogRead({
        index: () => catalog.servicesIndex,
        answer: () => json(isHere(call) ? tagsByService(catalog) : {}),
      }),
    ),
    get('/v1/catalog/service/', call =>
      namedRead(call, 'Missing service name', {
        index: () => catalog.indexOf(call.rest),
        answer: () => json(selectInstances(catalog, call).map(record => catalogServiceView(record, node))),
      }),
    ),
  ]
}

function tagsByService(catalog: Catalog): ReadonlyMap<string, readonly string[]> {
  const tags = new Map<string, Set<string>>()
  for (const { service } of catalog.services()) {
    tags.set(service.name, (tags.get(service.name) ?? new Set()).union(new Set(service.tags)))
  }
  return new Map([...tags].map(([name, all]) => [name, [...all]]))
}

function nodeServicesView(catalog: Catalog, node: NodeIdentity): JsonObject {
  const services = catalog.services().map(record => [record.service.id, nodeServiceView(record)] as const)
  return { Node: nodeView(node, catalog.nodeIndex), Services: new Map(services) }
}
