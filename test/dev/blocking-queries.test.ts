import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DevRegistry, startDevRegistry } from '../../src/dev/dev-registry.ts'
import { StateIndex } from '../../src/dev/state-index.ts'
import { at, put, read, watchUntil } from './call-registry.ts'
import { silentLog } from './silent-log.ts'

const start = (): Promise<DevRegistry> => startDevRegistry({ host: '127.0.0.1', port: 0, log: silentLog })

test('a blocking query answers when there is news, with a higher index', async () => {
  await using registry = await start()
  const url = `${registry.url}/v1/kv/a`
  const before = await read(url)
  const waiting = read(url, { index: before.index })
  await put(url, '1')
  const after = await waiting
  assert.ok(after.index > before.index)
  assert.equal(at(after.value, 0, 'Value'), 'MQ==')
})

test('a blocking query without news answers when its time is over, with the same index', async () => {
  await using registry = await start()
  const url = `${registry.url}/v1/health/state/any`
  const before = await read(url)
  assert.deepEqual(await read(url, { index: before.index, wait: '10ms' }), before)
  assert.deepEqual(await read(url, { index: before.index + 1000, wait: '10ms' }), before)
})

test('an index of the past, and index 0, are answered at once', async () => {
  await using registry = await start()
  const url = `${registry.url}/v1/health/state/any`
  const now = await read(url)
  for (const index of [0, 1, now.index - 1]) assert.deepEqual(await read(url, { index, wait: '10m' }), now)
})

test('a watcher of one prefix sleeps through news of another', async () => {
  await using registry = await start()
  await put(`${registry.url}/v1/kv/a/1`, 'x')
  const url = `${registry.url}/v1/kv/a?recurse`
  const { index } = await read(url)
  const waiting = read(url, { index })
  await put(`${registry.url}/v1/kv/b/1`, 'x')
  await put(`${registry.url}/v1/kv/a/2`, 'x')
  const { value } = await waiting
  assert.equal(at(value, 1, 'Key'), 'a/2')
})

test('a watcher of the local agent waits for another hash', async () => {
  await using registry = await start()
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'web', Port: 1 })
  const url = `${registry.url}/v1/agent/service/web`
  const hash = (await fetch(url)).headers.get('x-consul-contenthash')
  const waiting = fetch(`${url}?hash=${hash}`)
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'web', Port: 2 })
  const reply = await waiting
  assert.equal(at(await reply.json(), 'Port'), 2)
  assert.notEqual(reply.headers.get('x-consul-contenthash'), hash)
})

test('no watcher misses the last of many changes that come at once', async () => {
  await using registry = await start()
  const last = 200
  const watchers = Array.from({ length: 20 }, () =>
    watchUntil(`${registry.url}/v1/kv/count`, value => at(value, 0, 'Flags') === last),
  )
  for (let flags = 1; flags <= last; flags++) await put(`${registry.url}/v1/kv/count?flags=${flags}`, 'x')
  const seen = await Promise.all(watchers)
  assert.equal(new Set(seen.map(({ index }) => index)).size, 1)
})

test('those who went away no longer wait', async () => {
  const state = new StateIndex()
  const gone = new AbortController()
  let looks = 0
  const waiting = state.waitUntil(
    () => {
      looks++
      return false
    },
    { timeoutMs: 60_000, signal: gone.signal },
  )
  gone.abort()
  await waiting
  const before = looks
  state.commit(() => undefined)
  await Promise.resolve()
  assert.equal(looks, before)
})

test('more watchers than can be served are told so', async () => {
  const state = new StateIndex()
  const gone = new AbortController()
  const wait = (): Promise<void> => state.waitUntil(() => false, { timeoutMs: 60_000, signal: gone.signal })
  const waiting = Array.from({ length: 4096 }, wait)
  assert.throws(wait, /too many concurrent connections/)
  gone.abort()
  await Promise.all(waiting)
})
