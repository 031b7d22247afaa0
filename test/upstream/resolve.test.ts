import assert from 'node:assert/strict'
import dns from 'node:dns'
import { mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCachedLookup } from '../../src/upstream/resolve.ts'

type Answer = { error: NodeJS.ErrnoException | null; addresses: unknown }

function ask(lookup: ReturnType<typeof createCachedLookup>, name: string, all = true): Promise<Answer> {
  return new Promise(resolve => lookup(name, { all }, (error, addresses) => resolve({ error, addresses })))
}

/** Counts how often the system is asked, and still asks it. */
function watchSystem(): { readonly count: number; [Symbol.dispose](): void } {
  const watched = mock.method(dns, 'lookup')
  return {
    get count() {
      return watched.mock.callCount()
    },
    [Symbol.dispose]: () => watched.mock.restore(),
  }
}

test('a name is asked for once for many connections at a time, and they all get the answer', async () => {
  using system = watchSystem()
  const lookup = createCachedLookup()
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(lookup, 'localhost')))
  assert.equal(system.count, 1)
  for (const { error, addresses } of answers) {
    assert.equal(error, null)
    assert.deepEqual(addresses, answers[0]?.addresses)
  }
  await ask(lookup, 'localhost')
  assert.equal(system.count, 1)
})

test('an answer is asked for again when it is a second old', async () => {
  using system = watchSystem()
  const lookup = createCachedLookup()
  await ask(lookup, 'localhost')
  await sleep(1100)
  await ask(lookup, 'localhost')
  assert.equal(system.count, 2)
})

test('who wants one address gets one', async () => {
  const lookup = createCachedLookup()
  const { addresses } = await ask(lookup, 'localhost', false)
  assert.ok(addresses === '127.0.0.1' || addresses === '::1')
  assert.equal((await ask(lookup, 'localhost', false)).addresses, addresses)
})

test('a failure is told to all who wait, and not remembered', async () => {
  using system = watchSystem()
  const lookup = createCachedLookup()
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(lookup, 'does-not-exist.invalid')))
  for (const { error } of answers) assert.match(error?.message ?? '', /does-not-exist\.invalid/)
  assert.equal(system.count, 1)
  await ask(lookup, 'does-not-exist.invalid')
  assert.equal(system.count, 2)
})

test('an answer never comes before the caller has gone on', async () => {
  const lookup = createCachedLookup()
  await ask(lookup, 'localhost')
  let isBack = false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  lookup('localhost', { all: true }, () => resolve(isBack))
  isBack = true
  assert.equal(await promise, true)
})
