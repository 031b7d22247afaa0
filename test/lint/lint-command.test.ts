import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { lintFiles } from '../../src/lint/lint-command.ts'
import { startFabio } from '../harness/start-fabio.ts'

async function lint(...argv: readonly string[]): Promise<{ text: string; isGood: boolean }> {
  const loaded = await loadConfig({ argv, env: {} })
  assert.ok(loaded.kind === 'tool')
  return lintFiles(loaded.config, loaded.flags)
}

async function withFile(content: string, use: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'fabio-lint-'))
  try {
    const path = join(directory, 'tags')
    await writeFile(path, content)
    await use(path)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('-lint names file, line and column, as text or JSON', async () => {
  await withFile('edge-/a\nedge-/b weight=x\n', async path => {
    const expected = { line: 2, column: 16, severity: 'error', message: 'syntax error: weight value invalid' }
    const { text, isGood } = await lint('-lint', path, '-registry.consul.tagprefix', 'edge-')
    assert.equal(text, `${path}:2:16: error: ${expected.message}; expected weight=0.25\n`)
    assert.equal(isGood, false)
    const json = await lint('-lint', path, '-registry.consul.tagprefix', 'edge-', '-lint.format', 'json')
    assert.deepEqual(JSON.parse(json.text), [{ file: path, ...expected, hint: 'weight=0.25' }])
  })
  await withFile('urlprefix-/a\n', async path =>
    assert.deepEqual(await lint('-lint', path), { text: '', isGood: true }),
  )
})

test('-lint.against holds a file to the table of a running router', async () => {
  await using fabio = await startFabio({ routes: 'route add other /a http://10.0.0.1:80/ opts "strip=/a"' })
  await withFile('urlprefix-/a\n', async path => {
    const { text } = await lint('-lint', path, '-lint.against', fabio.uiUrl)
    assert.match(text, /tags:1:1: warning: the route \/a is served by other with strip=\/a already/)
  })
})

test('-lint says what it cannot do', async () => {
  await assert.rejects(lint('-lint', '/nowhere/x'), /\/nowhere\/x: ENOENT/)
  await assert.rejects(lint('-lint', '/dev/null', '-lint.format', 'xml'), /expected text or json/)
  await assert.rejects(
    lint('-lint', '/dev/null', '-lint.against', 'http://127.0.0.1:1'),
    /-lint\.against http:\/\/127\.0\.0\.1:1: bad port/,
  )
})
