// Consul's API over a large datacenter that does not exist, in a process of its own. Lists are bytes made once, so that what is measured is the router.
//   node bench/consul-simulator-process.ts SERVICES PORT_OF_ALL_INSTANCES
// Every service has three instances with two routes each; two more have one
// instance: `load`, which stays, and `flap`, whose check PUT /flap turns over.
// GET /requests says how many requests were answered since it was asked last, without pings.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

const services = Number(process.argv[2] ?? 10_000)
const port = Number(process.argv[3] ?? 80)
const INSTANCES = 3
const NODES = 100

interface Instance {
  readonly Node: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
}

function instancesOf(service: number): Instance[] {
  const name = `service-${service}`
  return Array.from({ length: INSTANCES }, (_, i) => ({
    Node: `node-${(service * INSTANCES + i) % NODES}`,
    ServiceID: `${name}-${i}`,
    ServiceName: name,
    ServiceTags: [`urlprefix-${name}.test/`, `urlprefix-www.test/${name} strip=/${name}`],
  }))
}

const load: Instance = { Node: 'node-0', ServiceID: 'load', ServiceName: 'load', ServiceTags: ['urlprefix-/load'] }
const flap: Instance = { Node: 'node-0', ServiceID: 'flap', ServiceName: 'flap', ServiceTags: ['urlprefix-/flap'] }

function checkOf(instance: Instance, status: string, index: number): object {
  const { Node, ServiceID, ServiceName, ServiceTags } = instance
  const text = {
    Name: `Service '${ServiceName}' check`,
    Status: status,
    Notes: '',
    Output: 'HTTP GET http://10.0.0.1:80/health: 200 OK Output: ok',
  }
  const place = { ServiceID, ServiceName, ServiceTags, Type: 'http', Definition: {} }
  return { Node, CheckID: `service:${ServiceID}`, ...text, ...place, CreateIndex: 10, ModifyIndex: index }
}

function entryOf(instance: Instance): object {
  const place = { ID: '', Node: instance.Node, Address: '127.0.0.1', Datacenter: 'dc1' }
  return { ...place, ...instance, ServiceAddress: '127.0.0.1', ServicePort: port, CreateIndex: 10, ModifyIndex: 10 }
}

const nodeChecks = Array.from({ length: NODES }, (_, i) => ({
  Node: `node-${i}`,
  CheckID: 'serfHealth',
  Name: 'Serf Health Status',
  Status: 'passing',
  Notes: '',
  Output: 'Agent alive and reachable',
  ServiceID: '',
  ServiceName: '',
  ServiceTags: [],
}))
const steady = [load, ...Array.from({ length: services }, (_, i) => instancesOf(i)).flat()]
// Consul lists checks by their state; what changes its state changes its place.
const passing = Buffer.from(
  [...nodeChecks, ...steady.map(instance => checkOf(instance, 'passing', 10))]
    .map(check => JSON.stringify(check))
    .join(','),
)
const names = Object.fromEntries([
  ...Array.from({ length: services }, (_, i) => [`service-${i}`, []]),
  ['load', []],
  ['flap', []],
])
const nodes = nodeChecks.map(({ Node }) => ({ Node, Address: '127.0.0.1' }))

let index = 100
let isPassing = true
let requests = 0
const waiting = new Set<() => void>()

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://simulator')
  if (url.pathname === '/flap') return turnOver(response)
  if (url.pathname === '/requests') return countRequests(response)
  if (url.pathname !== '/v1/status/leader') requests++
  if (url.pathname === '/v1/health/state/any') return listChecks(request, response, url)
  response.setHeader('X-Consul-Index', 50)
  // Nothing but health changes, so whoever waits for something else waits for long.
  if (url.searchParams.get('index') === '50') return void setTimeout(() => answer(response, url.pathname), 50_000)
  answer(response, url.pathname)
}).listen(0, '127.0.0.1', function listening(this: { address(): unknown }) {
  const address = this.address()
  const place = typeof address === 'object' && address !== null && 'port' in address ? address.port : 0
  process.stdout.write(`${String(place)}\n`)
})

function turnOver(response: ServerResponse): void {
  isPassing = !isPassing
  index++
  for (const wake of waiting) wake()
  waiting.clear()
  response.end()
}

function countRequests(response: ServerResponse): void {
  response.end(String(requests))
  requests = 0
}

function listChecks(request: IncomingMessage, response: ServerResponse, url: URL): void {
  const send = (): void => {
    const check = Buffer.from(JSON.stringify(checkOf(flap, isPassing ? 'passing' : 'critical', index)))
    response.setHeader('X-Consul-Index', index)
    const comma = Buffer.from(',')
    const parts = isPassing ? [passing, comma, check] : [check, comma, passing]
    const length = parts.reduce((sum, part) => sum + part.length, 2)
    response.writeHead(200, { 'content-length': length })
    response.write('[')
    for (const part of parts) response.write(part)
    response.end(']')
  }
  if (Number(url.searchParams.get('index') ?? 0) !== index) return send()
  waiting.add(send)
  request.on('close', () => waiting.delete(send))
}

function answer(response: ServerResponse, path: string): void {
  if (path === '/v1/agent/self') return json(response, { Config: { Datacenter: 'dc1', NodeName: 'node-0' } })
  if (path === '/v1/status/leader') return json(response, '127.0.0.1:8300')
  if (path === '/v1/catalog/services') return json(response, names)
  if (path === '/v1/catalog/nodes') return json(response, nodes)
  if (path.startsWith('/v1/catalog/service/')) {
    const name = path.slice('/v1/catalog/service/'.length)
    const instances =
      name === 'flap' ? [flap] : name === 'load' ? [load] : instancesOf(Number(name.slice('service-'.length)))
    return json(response, instances.map(entryOf))
  }
  response.writeHead(404).end()
}

function json(response: ServerResponse, value: unknown): void {
  response.end(JSON.stringify(value))
}
