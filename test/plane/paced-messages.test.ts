import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ToWorker } from '../../src/plane/messages.ts'
import { PacedMessages } from '../../src/plane/paced-messages.ts'

const part = (): ToWorker => ({ kind: 'stage', changes: [] })
const commit = (version: number): ToWorker => ({ kind: 'commit', version })

function startPacing(isPaced: boolean) {
  const posted: string[] = []
  const paced = new PacedMessages(({ kind }) => void posted.push(kind))
  paced.isPaced = isPaced
  return { paced, posted }
}

test('parts of a change wait until earlier ones were taken in, and its commit waits for all of them', () => {
  const { paced, posted } = startPacing(true)
  for (let i = 0; i < 4; i++) paced.add(part())
  paced.add(commit(1))
  assert.deepEqual(posted, ['stage', 'stage'])
  paced.taken()
  assert.deepEqual(posted, ['stage', 'stage', 'stage'])
  paced.taken()
  assert.deepEqual(posted, ['stage', 'stage', 'stage', 'stage', 'commit'])
})

test('a change that follows waits behind it, and a small one goes out at once', () => {
  const { paced, posted } = startPacing(true)
  for (let i = 0; i < 3; i++) paced.add(part())
  paced.add(commit(1))
  paced.add(part())
  paced.add(commit(2))
  assert.equal(posted.length, 2)
  for (let i = 0; i < 4; i++) paced.taken()
  assert.deepEqual(posted, ['stage', 'stage', 'stage', 'commit', 'stage', 'commit'])
  paced.add(part())
  paced.add(commit(3))
  assert.equal(posted.length, 8)
})

test('a worker without connections gets everything at once', () => {
  const { paced, posted } = startPacing(false)
  for (let i = 0; i < 9; i++) paced.add(part())
  paced.add(commit(1))
  assert.equal(posted.length, 10)
})
