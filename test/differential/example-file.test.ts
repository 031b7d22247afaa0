// fabio.properties.example with the original, whose binary FABIO_REFERENCE names. Without one there is nothing to test.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPorts } from '../harness/spawn-fabio.ts'

const reference = process.env.FABIO_REFERENCE
const example = join(import.meta.dirname, '../../fabio.properties.example')

if (reference !== undefined) {
  test('the original takes the example file as it is, which changes nothing and warns of nothing', async () => {
    const [proxyPort = 0, uiPort = 0] = await findPorts(2)
    const flags = [
      '-registry.backend=static',
      `-proxy.addr=127.0.0.1:${proxyPort}`,
      `-ui.addr=127.0.0.1:${uiPort}`,
      '-insecure',
    ]
    const configOf = async (args: readonly string[]) => {
      await using fabio = await startOriginal(reference, [...args, ...flags])
      const answer = await fetch(`http://127.0.0.1:${uiPort}/api/config`)
      // The box about running as root is a WARN without a text on its line.
      const complaints = fabio.log().filter(line => /\[(WARN|ERROR|FATAL)\] \S/.test(line))
      return { config: await answer.json(), complaints }
    }
    const without = await configOf([])
    assert.deepEqual(without.complaints, [])
    assert.deepEqual(await configOf(['-cfg', example]), without)
  })
}

/** Resolves when it listens, which is the last thing it says when it starts. */
async function startOriginal(
  binary: string,
  args: readonly string[],
): Promise<AsyncDisposable & { log(): readonly string[] }> {
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', piece => {
      log += String(piece)
      if (log.includes('Using route matching')) resolve()
    })
    exited.then(() => reject(new Error(`ended:\n${log}`)), reject)
  })
  return {
    log: () => log.split('\n'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
