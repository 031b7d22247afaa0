import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../src/consul/answer.ts'
import { type ConsulClient as Client, ConsulClient } from '../../src/consul/client.ts'
import { ConsulError } from '../../src/consul/consul-error.ts'
import { decodeHealthChecks } from '../../src/consul/decode.ts'
import { loadEndpoint } from '../../src/consul/endpoint.ts'
import { type ConsulDouble, type Fault, startConsulDouble } from '../harness/consul-double.ts'

function connect(
  consul: ConsulDouble,
  changes: { token?: string; namespace?: string; maxAnswerBytes?: number; env?: Record<string, string> } = {},
): Client {
  const { token = '', namespace = '', maxAnswerBytes, env = {} } = changes
  const endpoint = loadEndpoint({ addr: consul.addr, scheme: 'http', token, namespace }, env)
  return new ConsulClient(endpoint, {
    env,
    consistency: 'consistent',
    ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
  })
}

const readChecks = (body: Buffer) => decodeHealthChecks(parseJson(body))

const last = (consul: ConsulDouble) => {
  const request = consul.requests.at(-1)
  assert.ok(request)
  return { ...request, query: request.query.toString() }
}

test('reads carry the token, the namespace, the partition and the consistency', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul, { token: 'secret', namespace: 'team', env: { CONSUL_PARTITION: 'west' } })
  await client.healthState(readChecks, { index: 7n, waitMs: 10 })
  const { headers, query } = last(consul)
  assert.equal(headers['x-consul-token'], 'secret')
  assert.equal(query, 'consistent=&index=7&wait=10ms&ns=team&partition=west')
})

test('a read without an index does not ask Consul to wait', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  await client.catalogServices({ index: 0n, waitMs: 1000 })
  assert.equal(last(consul).query, 'consistent=')
})

test('what the endpoints say is decoded', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  consul.setInstance({ service: 'web', id: 'web-1', address: '10.0.0.1', port: 80, tags: ['urlprefix-/a'] })
  consul.setKey('fabio/config', 'route del ä')
  assert.deepEqual(await client.agentSelf(), { datacenter: 'dc1', nodeName: 'n1' })
  assert.deepEqual(
    (await client.healthState(readChecks)).decode().map(({ checkId, serviceTags }) => [checkId, serviceTags]),
    [
      ['serfHealth', []],
      ['service:web-1', ['urlprefix-/a']],
    ],
  )
  assert.deepEqual((await client.catalogService('web')).decode(), [
    {
      node: 'n1',
      nodeAddress: '127.0.0.1',
      serviceId: 'web-1',
      serviceName: 'web',
      serviceAddress: '10.0.0.1',
      servicePort: 80,
      serviceTags: ['urlprefix-/a'],
      modifyIndex: 13,
    },
  ])
  assert.deepEqual((await client.catalogNodes()).decode(), new Map([['n1', '127.0.0.1']]))
  assert.deepEqual((await client.catalogServices()).decode(), new Map([['web', []]]))
  assert.deepEqual((await client.keyValue('fabio/config')).decode()?.value, 'route del ä')
})

test('a key that does not exist is no error', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  assert.deepEqual((await client.keyValues('none')).decode(), [])
  assert.equal((await client.keyValue('none')).decode(), undefined)
})

test('names are escaped where they are part of a path', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  await client.catalogService('a/b ?c')
  assert.equal(last(consul).path, 'catalog/service/a/b ?c')
  await client.keyValues('fabio/a b?/ü')
  assert.equal(last(consul).path, 'kv/fabio/a b?/ü')
})

test('a key is written only at the version it is said to have', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  assert.equal(await client.writeKeyValue('k', 'one', { version: '0' }), true)
  assert.equal(await client.writeKeyValue('k', 'two', { version: '0' }), false)
  const version = `${(await client.keyValue('k')).decode()?.modifyIndex}`
  assert.equal(await client.writeKeyValue('k', 'two', { version }), true)
  assert.equal((await client.keyValue('k')).decode()?.value, 'two')
})

test('versions of instances are read in one request, those that are gone included', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  consul.setInstance({ service: 'web', id: 'web-1' })
  consul.setInstance({ service: 'web', id: 'web-2' })
  const refs = ['web-1', 'gone', 'web-2'].map(serviceId => ({ node: 'n1', serviceId }))
  assert.deepEqual(await client.readServiceVersions(refs), [13, undefined, 15])
  assert.deepEqual(await client.readServiceVersions([]), [])
  assert.equal(consul.countRequests(/^txn$/), 2)
})

const FAULTS: readonly { fault: Fault; kind: string; message: RegExp }[] = [
  {
    fault: { kind: 'status', status: 403, body: 'Permission denied' },
    kind: 'status',
    message: /^Unexpected response code: 403 \(Permission denied\)$/,
  },
  {
    fault: { kind: 'status', status: 500, body: `<html>\n${'x'.repeat(1000)}` },
    kind: 'status',
    message: /^Unexpected response code: 500 \(<html> x{193}…\)$/,
  },
  {
    fault: { kind: 'truncated' },
    kind: 'unreachable',
    message: /GET http:\/\/127\.0\.0\.1:\d+\/v1\/health\/state\/any: /,
  },
  { fault: { kind: 'reset' }, kind: 'unreachable', message: /health\/state\/any: / },
  { fault: { kind: 'hang' }, kind: 'timeout', message: /no answer within 200ms$/ },
  { fault: { kind: 'body', body: '{"Node":' }, kind: 'garbage', message: /^the answer is not JSON/ },
  { fault: { kind: 'body', body: '{}' }, kind: 'garbage', message: /^the list of checks is not an array but \{\}$/ },
  { fault: { kind: 'body', body: 'null' }, kind: 'garbage', message: /not an array but null$/ },
  { fault: { kind: 'body', body: '[1]' }, kind: 'garbage', message: /^check 0 is not an object but 1$/ },
  {
    fault: { kind: 'body', body: '[{"Node":"n","CheckID":3}]' },
    kind: 'garbage',
    message: /^CheckID is not a string but 3$/,
  },
  { fault: { kind: 'body', body: `[${' '.repeat(5000)}]` }, kind: 'too-large', message: /more than 2000 bytes$/ },
]

for (const { fault, kind, message } of FAULTS) {
  test(`${JSON.stringify(fault).slice(0, 60)} is a ConsulError of kind ${kind}`, async () => {
    await using consul = await startConsulDouble()
    await using client = connect(consul, { token: 'secret', maxAnswerBytes: 2000 })
    consul.fault = () => fault
    await assert.rejects(
      client.healthState(readChecks, { timeoutMs: 200 }).then(answer => answer.decode()),
      (error: unknown) => {
        assert.ok(error instanceof ConsulError)
        assert.equal(error.kind, kind)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  })
}

test('nobody there is a ConsulError that names the address', async () => {
  let client: Client
  {
    await using consul = await startConsulDouble()
    client = connect(consul)
  }
  await using closing = client
  await assert.rejects(closing.agentSelf(), {
    kind: 'unreachable',
    message: /^GET http:\/\/127\.0\.0\.1:\d+\/v1\/agent\/self: .*ECONNREFUSED/,
  })
})

test('a request ends when its signal is aborted', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  consul.fault = () => ({ kind: 'hang' })
  const abort = new AbortController()
  const request = client.healthState(readChecks, { signal: abort.signal })
  await consul.untilRequested(/^health/)
  abort.abort()
  await assert.rejects(request, { kind: 'aborted' })
  await assert.rejects(client.healthState(readChecks, { signal: abort.signal }), { kind: 'aborted' })
})

for (const [body, message] of [
  ['{}', 'consul: self.Config not found'],
  ['{"Config":{}}', 'consul: self.Datacenter not found'],
] as const) {
  test(`an agent that says ${body} is refused`, async () => {
    await using consul = await startConsulDouble()
    await using client = connect(consul)
    consul.fault = () => ({ kind: 'body', body })
    await assert.rejects(client.agentSelf(), { kind: 'garbage', message })
  })
}

test('connections are kept for the next request', async () => {
  await using consul = await startConsulDouble()
  await using client = connect(consul)
  for (let i = 0; i < 20; i++) await client.agentSelf()
  assert.ok(consul.connections <= 2, `${consul.connections}`)
})
