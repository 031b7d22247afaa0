import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { AgentPresence } from '../../../src/registry/consul/agent-presence.ts'

function serfHealth(node: string): HealthCheck {
  return {
    node,
    checkId: 'serfHealth',
    status: 'passing',
    output: '',
    serviceId: '',
    serviceName: '',
    serviceTags: [],
    type: '',
    createIndex: 1,
  }
}

const incomplete = { name: 'ConsulError', kind: 'incomplete' }

test('a list with the serfHealth of our own node is believed', async () => {
  const presence = new AgentPresence({ nodeName: 'n1', askNodeName: () => Promise.reject(new Error('was asked')) })
  await presence.confirm([serfHealth('n2'), serfHealth('n1')], 0)
})

test('a list without it is not, for two minutes', async () => {
  const presence = new AgentPresence({ nodeName: 'n1', askNodeName: async () => 'n1' })
  await presence.confirm([serfHealth('n1')], 0)
  await assert.rejects(presence.confirm([], 1000), incomplete)
  await assert.rejects(presence.confirm([serfHealth('n2')], 120_999), incomplete)
  await presence.confirm([serfHealth('n2')], 121_000)
})

test('at the start it is waited for shortly, because a token may not be allowed to see it', async () => {
  const presence = new AgentPresence({ nodeName: 'n1', askNodeName: async () => 'n1' })
  await assert.rejects(presence.confirm([], 0), incomplete)
  await presence.confirm([], 5000)
  await presence.confirm([], 5001)
})

test('an agent that came back under another name is asked for it', async () => {
  const presence = new AgentPresence({ nodeName: 'n1', askNodeName: async () => 'n2' })
  await presence.confirm([serfHealth('n1')], 0)
  await presence.confirm([serfHealth('n2')], 1000)
})
