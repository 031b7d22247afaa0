import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ConsulClient } from '../../src/consul/client.ts'
import { type ConsulTlsOptions, loadEndpoint } from '../../src/consul/endpoint.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'

const NO_TLS = { keyFile: '', certFile: '', caFile: '', caPath: '', insecureSkipVerify: false }
const HTTP = { scheme: 'http', token: '' } as const

for (const { addr, env, origin } of [
  { addr: 'consul.test:8500', env: {}, origin: 'http://consul.test:8500' },
  { addr: '', env: {}, origin: 'http://127.0.0.1:8500' },
  { addr: '', env: { CONSUL_HTTP_ADDR: 'other.test:1' }, origin: 'http://other.test:1' },
  { addr: 'consul.test:8500', env: { CONSUL_HTTP_ADDR: 'other.test:1' }, origin: 'http://consul.test:8500' },
  { addr: '', env: { CONSUL_HTTP_ADDR: 'https://other.test:8501/x' }, origin: 'https://other.test:8501' },
  { addr: '[::1]:8500', env: {}, origin: 'http://[::1]:8500' },
]) {
  test(`'${addr}' with ${JSON.stringify(env)} is ${origin}`, () => {
    assert.equal(loadEndpoint({ addr, ...HTTP }, env).origins[0], origin)
  })
}

test('token, namespace and partition fall back to the environment', () => {
  const env = { CONSUL_HTTP_TOKEN: 't', CONSUL_NAMESPACE: 'n', CONSUL_PARTITION: 'p' }
  const { token, namespace, partition } = loadEndpoint({ addr: '', ...HTTP, namespace: '' }, env)
  assert.deepEqual({ token, namespace, partition }, { token: 't', namespace: 'n', partition: 'p' })
  const own = loadEndpoint({ addr: '', scheme: 'http', token: 'own', namespace: 'mine' }, env)
  assert.deepEqual([own.token, own.namespace], ['own', 'mine'])
})

for (const { addr, env, message } of [
  { addr: 'a b:1', env: {}, message: /"a b:1" is not an address of the form host:port/ },
  { addr: '', env: { CONSUL_HTTP_ADDR: 'ftp://x' }, message: /Unknown protocol scheme: ftp/ },
]) {
  test(`'${addr}' with ${JSON.stringify(env)} is refused`, () =>
    assert.throws(() => loadEndpoint({ addr, ...HTTP }, env), { message }))
}

test('TLS options count with https only, and fall back to the environment', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'consul-tls-'))
  try {
    const file = (name: string) => join(directory, name)
    await Promise.all(['ca', 'cert', 'key', 'envca'].map(name => writeFile(file(name), name)))
    const tls = { ...NO_TLS, caFile: file('ca'), certFile: file('cert'), keyFile: file('key') }
    const env = {
      CONSUL_CACERT: file('envca'),
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
      CONSUL_HTTP_SSL_VERIFY: 'false',
    }
    assert.deepEqual(loadEndpoint({ addr: 'c:1', scheme: 'http', token: '', tls }, env).tls, {
      rejectUnauthorized: true,
    })
    assert.deepEqual(loadEndpoint({ addr: 'c:1', scheme: 'https', token: '', tls }, {}).tls, {
      rejectUnauthorized: true,
      ca: ['ca'],
      cert: 'cert',
      key: 'key',
    })
    assert.deepEqual(loadEndpoint({ addr: 'c:1', scheme: 'https', token: '', tls: NO_TLS }, env).tls, {
      rejectUnauthorized: false,
      servername: 'server.dc1.consul',
      ca: ['envca'],
    })
    const inDirectory = loadEndpoint(
      { addr: 'c:1', scheme: 'https', token: '', tls: { ...NO_TLS, caPath: directory } },
      {},
    )
    assert.deepEqual(inDirectory.tls.ca?.toSorted(), ['ca', 'cert', 'envca', 'key'])
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a certificate without its key is refused', () => {
  const tls = { ...NO_TLS, certFile: '/some/cert' }
  assert.throws(() => loadEndpoint({ addr: 'c:1', scheme: 'https', token: '', tls }, {}), {
    message: 'both client cert and client key must be provided',
  })
})

test('an agent on a unix socket is reached', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'consul-socket-'))
  const path = join(directory, 's')
  const server = createHttpServer((_, res) => res.end('{"Config":{"Datacenter":"dc1","NodeName":"n1"}}')).listen(path)
  try {
    await once(server, 'listening')
    const endpoint = loadEndpoint({ addr: '', ...HTTP }, { CONSUL_HTTP_ADDR: `unix://${path}` })
    await using client = new ConsulClient(endpoint, { env: {}, consistency: 'default' })
    assert.equal((await client.agentSelf()).datacenter, 'dc1')
  } finally {
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  }
})

test('a proxy of the environment is used, but not for this machine', async () => {
  const seen: (string | undefined)[] = []
  const proxy = createHttpServer((req, res) => {
    seen.push(req.url)
    res.end('{"Config":{"Datacenter":"proxied","NodeName":"n1"}}')
  }).listen(0, '127.0.0.1')
  try {
    await once(proxy, 'listening')
    const address = proxy.address()
    assert.ok(typeof address === 'object' && address !== null)
    const env = { HTTP_PROXY: `http://127.0.0.1:${address.port}` }
    await using far = new ConsulClient(loadEndpoint({ addr: 'consul.test:8500', ...HTTP }, env), {
      env,
      consistency: 'default',
    })
    assert.equal((await far.agentSelf()).datacenter, 'proxied')
    assert.deepEqual(seen, ['http://consul.test:8500/v1/agent/self'])
    await using near = new ConsulClient(loadEndpoint({ addr: '127.0.0.1:1', ...HTTP }, env), {
      env,
      consistency: 'default',
    })
    await assert.rejects(near.agentSelf(), { kind: 'unreachable' })
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})

test('an agent that asks for TLS and a client certificate is reached', {
  skip: realPart('openssl') === undefined && missingPart('openssl'),
}, async () => {
  await using directory = await makeCertificate()
  const { cert, key, certFile, keyFile } = directory
  const server = createHttpsServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true }, (_, res) => {
    res.end('{"Config":{"Datacenter":"dc1","NodeName":"n1"}}')
  }).listen(0, '127.0.0.1')
  const ask = async (tls: ConsulTlsOptions, env: Record<string, string> = {}) => {
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const endpoint = loadEndpoint({ addr: `127.0.0.1:${address.port}`, scheme: 'https', token: '', tls }, env)
    await using client = new ConsulClient(endpoint, { env, consistency: 'default' })
    return (await client.agentSelf()).datacenter
  }
  const identity = { ...NO_TLS, certFile, keyFile }
  try {
    await once(server, 'listening')
    assert.equal(await ask({ ...identity, caFile: certFile }), 'dc1')
    assert.equal(await ask({ ...identity, insecureSkipVerify: true }), 'dc1')
    assert.equal(
      await ask(NO_TLS, {
        CONSUL_CACERT: certFile,
        CONSUL_CLIENT_CERT: certFile,
        CONSUL_CLIENT_KEY: keyFile,
        CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
      }),
      'dc1',
    )
    await assert.rejects(ask(identity), { kind: 'unreachable', message: /self-signed certificate/ })
    await assert.rejects(ask({ ...NO_TLS, caFile: certFile }), { kind: 'unreachable' })
    await assert.rejects(ask({ ...identity, caFile: certFile }, { CONSUL_TLS_SERVER_NAME: 'other.test' }), {
      kind: 'unreachable',
      message: /other\.test/,
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

/** One certificate for both sides, which also signed itself. */
async function makeCertificate() {
  const directory = await mkdtemp(join(tmpdir(), 'consul-cert-'))
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const names = 'subjectAltName=IP:127.0.0.1,DNS:server.dc1.consul'
  const options = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=consul',
    '-addext',
    names,
  ]
  await promisify(execFile)('openssl', ['req', '-x509', ...options, '-keyout', keyFile, '-out', certFile])
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
  return { certFile, keyFile, cert, key, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}
