import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const { buildUi, ensureUi }: Record<string, (outDir: string) => Promise<void>> = await import(
  new URL('../../tools/build-ui.mjs', import.meta.url).href
)

test('the pages stay small, and nothing in them loads from anywhere else', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'fabio-ui-'))
  await buildUi?.(directory.path)
  assert.deepEqual((await readdir(directory.path)).sort(), ['app.css', 'app.js', 'manifest.json', 'theme.js'])
  const [script, style] = await Promise.all(['app.js', 'app.css'].map(name => readFile(join(directory.path, name))))
  assert.ok(gzipSync(script ?? '').length <= 30_000)
  assert.ok(gzipSync(style ?? '').length <= 8000)
  assert.doesNotMatch(String(style), /url\(|@import/)
})

test('the pages are built again only when their sources are not those of the build', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'fabio-ui-'))
  const script = join(directory.path, 'app.js')
  await ensureUi?.(directory.path)
  const { mtimeMs } = await stat(script)
  await ensureUi?.(directory.path)
  assert.equal((await stat(script)).mtimeMs, mtimeMs)
  await writeFile(join(directory.path, 'manifest.json'), '{"sources":"others","files":[]}')
  await ensureUi?.(directory.path)
  assert.notEqual((await stat(script)).mtimeMs, mtimeMs)
})
