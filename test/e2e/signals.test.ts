// What a supervisor, a log rotation or an operator sends to the process.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPorts, spawnFabio } from '../harness/spawn-fabio.ts'
import { until } from '../harness/until.ts'

async function spawnListening() {
  const [proxyPort = 0, uiPort = 0] = await findPorts(2)
  const url = `http://127.0.0.1:${uiPort}/health`
  const fabio = await spawnFabio(
    ['-registry.backend=static', `-proxy.addr=127.0.0.1:${proxyPort}`, `-ui.addr=127.0.0.1:${uiPort}`],
    { ports: [uiPort, proxyPort] },
  )
  return { fabio, url }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process with 0`, async () => {
    const { fabio } = await spawnListening()
    await using _ = fabio
    fabio.child.kill(signal)
    assert.equal(await fabio.exited, 0)
    assert.match(fabio.log(), new RegExp(`\\[INFO\\] Caught ${signal}\\. Exiting\n[^]*\\[INFO\\] Down\n$`))
  })
}

test('SIGHUP, SIGUSR1 and SIGUSR2 end nothing, and open no debugger', async () => {
  const { fabio, url } = await spawnListening()
  await using _ = fabio
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) fabio.child.kill(signal)
  await until('SIGHUP is logged', () => fabio.log().includes('Caught SIGHUP. Ignoring'))
  assert.equal(await (await fetch(url)).text(), 'OK\n')
  assert.doesNotMatch(fabio.log(), /Debugger listening/)
})

test('SIGTERM while the registry is not there ends the process with 1', async () => {
  const [consulPort = 0, proxyPort = 0, uiPort = 0] = await findPorts(3)
  await using fabio = await spawnFabio([
    `-registry.consul.addr=127.0.0.1:${consulPort}`,
    `-proxy.addr=127.0.0.1:${proxyPort}`,
    `-ui.addr=127.0.0.1:${uiPort}`,
  ])
  await until('an attempt failed', () => fabio.log().includes('Error initializing backend'))
  fabio.child.kill('SIGTERM')
  assert.equal(await fabio.exited, 1)
})
