import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalizeKvPath, selectKeyTexts } from '../../../src/registry/consul/key-texts.ts'

for (const [kvPath, expected] of [
  ['/fabio/config', 'fabio/config'],
  ['fabio/config', 'fabio/config'],
  ['fabio/config/', 'fabio/config'],
  ['//fabio', '/fabio'],
  ['/', ''],
  ['', ''],
] as const) {
  test(`kvpath '${kvPath}' is '${expected}'`, () => assert.equal(normalizeKvPath(kvPath), expected))
}

test('keys at and below the path count, keys that only begin alike do not', () => {
  const pairs = ['fabio/config', 'fabio/config-old', 'fabio/config/a', 'fabio/configuration/x'].map(key => ({
    key,
    value: ` ${key}\n`,
    modifyIndex: 1,
  }))
  const { texts, strangers } = selectKeyTexts(pairs, 'fabio/config')
  assert.deepEqual(
    [...texts],
    [
      ['fabio/config', 'fabio/config'],
      ['fabio/config/a', 'fabio/config/a'],
    ],
  )
  assert.deepEqual(strangers, ['fabio/config-old', 'fabio/configuration/x'])
})

test('below the empty path is everything', () => {
  assert.equal(selectKeyTexts([{ key: 'a/b', value: '', modifyIndex: 1 }], '').texts.size, 1)
})
