// JSON of Consul's API → values whose types hold. Every function throws a ConsulError of kind `garbage` that names the place.
// What Consul's Go code may leave out or send as null (a nil slice, a field of a newer version) has its empty value here.

import { ConsulError } from './consul-error.ts'

/** A check as `/v1/health/state/any` lists it. */
export interface HealthCheck {
  readonly node: string
  readonly checkId: string
  readonly status: string
  readonly output: string
  /** Empty for a check of the node itself. */
  readonly serviceId: string
  readonly serviceName: string
  readonly serviceTags: readonly string[]
  /** `http`, `ttl`, `script` …; empty before Consul 1.7 and for checks that no agent runs. */
  readonly type: string
  readonly createIndex: number
}

/** An instance as `/v1/catalog/service/<name>` lists it. */
export interface CatalogInstance {
  readonly node: string
  readonly nodeAddress: string
  readonly serviceId: string
  readonly serviceName: string
  /** Empty: the service is reached at the node's address. */
  readonly serviceAddress: string
  readonly servicePort: number
  readonly serviceTags: readonly string[]
  readonly modifyIndex: number
}

export interface KeyValue {
  readonly key: string
  readonly value: string
  readonly modifyIndex: number
}

export interface AgentSelf {
  readonly datacenter: string
  readonly nodeName: string
}

export function decodeHealthChecks(json: unknown): HealthCheck[] {
  return list(json, 'the list of checks').map((entry, at) => {
    const check = object(entry, `check ${at}`)
    return {
      node: text(check, 'Node'),
      checkId: text(check, 'CheckID'),
      status: text(check, 'Status'),
      output: textOrEmpty(check, 'Output'),
      serviceId: textOrEmpty(check, 'ServiceID'),
      serviceName: textOrEmpty(check, 'ServiceName'),
      serviceTags: texts(check, 'ServiceTags'),
      type: textOrEmpty(check, 'Type'),
      createIndex: numberOrZero(check, 'CreateIndex'),
    }
  })
}

export function decodeCatalogInstances(json: unknown): CatalogInstance[] {
  return list(json, 'the list of instances').map((entry, at) => {
    const instance = object(entry, `instance ${at}`)
    return {
      node: text(instance, 'Node'),
      nodeAddress: textOrEmpty(instance, 'Address'),
      serviceId: text(instance, 'ServiceID'),
      serviceName: text(instance, 'ServiceName'),
      serviceAddress: textOrEmpty(instance, 'ServiceAddress'),
      servicePort: numberOrZero(instance, 'ServicePort'),
      serviceTags: texts(instance, 'ServiceTags'),
      modifyIndex: numberOrZero(instance, 'ModifyIndex'),
    }
  })
}

/** Node name → address. */
export function decodeNodes(json: unknown): Map<string, string> {
  const nodes = list(json, 'the list of nodes').map((entry, at) => object(entry, `node ${at}`))
  return new Map(nodes.map(node => [text(node, 'Node'), textOrEmpty(node, 'Address')]))
}

/** Service name → the tags of all its instances. */
export function decodeServices(json: unknown): Map<string, readonly string[]> {
  const services = object(json, 'the list of services')
  return new Map(Object.keys(services).map(name => [name, texts(services, name)]))
}

export function decodeKeyValues(json: unknown): KeyValue[] {
  return list(json, 'the list of keys').map((entry, at) => {
    const pair = object(entry, `key ${at}`)
    return {
      key: text(pair, 'Key'),
      value: Buffer.from(textOrEmpty(pair, 'Value'), 'base64').toString('utf8'),
      modifyIndex: numberOrZero(pair, 'ModifyIndex'),
    }
  })
}

/** The words are those of Fabio's own errors. */
export function decodeAgentSelf(json: unknown): AgentSelf {
  const config = object(json, 'the agent').Config
  if (!isObject(config)) throw garbage('consul: self.Config not found')
  const datacenter = config.Datacenter
  if (typeof datacenter !== 'string') throw garbage('consul: self.Datacenter not found')
  return { datacenter, nodeName: textOrEmpty(config, 'NodeName') }
}

/** The IDs of the services of an agent. */
export function decodeServiceIds(json: unknown): Set<string> {
  return new Set(Object.keys(object(json, 'the list of services')))
}

/** The `ModifyIndex` of each service that a transaction read, in the order asked for. */
export function decodeReadServices(json: unknown): number[] {
  return list(object(json, 'the transaction').Results, 'the results').map((entry, at) => {
    const service = object(object(entry, `result ${at}`).Service, `the service of result ${at}`)
    const index = service.ModifyIndex
    if (typeof index !== 'number') throw garbage(`result ${at} has no ModifyIndex`)
    return index
  })
}

/** Which of the operations of a transaction made it fail. */
export function decodeFailedOperations(json: unknown): number[] {
  return list(object(json, 'the transaction').Errors, 'the errors').map((entry, at) => {
    const operation = object(entry, `error ${at}`).OpIndex
    if (typeof operation !== 'number') throw garbage(`error ${at} has no OpIndex`)
    return operation
  })
}

export function decodeBoolean(json: unknown): boolean {
  if (typeof json !== 'boolean') throw garbage(`true or false expected, not ${show(json)}`)
  return json
}

/** `POST /v1/internal/acl/authorize`: is the one thing that was asked for allowed? */
export function decodeAuthorization(json: unknown): boolean {
  const [answer] = list(json, 'authorizations')
  return decodeBoolean(object(answer, 'an authorization').Allow)
}

type JsonObject = Readonly<Record<string, unknown>>

function garbage(message: string): ConsulError {
  return new ConsulError(message, { kind: 'garbage' })
}

function show(json: unknown): string {
  return `${JSON.stringify(json)}`.slice(0, 60)
}

function list(json: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(json)) throw garbage(`${what} is not an array but ${show(json)}`)
  return json
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function object(json: unknown, what: string): JsonObject {
  if (!isObject(json)) throw garbage(`${what} is not an object but ${show(json)}`)
  return json
}

function text(from: JsonObject, name: string): string {
  const value = from[name]
  if (typeof value !== 'string') throw garbage(`${name} is not a string but ${show(value)}`)
  return value
}

function textOrEmpty(from: JsonObject, name: string): string {
  return from[name] === undefined || from[name] === null ? '' : text(from, name)
}

function texts(from: JsonObject, name: string): readonly string[] {
  const values = from[name]
  if (values === undefined || values === null) return []
  if (!Array.isArray(values) || !values.every(value => typeof value === 'string'))
    throw garbage(`${name} is not a list of strings but ${show(values)}`)
  return values
}

function numberOrZero(from: JsonObject, name: string): number {
  const value = from[name] ?? 0
  if (typeof value !== 'number') throw garbage(`${name} is not a number but ${show(value)}`)
  return value
}
