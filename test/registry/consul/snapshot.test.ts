import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSnapshot, type Snapshot, writeSnapshot } from '../../../src/registry/consul/snapshot.ts'

async function makeDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'snapshot-'))
  return { path, file: join(path, 'routes'), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const snapshot: Snapshot = {
  writtenAt: 1_700_000_000_000,
  origin: 'localhost:8500   /fabio/config',
  agent: { datacenter: 'dc1', nodeName: 'n1' },
  instances: Array.from({ length: 2500 }, (_, i) => ({
    node: 'n1',
    nodeAddress: '10.0.0.1',
    serviceId: `web-${i}`,
    serviceName: 'web',
    serviceAddress: '',
    servicePort: 80 + i,
    serviceTags: ['urlprefix-/\n"x"', 'é'],
    modifyIndex: i,
  })),
  texts: new Map([['fabio/config', 'route del a\nroute del b']]),
  noRouteHtml: '<b>none</b>',
}

test('what was written is read', async () => {
  await using directory = await makeDirectory()
  assert.equal(await readSnapshot(directory.file), undefined)
  await writeSnapshot(directory.file, snapshot)
  assert.deepEqual(await readSnapshot(directory.file), snapshot)
  await writeSnapshot(directory.file, { ...snapshot, instances: [] })
  assert.deepEqual((await readSnapshot(directory.file))?.instances, [])
  assert.deepEqual(await readdir(directory.path), ['routes'])
  assert.equal((await stat(directory.file)).mode & 0o777, 0o600)
})

for (const { title, change, problem } of [
  { title: 'empty', change: () => '', problem: /no file of routes/ },
  { title: 'something else', change: () => 'route add a / http://a/\n', problem: /line 1 is no JSON object/ },
  {
    title: 'of a later version',
    change: (text: string) => text.replace('"version":1', '"version":2'),
    problem: /version 2/,
  },
  { title: 'cut within a line', change: (text: string) => text.slice(0, -40), problem: /not whole/ },
  {
    title: 'cut between lines',
    change: (text: string) => `${text.split('\n').slice(0, 50).join('\n')}\n`,
    problem: /not whole/,
  },
  {
    title: 'without an instance',
    change: (text: string) => text.split('\n').toSpliced(5, 1).join('\n'),
    problem: /not whole/,
  },
  {
    title: 'with garbage in it',
    change: (text: string) => text.replace('"ServicePort":90', '"ServicePort":"x"'),
    problem: /ServicePort/,
  },
  { title: 'without an agent', change: (text: string) => text.replace('"dc1"', 'null'), problem: /no agent/ },
]) {
  test(`a file that is ${title} is refused`, async () => {
    await using directory = await makeDirectory()
    await writeSnapshot(directory.file, snapshot)
    await writeFile(directory.file, change(await readFile(directory.file, 'utf8')))
    await assert.rejects(readSnapshot(directory.file), problem)
  })
}

test('a snapshot that cannot be written leaves the old one, and nothing beside it', async () => {
  await using directory = await makeDirectory()
  await writeSnapshot(directory.file, snapshot)
  // What cannot be written as JSON fails in the middle, like a full disk.
  const broken = {
    ...snapshot,
    instances: [
      ...snapshot.instances,
      {
        ...snapshot.instances[0]!,
        get node(): string {
          throw new Error('full')
        },
      },
    ],
  }
  await assert.rejects(writeSnapshot(directory.file, broken), /full/)
  assert.deepEqual(await readSnapshot(directory.file), snapshot)
  assert.deepEqual(await readdir(directory.path), ['routes'])
})
