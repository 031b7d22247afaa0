import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentPresence } from '../../../src/registry/consul/agent-presence.ts'

const listOf = (...nodes: string[]) => ({
  hasNode: (name: string) => nodes.includes(name),
  isEmpty: nodes.length === 0,
})

/** The agent says its name, and whether our token may read its node. */
const presenceOf = (name: string, mayRead?: boolean) =>
  new AgentPresence({ nodeName: 'n1', askNodeName: async () => name, mayReadNode: async () => mayRead })

const incomplete = { name: 'ConsulError', kind: 'incomplete' }

test('a list with the serfHealth of our own node is believed', async () => {
  const presence = new AgentPresence({
    nodeName: 'n1',
    askNodeName: () => Promise.reject(new Error('was asked')),
    mayReadNode: () => Promise.reject(new Error('was asked')),
  })
  await presence.confirm(listOf('n2', 'n1'), 0)
})

test('a list without it is not, for two minutes', async () => {
  const presence = presenceOf('n1')
  await presence.confirm(listOf('n1'), 0)
  await assert.rejects(presence.confirm(listOf(), 1000), incomplete)
  await assert.rejects(presence.confirm(listOf('n2'), 120_999), incomplete)
  await presence.confirm(listOf('n2'), 121_000)
})

test('at the start it is waited for shortly, because a token may not be allowed to see it', async () => {
  const presence = presenceOf('n1')
  await assert.rejects(presence.confirm(listOf('n2'), 0), incomplete)
  await presence.confirm(listOf('n2'), 5000)
  await presence.confirm(listOf('n2'), 5001)
})

test('an agent that came back under another name is asked for it', async () => {
  const presence = presenceOf('n2')
  await presence.confirm(listOf('n1'), 0)
  await presence.confirm(listOf('n2'), 1000)
})

test('an empty list is never believed, however long it is all that comes', async () => {
  const presence = presenceOf('n1')
  for (const now of [0, 5000, 1_000_000]) await assert.rejects(presence.confirm(listOf(), now), incomplete)
})

test('where the token may read the node, a list without it is never believed; where it may not, in the end', async () => {
  for (const [mayRead, isBelieved] of [
    [true, false],
    [false, true],
    [undefined, true],
  ] as const) {
    const presence = presenceOf('n1', mayRead)
    await assert.rejects(presence.confirm(listOf('n2'), 0), incomplete)
    const later = presence.confirm(listOf('n2'), 1_000_000)
    await (isBelieved ? later : assert.rejects(later, incomplete))
  }
})
