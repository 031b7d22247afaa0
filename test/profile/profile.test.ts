import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { startProfile } from '../../src/profile/profile.ts'
import { findPorts, spawnFabio } from '../harness/spawn-fabio.ts'
import { RecordedLog } from '../registry/recorded-log.ts'

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'fabio-profile-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** A thread with the name of one of the data plane, which computes as long as it lives. */
async function startBusyWorker(name: string) {
  const source = `
    const { parentPort } = require('node:worker_threads')
    const kept = []
    function keepBusy() {
      let sum = 0
      for (let i = 0; i < 300000; i++) sum += Math.sqrt(i)
      kept.push([sum])
      if (kept.length % 100 === 0) parentPort.postMessage('a hundred rounds')
      setImmediate(keepBusy)
    }
    keepBusy()
    parentPort.postMessage('running')`
  const worker = new Worker(source, { eval: true, name })
  await once(worker, 'message')
  return {
    /** Resolves after so much work that a hundred samples a second have seen some of it. */
    async compute() {
      for (let rounds = 0; rounds < 300; rounds += 100) await once(worker, 'message')
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}

test('every thread is profiled, also one that came later, and has a file of its own', async () => {
  await using folder = await makeFolder()
  await using first = await startBusyWorker('fabio worker 0')
  const log = new RecordedLog()
  const profile = await startProfile({ profileMode: 'cpu', profilePath: join(folder.path, 'new') }, log)
  await using _second = await startBusyWorker('fabio worker 1')
  await using _same = await startBusyWorker('fabio worker 1')
  await first.compute()
  await profile[Symbol.asyncDispose]()
  assert.deepEqual((await readdir(join(folder.path, 'new'))).toSorted(), [
    'cpu-worker-0.cpuprofile',
    'cpu-worker-1-2.cpuprofile',
    'cpu-worker-1.cpuprofile',
    'cpu.cpuprofile',
  ])
  const { nodes } = JSON.parse(await readFile(join(folder.path, 'new', 'cpu-worker-0.cpuprofile'), 'utf8'))
  const names = nodes.map((node: { callFrame: { functionName: string } }) => node.callFrame.functionName)
  assert.ok(names.includes('keepBusy'), names.join(' '))
  assert.equal(log.count(/^INFO Profile mode "cpu"$/), 1)
  assert.equal(log.count(/^INFO Profile written to .*\/new\/cpu/), 4)
})

test('memory is profiled by who allocated it', async () => {
  await using folder = await makeFolder()
  await using _worker = await startBusyWorker('fabio worker 0')
  const profile = await startProfile({ profileMode: 'mem', profilePath: folder.path }, new RecordedLog())
  await profile[Symbol.asyncDispose]()
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['mem-worker-0.heapprofile', 'mem.heapprofile'])
  const { head } = JSON.parse(await readFile(join(folder.path, 'mem.heapprofile'), 'utf8'))
  assert.equal(head.callFrame.functionName, '(root)')
})

test('a place that cannot be written to is told of, and the end goes on', async () => {
  await using folder = await makeFolder()
  const path = join(folder.path, 'file')
  await writeFile(path, '')
  const log = new RecordedLog()
  const profile = await startProfile({ profileMode: 'cpu', profilePath: path }, log)
  await profile[Symbol.asyncDispose]()
  assert.equal(log.count(/^ERROR profile: EEXIST/), 1, log.lines.join('\n'))
})

for (const profileMode of ['', 'mutex', 'block', 'trace'] as const) {
  test(`the mode '${profileMode}' writes nothing`, async () => {
    await using folder = await makeFolder()
    const log = new RecordedLog()
    await (await startProfile({ profileMode, profilePath: folder.path }, log))[Symbol.asyncDispose]()
    assert.deepEqual(await readdir(folder.path), [])
    assert.deepEqual(log.lines, [])
  })
}

test('the whole router writes a profile of its threads when it is told to stop', async () => {
  await using folder = await makeFolder()
  const [port = 0, uiPort] = await findPorts(2)
  const flags = ['-registry.backend=static', `-proxy.addr=127.0.0.1:${port}`, `-ui.addr=127.0.0.1:${uiPort}`]
  const profile = ['-profile.mode=cpu', `-profile.path=${folder.path}`, '-runtime.gomaxprocs=1']
  await using fabio = await spawnFabio([...flags, ...profile], { ports: [port] })
  fabio.child.kill('SIGTERM')
  assert.equal(await fabio.exited, 0, fabio.log())
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['cpu-worker-0.cpuprofile', 'cpu.cpuprofile'])
})

test('a mode that Fabio does not know ends the start, one that only Go has is told of', async () => {
  await using unknown = await spawnFabio(['-profile.mode=x'])
  assert.equal(await unknown.exited, 1)
  assert.match(unknown.log(), /\[FATAL\] .*Invalid profile mode "x"/)
  const [port = 0, uiPort] = await findPorts(2)
  const flags = ['-registry.backend=static', `-proxy.addr=127.0.0.1:${port}`, `-ui.addr=127.0.0.1:${uiPort}`]
  await using mutex = await spawnFabio([...flags, '-profile.mode=mutex'], { ports: [port] })
  assert.match(mutex.log(), /\[WARN\] profile\.mode: mutex has no effect: it is about the runtime of Go/)
})
