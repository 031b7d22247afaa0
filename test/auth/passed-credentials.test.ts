import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PassedCredentials } from '../../src/auth/passed-credentials.ts'

test('credentials are remembered for a turn after their last use, and not for two', () => {
  const passed = new PassedCredentials(10)
  passed.add('used', 'a')
  passed.add('idle', 'b')
  for (let turn = 0; turn < 5; turn++) {
    passed.turn()
    assert.ok(passed.has('used'))
  }
  assert.ok(!passed.has('idle'))
  passed.turn()
  passed.turn()
  assert.ok(!passed.has('used'))
})

test('a change of users costs only theirs, whatever their age', () => {
  const passed = new PassedCredentials(10)
  passed.add('a1', 'a')
  passed.add('b1', 'b')
  passed.turn()
  passed.add('a2', 'a')
  passed.add('b2', 'b')
  passed.forget([])
  passed.forget(['a', 'nobody'])
  assert.deepEqual(
    ['a1', 'a2', 'b1', 'b2'].map(digest => passed.has(digest)),
    [false, false, true, true],
  )
  passed.clear()
  assert.ok(!passed.has('b1'))
  assert.ok(!passed.has('b2'))
})

test('there are never more than twice the capacity, and those in use stay', () => {
  const passed = new PassedCredentials(100)
  passed.add('used', 'a')
  for (let n = 0; n < 1000; n++) {
    passed.add(String(n), 'a')
    assert.ok(passed.has('used'))
  }
  const left = Array.from({ length: 1000 }, (_, n) => passed.has(String(n))).filter(isThere => isThere)
  assert.ok(left.length < 200)
  assert.ok(passed.has('999'))
})
