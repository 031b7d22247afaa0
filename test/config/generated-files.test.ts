// fabio.properties.example and docs/configuration.md are made from the option tables. `UPDATE=1 node --test <this file>` writes them.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { formatExampleFile } from '../../src/config/example-file.ts'
import { OPTIONS } from '../../src/config/option-table.ts'
import { formatReferencePage } from '../../src/config/reference-page.ts'
import { loadFrom } from './load-from.ts'

for (const { path, text } of [
  { path: '../../fabio.properties.example', text: formatExampleFile() },
  { path: '../../docs/configuration.md', text: formatReferencePage() },
]) {
  test(`${path.replaceAll('../', '')} is up to date`, async () => {
    const file = new URL(path, import.meta.url)
    if (process.env.UPDATE === '1') await writeFile(file, text)
    assert.equal(await readFile(file, 'utf8'), text)
  })
}

const SETTING = /^# ([a-zA-Z][\w.]*) =(?: (.*))?$/gm

test('the example file has every option that a file can set, once, with its default', () => {
  const settings = [...formatExampleFile().matchAll(SETTING)].map(([, name, value = '']) => [name, value])
  const options = OPTIONS.filter(({ flagOnly }) => !flagOnly)
  assert.deepEqual(settings.sort(), options.map(({ name, defaultText }) => [name, defaultText]).sort())
})

test('the example file as it is changes nothing and warns of nothing', async () => {
  const { config, warnings } = await loadFrom({ file: formatExampleFile() })
  assert.deepEqual(config, (await loadFrom({})).config)
  assert.deepEqual(warnings, [])
})

test('the example file with every line switched on changes nothing', async () => {
  const dependsOnOthers = new Set(
    OPTIONS.filter(({ defaultNote, defaultText }) => defaultNote !== '' && defaultText !== '-1').map(
      ({ name }) => name,
    ),
  )
  const file = formatExampleFile().replaceAll(SETTING, (line, name: string) =>
    dependsOnOthers.has(name) ? line : line.slice(2),
  )
  const { config } = await loadFrom({ file })
  assert.deepEqual(config, (await loadFrom({})).config)
})

test('the page names every option', () => {
  const page = formatReferencePage()
  for (const { name } of OPTIONS) assert.ok(page.includes(`| \`${name}\` |`), name)
})
