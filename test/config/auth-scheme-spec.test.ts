import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFrom, refusalOf } from './load-from.ts'

for (const { text, schemes } of [
  { text: '', schemes: [] },
  { text: 'name=a;type=basic;file=f', schemes: [{ name: 'a', type: 'basic', file: 'f', realm: 'a', refreshMs: 0 }] },
  {
    text: 'name=a;type=basic;file=f;realm=r;refresh=30s',
    schemes: [{ name: 'a', type: 'basic', file: 'f', realm: 'r', refreshMs: 30_000 }],
  },
  {
    text: 'name=a;type=basic;file=f;refresh=0s',
    schemes: [{ name: 'a', type: 'basic', file: 'f', realm: 'a', refreshMs: 1000 }],
  },
  {
    text: 'name=a;type=basic;file=f;refresh=-5s',
    schemes: [{ name: 'a', type: 'basic', file: 'f', realm: 'a', refreshMs: 1000 }],
  },
]) {
  test(`proxy.auth = ${text}`, async () => {
    const { config } = await loadFrom({ argv: ['-proxy.auth', text] })
    assert.deepEqual([...config.proxy.authSchemes.values()], schemes)
  })
}

for (const { text, message } of [
  { text: 'type=basic;file=f', message: "missing 'name' in auth" },
  { text: 'name=a;file=f', message: "missing 'type' in auth 'a'" },
  { text: 'name=a;type=digest;file=f', message: "unknown auth type 'digest'; expected basic" },
  { text: 'name=a;type=basic', message: "missing 'file' in auth 'a'" },
  {
    text: 'name=a;type=basic;file=f;refresh=5',
    message: 'time: missing unit in duration "5"; refresh needs a duration such as 30s',
  },
]) {
  test(`proxy.auth = ${text} is refused: ${message}`, async () => {
    assert.equal((await refusalOf({ argv: ['-proxy.auth', text] })).message, `${message} (proxy.auth, command line)`)
  })
}
