// Random routers and requests against the original: FABIO_REFERENCE names its binary.
//   FABIO_REFERENCE=/path/to/fabio DIFFERENTIAL_TABLES=200 node --test test/differential/differential.test.ts

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'
import { findDifference, type Observation } from './compare.ts'
import { type Abilities, Chance, type GeneratedRouter, generateRequest, generateRouter } from './generate.ts'
import { Asker, startEcho, type Upstream } from './side.ts'

const reference = process.env.FABIO_REFERENCE
const skip = reference === undefined && 'FABIO_REFERENCE names no binary of the original'
const tables = Number(process.env.DIFFERENTIAL_TABLES ?? 20)
const requestsPerTable = Number(process.env.DIFFERENTIAL_REQUESTS ?? 150)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)

const NEW: Abilities = {
  redirects: true,
  accessRules: true,
  prepend: true,
  hostNames: true,
  cleansPaths: true,
  globHosts: true,
  optionsPerTarget: true,
  foldsHosts: true,
  strips: true,
  sendsHost: true,
}

test(`${tables} random tables with ${requestsPerTable} requests each are answered as by the original (seed ${seed})`, {
  skip,
  timeout: 3_600_000,
}, async t => {
  const able = abilitiesOf(reference ?? '')
  await using a = await startEcho()
  await using b = await startEcho()
  await using c = await startEcho()
  const upstreams = [a, b, c]
  const targets = upstreams.map(({ port }) => `http://127.0.0.1:${port}/`)
  const differences: string[] = []
  let requests = 0
  let known = 0
  for (let table = 0; table < tables; table++) {
    const chance = new Chance(seed + table)
    const router = generateRouter(chance, targets, able)
    await using theirs = await startReference(reference ?? '', router)
    await using ours = await startFabio({ routes: router.routes, flags: router.flags, logLevel: 'FATAL' })
    using askTheirs = new Asker(theirs.port)
    using askOurs = new Asker(ours.port)
    for (let i = 0; i < requestsPerTable; i++) {
      const { bytes, method } = generateRequest(chance, able)
      const expected = await observe(askTheirs, bytes, method, upstreams)
      const got = await observe(askOurs, bytes, method, upstreams)
      const difference = findDifference(expected, got, bytes, able)
      if (difference === 'known') known++
      else if (difference !== undefined) {
        differences.push(`seed ${seed + table}, request ${i}\n${router.routes}\n${difference}`)
      }
      requests++
    }
  }
  t.diagnostic(
    `${tables} tables, ${requests} requests, ${differences.length} differences, ${known} that docs/differences.md names`,
  )
  assert.equal(differences.length, 0, differences.slice(0, 2).join('\n'))
})

async function observe(
  asker: Asker,
  bytes: string,
  method: string,
  upstreams: readonly Upstream[],
): Promise<Observation> {
  const outcome = await asker.ask(bytes, method)
  const seen = upstreams.flatMap((upstream, index) => upstream.take().map(request => ({ ...request, upstream: index })))
  return { outcome, seen }
}

/** Releases before 1.7 know less, and meant some things differently (docs/differences.md says which release is followed). */
function abilitiesOf(path: string): Abilities {
  if (path === '') return NEW
  const version = execFileSync(path, ['-v']).toString().trim()
  const isOld = /^1\.5\.[0-3]\b/.test(version)
  const isBeforeCleaning = /^1\.([0-6]\.|7\.[0-2]\b)/.test(version)
  if (!isOld) return { ...NEW, cleansPaths: !isBeforeCleaning }
  return {
    redirects: false,
    accessRules: false,
    prepend: false,
    hostNames: false,
    cleansPaths: false,
    globHosts: false,
    optionsPerTarget: false,
    foldsHosts: false,
    strips: false,
    sendsHost: false,
  }
}

async function startReference(path: string, router: GeneratedRouter): Promise<AsyncDisposable & { port: number }> {
  const [port = 0, ui = 0] = await findPorts(2)
  const flags = [
    '-registry.backend',
    'static',
    '-registry.static.routes',
    router.routes,
    '-proxy.addr',
    `127.0.0.1:${port}`,
    '-ui.addr',
    `127.0.0.1:${ui}`,
  ]
  const child = spawn(path, [...flags, ...router.flags], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  await until('the original listens', () => takesConnections(port))
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
