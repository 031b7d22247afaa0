import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Readiness } from '../src/readiness.ts'
import type { RegistryStatus, SourceStatus } from '../src/registry/registry.ts'

const NOW = Date.now()
const source: SourceStatus = {
  name: 'health',
  isConnected: true,
  since: NOW,
  lastContact: NOW - 5000,
  index: '1',
  error: undefined,
}
const connected: RegistryStatus = { backend: 'consul', state: 'connected', since: NOW, sources: [source], requests: 1 }
const lost: RegistryStatus = {
  ...connected,
  state: 'stale',
  reason: 'refused',
  sources: [{ ...source, error: 'refused', lastContact: NOW - 60_000 }, source],
}
const restored: RegistryStatus = {
  ...lost,
  sources: [{ ...source, lastContact: undefined }],
  snapshot: { writtenAt: NOW - 3_600_000 },
}
const time = (ago: number): string => new Date(NOW - ago).toISOString()

for (const { title, status = connected, steps = ['table', 'listening'], limitMs = 0, isReady, text } of [
  { title: 'all is well', isReady: true, text: 'OK' },
  { title: 'there is no table', steps: ['listening'], isReady: false, text: 'no routing table yet' },
  { title: 'there is a table and nothing listens', steps: ['table'], isReady: false, text: 'starting' },
  { title: 'it is draining', steps: ['table', 'listening', 'drain'], isReady: false, text: 'draining' },
  {
    title: 'the registry never answered',
    status: { ...lost, sources: [] },
    isReady: false,
    text: 'no routing table yet: refused',
  },
  {
    title: 'the registry is lost',
    status: lost,
    isReady: true,
    text: `OK\nstale: routes are as of ${time(60_000)}: refused`,
  },
  {
    title: 'it is lost for less than the limit',
    status: lost,
    limitMs: 61_000,
    isReady: true,
    text: `OK\nstale: routes are as of ${time(60_000)}: refused`,
  },
  {
    title: 'it is lost for longer',
    status: lost,
    limitMs: 59_000,
    isReady: false,
    text: `too stale: routes are as of ${time(60_000)}: refused`,
  },
  {
    title: 'a snapshot is served',
    status: restored,
    isReady: true,
    text: `OK\nstale: routes are as of ${time(3_600_000)}: refused`,
  },
  {
    title: 'a snapshot is served that is too old',
    status: restored,
    limitMs: 60_000,
    isReady: false,
    text: `too stale: routes are as of ${time(3_600_000)}: refused`,
  },
  {
    title: 'routes are held back',
    status: { ...connected, held: { since: NOW, until: NOW + 30_000, instances: 10, routes: 12 } },
    isReady: true,
    text: 'OK\nheld: the withdrawal of 12 routes waits to be confirmed',
  },
]) {
  test(`/ready when ${title}: ${isReady ? 200 : 503}`, () => {
    const readiness = new Readiness({ registryStatus: () => status, staleLimitMs: limitMs })
    if (steps.includes('table')) readiness.tableComplete()
    if (steps.includes('listening')) readiness.listening()
    if (steps.includes('drain')) readiness[Symbol.dispose]()
    assert.deepEqual(readiness.check(NOW), { isReady, text })
  })
}
