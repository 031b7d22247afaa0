import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../../src/dev/byte-order.ts'
import { KvStore } from '../../src/dev/kv-store.ts'
import { StateIndex } from '../../src/dev/state-index.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u{10000}', '\uffff'), minLength: 1, maxLength: 4 })
const value = fc.constantFrom('', '1', '2')
const flags = fc.bigInt(0n, 2n)
/** A `cas` is the index of the key, or one that cannot be it. */
const cas = fc.constantFrom('none', 'right', 'wrong')
const write = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, value, flags, cas }),
  fc.record({ kind: fc.constant('delete' as const), key, cas }),
  fc.record({ kind: fc.constant('deleteUnder' as const), key: fc.oneof(key, fc.constant('')) }),
)

test('the store is a map, and the index of every key and prefix never falls, and rises when what is seen there changes', () => {
  fc.assert(
    fc.property(
      fc.array(write, { maxLength: 60 }),
      fc.array(key, { minLength: 1, maxLength: 4 }),
      (writes, watched) => {
        const store = new KvStore(new StateIndex())
        const model = new Map<string, string>()
        const seen = new Map<string, { index: number; text: string }>()
        const watch = (name: string, index: number, text: string): void => {
          const before = seen.get(name)
          assert.ok(index >= 1)
          if (before !== undefined) {
            assert.ok(index >= before.index, `${name} fell from ${before.index} to ${index}`)
            assert.ok(text === before.text || index > before.index, `${name} changed without its index`)
          }
          seen.set(name, { index, text })
        }
        for (const step of writes) {
          apply(store, model, step)
          const keys = [...model.keys()].sort(compareBytes)
          assert.deepEqual(
            store.list('').map(entry => `${entry.key}=${entry.value.toString()}:${entry.flags}`),
            keys.map(name => `${name}=${model.get(name)}`),
          )
          for (const name of watched) {
            watch(`key ${name}`, store.indexOf(name), model.get(name) ?? 'missing')
            const under = keys.filter(other => other.startsWith(name)).map(other => `${other}=${model.get(other)}`)
            watch(`prefix ${name}`, store.indexUnder(name), under.join(' '))
          }
        }
      },
    ),
    fuzzRuns(500),
  )
})

test('a prefix remembers deletions for as long as it takes, however many there are', () => {
  const store = new KvStore(new StateIndex())
  const put = (name: string): boolean => store.put(name, Buffer.from('x'), { flags: 0n, cas: undefined })
  put('a/keeps')
  put('a/goes')
  store.delete('a/goes', undefined)
  const index = store.indexUnder('a/')
  for (let at = 0; at < 3000; at++) {
    put(`b/${at}`)
    store.delete(`b/${at}`, undefined)
    assert.ok(store.indexUnder('a/') >= index)
  }
})

type Write = typeof write extends fc.Arbitrary<infer Step> ? Step : never

function apply(store: KvStore, model: Map<string, string>, step: Write): void {
  if (step.kind === 'deleteUnder') {
    store.deleteUnder(step.key)
    for (const name of [...model.keys()]) if (name.startsWith(step.key)) model.delete(name)
    return
  }
  const right = BigInt(store.get(step.key)?.modifyIndex ?? 0)
  const given = step.cas === 'none' ? undefined : step.cas === 'right' ? right : right + 1n
  if (step.kind === 'put') {
    const isDone = store.put(step.key, Buffer.from(step.value), { flags: step.flags, cas: given })
    assert.equal(isDone, step.cas !== 'wrong')
    if (isDone) model.set(step.key, `${step.value}:${step.flags}`)
    return
  }
  const isDone = store.delete(step.key, given)
  assert.equal(isDone, step.cas !== 'wrong' || !model.has(step.key))
  if (isDone) model.delete(step.key)
}
