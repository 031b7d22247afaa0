import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDevRegistry } from '../../src/dev/dev-registry.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { SCRIPT } from './parity-script.ts'
import type { Step } from './parity-steps.ts'
import { type RealConsul, startConsul } from './real-consul.ts'
import { silentLog } from './silent-log.ts'

// The same calls to a real `consul agent -dev` and to ours, answer by answer.

const binary = realPart('consul')
const options = binary === undefined ? { skip: missingPart('consul') } : { timeout: 120_000 }

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | null>>
  readonly body: unknown
}

const COMPARED_HEADERS = ['x-consul-knownleader', 'x-consul-lastcontact', 'x-consul-effective-consistency', 'allow']

/** Real answers reach the catalog a moment after the call; ours at once. So a read may be asked again for a while. */
const SETTLING_MS = 5000

test('the dev registry answers as a real consul agent -dev does', options, async t => {
  assert.ok(binary !== undefined)
  await using consul = await startConsul(binary)
  await using registry = await startDevRegistry({ host: '127.0.0.1', port: 0, log: silentLog })
  await using target = await startCheckTarget()
  for (const step of SCRIPT) {
    const filled = fill(step, target.url)
    const { method = 'GET', path, body } = filled
    await t.test(`${method} ${path} ${typeof body === 'string' ? body.slice(0, 100) : ''}`, async () => {
      const send = (base: string): Promise<Reply> => call(base, filled, consul)
      const ours = await send(registry.url)
      let theirs = await send(consul.url)
      const deadline = Date.now() + SETTLING_MS
      let again = ours
      while (method === 'GET' && !isSame(again, theirs) && Date.now() < deadline) {
        await sleep(50)
        again = await send(registry.url) // a check may be running on our side, too
        theirs = await send(consul.url)
      }
      assert.deepEqual(again, theirs)
    })
  }
})

test('watchers are woken for every news, and never when a real consul agent -dev lets them sleep', options, async t => {
  assert.ok(binary !== undefined)
  await using consul = await startConsul(binary)
  await using registry = await startDevRegistry({ host: '127.0.0.1', port: 0, log: silentLog })
  let before = { ours: await look(registry.url), theirs: await look(consul.url) }
  for (const step of NEWS) {
    await t.test(`${step.method} ${step.path} ${step.body ?? ''}`, async () => {
      // On a busy machine the real agent may still be busy with the news before.
      before = { ...before, theirs: await lookAtRest(consul.url) }
      for (const base of [registry.url, consul.url]) {
        const reply = await fetch(base + step.path, { method: step.method ?? 'PUT', body: step.body ?? null })
        assert.equal(reply.status, 200)
      }
      const ours = await look(registry.url)
      const woken = risen(before.ours, ours)
      const deadline = Date.now() + SETTLING_MS
      // Nothing tells when the real agent has brought its news to the catalog; it takes a few milliseconds.
      await sleep(200)
      let theirs = await look(consul.url)
      const isSettled = (): boolean => woken.every(path => risen(before.theirs, theirs).includes(path))
      while (!isSettled() && Date.now() < deadline) {
        await sleep(50)
        theirs = await look(consul.url)
      }
      const tooOften = woken.filter(path => !risen(before.theirs, theirs).includes(path))
      const lost = WATCHED.filter(
        path => before.theirs.get(path)?.text !== theirs.get(path)?.text && !woken.includes(path),
      )
      before = { ours, theirs }
      assert.deepEqual({ tooOften, lost }, { tooOften: [], lost: [] })
    })
  }
})

const web = (fields: object): string => JSON.stringify({ ID: 'web-1', Name: 'web', Port: 80, ...fields })
const NEWS: readonly Step[] = [
  { method: 'PUT', path: '/v1/agent/service/register', body: web({ Tags: ['a'], Check: { TTL: '1h' } }) },
  { method: 'PUT', path: '/v1/agent/service/register', body: web({ Tags: ['a'], Check: { TTL: '1h' } }) },
  { method: 'PUT', path: '/v1/agent/service/register', body: web({ Tags: ['b'] }) },
  { method: 'PUT', path: '/v1/agent/check/pass/service:web-1' },
  { method: 'PUT', path: '/v1/agent/check/pass/service:web-1' },
  { method: 'PUT', path: '/v1/agent/check/pass/service:web-1?note=news' },
  { method: 'PUT', path: '/v1/agent/check/warn/service:web-1?note=news' },
  { method: 'PUT', path: '/v1/agent/service/register', body: '{"ID":"other-1","Name":"other"}' },
  { method: 'PUT', path: '/v1/agent/check/register', body: '{"Name":"disk","TTL":"1h"}' },
  { method: 'PUT', path: '/v1/agent/check/pass/disk' },
  { method: 'PUT', path: '/v1/agent/check/deregister/disk' },
  { method: 'PUT', path: '/v1/agent/service/maintenance/web-1?enable=true' },
  { method: 'PUT', path: '/v1/agent/service/maintenance/web-1?enable=false' },
  { method: 'PUT', path: '/v1/agent/maintenance?enable=true' },
  { method: 'PUT', path: '/v1/agent/maintenance?enable=false' },
  { method: 'PUT', path: '/v1/agent/check/register', body: '{"ID":"c","Name":"c","TTL":"1h","ServiceID":"web-1"}' },
  { method: 'PUT', path: '/v1/agent/check/deregister/c' },
  { method: 'PUT', path: '/v1/agent/service/deregister/other-1' },
  { method: 'PUT', path: '/v1/agent/service/deregister/web-1' },
  { method: 'PUT', path: '/v1/kv/a', body: '1' },
  { method: 'PUT', path: '/v1/kv/a', body: '1' },
  { method: 'PUT', path: '/v1/kv/a?flags=3', body: '1' },
  { method: 'PUT', path: '/v1/kv/a/b', body: '1' },
  { method: 'PUT', path: '/v1/kv/a/b?cas=1', body: '2' },
  { method: 'PUT', path: '/v1/kv/c', body: '1' },
  { method: 'DELETE', path: '/v1/kv/a' },
  { method: 'DELETE', path: '/v1/kv/a' },
  { method: 'DELETE', path: '/v1/kv/a?recurse' },
  { method: 'DELETE', path: '/v1/kv/zzz?recurse' },
]

const WATCHED = [
  '/v1/health/state/any',
  '/v1/health/checks/web',
  `/v1/health/node/${hostname()}`,
  '/v1/health/service/web',
  '/v1/health/service/other',
  '/v1/health/service/consul',
  '/v1/catalog/services',
  '/v1/catalog/service/web',
  '/v1/catalog/nodes',
  '/v1/kv/a',
  '/v1/kv/a?recurse',
  '/v1/kv/a/b',
  '/v1/kv/none',
  '/v1/kv/none?keys',
]

interface Sight {
  readonly index: number
  /** The answer without the indexes in it, which a real Consul moves for less than news. */
  readonly text: string
}

async function look(base: string): Promise<ReadonlyMap<string, Sight>> {
  const all = WATCHED.map(async path => {
    const reply = await fetch(base + path)
    const text = (await reply.text()).replaceAll(/"ModifyIndex": \d+/gu, '')
    return [path, { index: Number(reply.headers.get('x-consul-index')), text }] as const
  })
  return new Map(await Promise.all(all))
}

/** What is there when nothing has changed for a moment. */
async function lookAtRest(base: string): Promise<ReadonlyMap<string, Sight>> {
  for (let before = await look(base); ; ) {
    await sleep(150)
    const now = await look(base)
    if (risen(before, now).length === 0) return now
    before = now
  }
}

function risen(before: ReadonlyMap<string, Sight>, after: ReadonlyMap<string, Sight>): readonly string[] {
  return WATCHED.filter(path => (after.get(path)?.index ?? 0) > (before.get(path)?.index ?? 0))
}

function fill(step: Step, targetUrl: string): Step {
  const { body } = step
  const insert = (text: string): string => text.replaceAll('TARGET', targetUrl).replaceAll('NODE', hostname())
  return { ...step, path: insert(step.path), ...(typeof body === 'string' ? { body: insert(body) } : {}) }
}

async function call(base: string, step: Step, consul: RealConsul): Promise<Reply> {
  const init: RequestInit = { method: step.method ?? 'GET', redirect: 'manual' }
  if (step.body !== undefined) init.body = step.body
  const reply = await fetch(base + step.path, init)
  const index = reply.headers.get('x-consul-index')
  const text = withOurPorts(await reply.text(), consul)
  const headers = Object.fromEntries(COMPARED_HEADERS.map(name => [name, reply.headers.get(name)]))
  const isJson = reply.headers.get('content-type') === 'application/json'
  return {
    status: reply.status,
    headers: { ...headers, index: index === null ? null : String(Number(index) > 0), json: String(isJson) },
    body: isJson ? (step.pick ?? (value => value))(normalize(JSON.parse(text))) : (step.text ?? (value => value))(text),
  }
}

/** Our ports are those of a Consul in its default configuration, which the real one cannot have in a test. */
function withOurPorts(text: string, consul: RealConsul): string {
  return consul.ports.reduce((all, port, at) => all.replaceAll(String(port), String(8300 + at)), text)
}

/** What differs between any two Consuls: indexes, the node's ID, the hash of a service. */
function normalize(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map(element => normalize(element))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalize(inner, name)]))
  }
  if (key === 'CreateIndex' || key === 'ModifyIndex') return Number(value) > 0
  if (key === 'ContentHash') return 'hash'
  if (typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(value)) return 'uuid'
  return value
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}

/** What the checks of both look at. */
async function startCheckTarget(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const [, status = '200'] = /status=(\d+)/u.exec(request.url ?? '') ?? []
    if (request.url === '/moved') response.setHeader('location', '/?status=200')
    response.writeHead(request.url === '/moved' ? 302 : Number(status))
    response.end(`${request.method} ${request.headers['x-test'] ?? ''} ${request.headers['user-agent'] ?? ''}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
