import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotateUnderLoad } from '../harness/rotate-under-load.ts'

test('certificates that are replaced under load cost no handshake and no request', async () => {
  const { requests, failures, shown, replaced } = await rotateUnderLoad({ seconds: 4, clients: 8, ratePerSecond: 0 })
  assert.deepEqual(failures.slice(0, 3), [])
  assert.ok(requests > 50, `${requests} requests`)
  assert.ok(replaced >= 2 && shown.size >= 2, `${replaced} replaced, ${shown.size} shown`)
})
