import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { CheckRecord } from './catalog.ts'
import type { JsonObject } from './json-text.ts'
import { DATACENTER } from './read-options.ts'

/** Who this registry says it is: a cluster of one server, on this machine. */
export interface NodeIdentity {
  readonly id: string
  readonly name: string
  readonly address: string
}

/** The version whose API is spoken here. */
export const CONSUL_VERSION = '1.8.7'
/** Where the servers of a Consul would talk to each other. Nobody listens there. */
export const SERVER_PORT = 8300
const SERF_PORT = 8301
export const NODE_META: ReadonlyMap<string, string> = new Map([['consul-network-segment', '']])

export function createNodeIdentity(): NodeIdentity {
  return { id: randomUUID(), name: hostname(), address: '127.0.0.1' }
}

/** What stands at the head of a service in the catalog, and alone in the list of nodes. */
export function nodeHead(node: NodeIdentity): JsonObject {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: DATACENTER,
    TaggedAddresses: { lan: node.address, lan_ipv4: node.address, wan: node.address, wan_ipv4: node.address },
  }
}

export function nodeView(node: NodeIdentity, index: number): JsonObject {
  return { ...nodeHead(node), Meta: NODE_META, CreateIndex: index, ModifyIndex: index }
}

/** The check that Consul's gossip makes. This process answers, so its node is alive. */
export const NODE_HEALTH: Pick<CheckRecord, 'id' | 'name' | 'notes' | 'type' | 'status' | 'output' | 'serviceId'> = {
  id: 'serfHealth',
  name: 'Serf Health Status',
  notes: '',
  type: '',
  status: 'passing',
  output: 'Agent alive and reachable',
  serviceId: '',
}

export function memberView(node: NodeIdentity): JsonObject {
  return {
    Name: node.name,
    Addr: node.address,
    Port: SERF_PORT,
    Tags: {
      acls: '0',
      build: `${CONSUL_VERSION}:`,
      dc: DATACENTER,
      ft_fs: '1',
      id: node.id,
      port: String(SERVER_PORT),
      raft_vsn: '3',
      role: 'consul',
      segment: '',
      vsn: '2',
      vsn_max: '3',
      vsn_min: '2',
      wan_join_port: '8302',
    },
    Status: 1,
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  }
}
