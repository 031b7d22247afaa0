import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from './contract.ts'
import { RecordedLog } from './recorded-log.ts'
import { startRecording } from './recorded-routes.ts'
import { registryConfig } from './registry-config.ts'

async function makeDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'routes-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const configOf = (path: string, noRouteHtmlPath = '') =>
  registryConfig({ backend: 'file', timeoutMs: 0, file: { path, noRouteHtmlPath } })

test('a file that is not there ends the start', async () => {
  for (const [config, line] of [
    [configOf('/no/such/file'), /^ERROR Cannot read routes from {2}\/no\/such\/file$/],
    [configOf(import.meta.filename, '/no/such/page'), /^ERROR Cannot read no route HTML from {2}\/no\/such\/page$/],
  ] as const) {
    const log = new RecordedLog()
    await assert.rejects(connect(config, log), { message: 'Timeout registering backend.' })
    assert.equal(log.count(line), 1)
    assert.equal(log.count(/^WARN Error initializing backend\. open \/no\/such\/\w+: no such file or directory$/), 1)
  }
})

test('a page is not needed', async () => {
  await using directory = await makeDirectory()
  const path = join(directory.path, 'routes')
  await writeFile(path, '')
  await using registry = await connect(configOf(path))
  startRecording(registry)
  await registry.ready
  assert.equal(registry.noRouteHtml, '')
})

test('a file that is replaced by another one is read again, time after time', async () => {
  await using directory = await makeDirectory()
  const path = join(directory.path, 'routes')
  await writeFile(path, 'route del a')
  await using registry = await connect(configOf(path))
  const routes = startRecording(registry)
  for (const text of ['route del b', 'route del c', 'route del d']) {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
    await routes.until(({ texts }) => texts.get(path) === text)
  }
})

test('a file behind a symbolic link to its directory is read again when the link leads elsewhere', async () => {
  await using directory = await makeDirectory()
  const at = (...names: string[]) => join(directory.path, ...names)
  for (const version of ['v1', 'v2']) {
    await mkdir(at(version))
    await writeFile(at(version, 'routes'), `route del ${version}`)
  }
  await symlink('v1', at('current'))
  await using registry = await connect(configOf(at('current', 'routes')))
  const routes = startRecording(registry)
  await symlink('v2', at('next'))
  await rename(at('next'), at('current'))
  await routes.until(({ texts }) => texts.get(at('current', 'routes')) === 'route del v2')
})

test('a file that goes away keeps what it said, and is read again when it is back', async () => {
  await using directory = await makeDirectory()
  const path = join(directory.path, 'routes')
  await writeFile(path, 'route del a')
  const log = new RecordedLog()
  await using registry = await connect(configOf(path), log)
  const routes = startRecording(registry)
  await rm(path)
  await log.until(/^WARN Cannot read routes from .*keeping what it said before\. ENOENT/)
  assert.equal(registry.status().state, 'stale')
  assert.equal(routes.texts.get(path), 'route del a')
  await writeFile(path, 'route del b')
  await routes.until(({ texts }) => texts.get(path) === 'route del b')
  await log.until(/^INFO Can read routes from .* again$/)
  assert.equal(log.count(/^WARN/), 1)
  assert.equal(registry.status().state, 'connected')
})

test('a file that is emptied and then written shows no empty state', async () => {
  await using directory = await makeDirectory()
  const path = join(directory.path, 'routes')
  await writeFile(path, 'route del a')
  await using registry = await connect(configOf(path))
  const routes = startRecording(registry)
  const seen = new Set<string | undefined>()
  const watching = routes.until(({ texts }) => {
    seen.add(texts.get(path))
    return texts.get(path) === 'route del b'
  })
  await writeFile(path, '')
  await new Promise(resolve => setTimeout(resolve, 50))
  await writeFile(path, 'route del b')
  await watching
  assert.deepEqual([...seen], ['route del a', 'route del b'])
})

test('a file that is emptied is empty', async () => {
  await using directory = await makeDirectory()
  const path = join(directory.path, 'routes')
  await writeFile(path, 'route del a')
  await using registry = await connect(configOf(path))
  const routes = startRecording(registry)
  await writeFile(path, '')
  await routes.until(({ texts }) => texts.get(path) === '')
})
