import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectConfig, loadConfig } from '../../src/config/load.ts'
import { MACHINE } from './load-from.ts'

test('an inspection goes on after every error, with defaults for what was refused', async () => {
  const argv = ['-proxy.strategy=x', '-ui.access=y', '-proxy.addr=:1,x,:2', '-ui.addr=:80,:81', '-proxy.matcher=glob']
  const { errors, config, origins, fileName } = await inspectConfig({ argv, env: {}, machine: MACHINE })
  assert.deepEqual(
    errors.map(({ message }) => message),
    [
      'invalid proxy.strategy: x; expected one of rnd, rr (proxy.strategy, command line)',
      'invalid ui.access: y; expected one of rw, ro (ui.access, command line)',
      'ui.addr must contain only one listener (ui.addr, command line)',
      'listen: Fail to resolve tcp addr. x; expected host:port, :port or [IPv6 address]:port (proxy.addr, command line)',
    ],
  )
  const { strategy, matcher, listeners } = config.proxy
  assert.deepEqual([strategy, matcher, listeners.map(({ port }) => port)], ['rnd', 'glob', [1, 2]])
  assert.deepEqual(origins.get('proxy.matcher'), { kind: 'flag', place: 'command line' })
  assert.equal(fileName, undefined)
})

test('an inspection that finds no error has what loading has', async () => {
  const options = {
    argv: ['-proxy.matcher', 'glob', 'word', '-log.level=loud'],
    env: { UI_TITLE: 'x' },
    machine: MACHINE,
  }
  const loaded = await loadConfig(options)
  assert.ok(loaded.kind === 'run')
  const { errors, warnings, config } = await inspectConfig(options)
  assert.deepEqual(errors, [])
  assert.deepEqual(config, loaded.config)
  assert.equal(warnings.length, loaded.warnings.length)
})

test('many bad escapes are each told, up to a number, and the lines between them are read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabio-config-'))
  try {
    const path = join(folder, 'x.properties')
    await writeFile(path, 'a = \\u1\nproxy.matcher = glob\nb = \\u2\n')
    const { errors, config } = await inspectConfig({ argv: ['-cfg', path], env: {}, machine: MACHINE })
    assert.deepEqual(
      errors.map(({ where: { place, line } }) => [place, line]),
      [
        [path, 1],
        [path, 3],
      ],
    )
    assert.equal(config.proxy.matcher, 'glob')
    await writeFile(path, 'a = \\u1\n'.repeat(1000))
    assert.equal((await inspectConfig({ argv: ['-cfg', path], env: {}, machine: MACHINE })).errors.length, 50)
  } finally {
    await rm(folder, { recursive: true })
  }
})
