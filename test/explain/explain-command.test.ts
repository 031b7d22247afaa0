import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { explainOnce } from '../../src/explain/explain-command.ts'
import { startFabio } from '../harness/start-fabio.ts'

async function explain(...argv: readonly string[]): Promise<string> {
  const loaded = await loadConfig({ argv, env: {} })
  assert.ok(loaded.kind === 'tool')
  return explainOnce(loaded.config, loaded.flags)
}

const STATIC = ['-registry.backend', 'static', '-registry.static.routes', 'route add web h.test/a http://10.0.0.1:80/']

test('-explain answers by the routes of the configuration', async () => {
  const text = await explain('-explain', 'h.test/a/b', '-explain.header', 'A: b', '-explain.method', 'POST', ...STATIC)
  assert.match(
    text,
    /^POST http:\/\/h\.test\/a\/b from 127\.0\.0\.1\nThe route h\.test\/a is taken, to http:\/\/10\.0\.0\.1:80\/\.\n/,
  )
  assert.match(text, /\n {4}> POST \/a\/b HTTP\/1\.1\n {4}> Host: h\.test\n {4}> A: b\n/)
})

test('-explain.at asks a running router, and both say the same', async () => {
  await using fabio = await startFabio({ routes: 'route add web h.test/a http://10.0.0.1:80/' })
  const asked = ['-explain', 'https://h.test/a?x']
  assert.equal(await explain(...asked, '-explain.at', `${fabio.uiUrl}/`), await explain(...asked, ...STATIC))
})

test('-explain says what is missing', async () => {
  await assert.rejects(explain('-explain', '/x'), /registry\.backend = consul are known to a running router only/)
  await assert.rejects(
    explain('-explain', '/x', '-explain.at', 'http://127.0.0.1:1'),
    /-explain\.at http:\/\/127\.0\.0\.1:1: bad port/,
  )
  const nowhere = ['-registry.backend', 'file', '-registry.file.path', '/nowhere/routes']
  await assert.rejects(explain('-explain', '/x', ...nowhere), /registry\.file\.path: ENOENT/)
})
