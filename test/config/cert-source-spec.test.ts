import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFrom, refusalOf } from './load-from.ts'

const EMPTY = { keyPath: '', clientCaPath: '', caUpgradeCn: '', vaultFetchToken: '', headers: [] }

for (const { text, sources } of [
  { text: '', sources: [] },
  {
    text: 'cs=a;type=file;cert=c.pem;key=k.pem;clientca=ca.pem;refresh=9s',
    sources: [
      { ...EMPTY, name: 'a', type: 'file', certPath: 'c.pem', keyPath: 'k.pem', clientCaPath: 'ca.pem', refreshMs: 0 },
    ],
  },
  {
    text: 'cs=a;type=path;cert=dir',
    sources: [{ ...EMPTY, name: 'a', type: 'path', certPath: 'dir', refreshMs: 3000 }],
  },
  {
    text: 'cs=a;type=path;cert=dir;refresh=0',
    sources: [{ ...EMPTY, name: 'a', type: 'path', certPath: 'dir', refreshMs: 0 }],
  },
  {
    text: 'cs=a;type=consul;cert=http://h/v1/kv/x;refresh=1h',
    sources: [{ ...EMPTY, name: 'a', type: 'consul', certPath: 'http://h/v1/kv/x', refreshMs: 0 }],
  },
  {
    text: 'cs=a;type=http;cert=https://h/l;hdr=Authorization: Bearer x=y;refresh=1m',
    sources: [
      {
        ...EMPTY,
        name: 'a',
        type: 'http',
        certPath: 'https://h/l',
        refreshMs: 60_000,
        headers: [['Authorization', 'Bearer x=y']],
      },
    ],
  },
  {
    text: 'cs=a;type=vault;cert=secret/x;vaultfetchtoken=env:T;caupgcn=cn,cs=b;type=vault-pki;cert=pki/issue/r',
    sources: [
      {
        ...EMPTY,
        name: 'a',
        type: 'vault',
        certPath: 'secret/x',
        refreshMs: 3000,
        vaultFetchToken: 'env:T',
        caUpgradeCn: 'cn',
      },
      { ...EMPTY, name: 'b', type: 'vault-pki', certPath: 'pki/issue/r', refreshMs: 3000 },
    ],
  },
  {
    text: 'cs=a;type=file;cert=old,cs=a;type=file;cert=new',
    sources: [{ ...EMPTY, name: 'a', type: 'file', certPath: 'new', refreshMs: 0 }],
  },
]) {
  test(`proxy.cs = ${text}`, async () => {
    const { config } = await loadFrom({ argv: ['-proxy.cs', text] })
    assert.deepEqual([...config.proxy.certSources.values()], sources)
    assert.deepEqual(
      [...config.proxy.certSources.keys()],
      sources.map(({ name }) => name),
    )
  })
}

for (const { text, message } of [
  { text: 'type=file;cert=x', message: "missing 'cs' in map[cert:x type:file]" },
  { text: 'cs=a;path=x;type=path', message: "missing 'cert' in map[cs:a path:x type:path]" },
  { text: 'cs=a;cert=http://u:p@h/', message: "missing 'type' in map[cert:http://****@h/ cs:a]" },
  {
    text: 'cs=a;cert=x;type=s3',
    message: 'unknown cert source type s3; expected file, path, http, consul, vault, vault-pki',
  },
  {
    text: 'cs=a;cert=x;type=path;refresh=1',
    message: 'time: missing unit in duration "1"; refresh needs a duration such as 3s',
  },
  { text: 'cs=a;cert=x;type=http;hdr=Secret', message: 'invalid header in hdr; expected "Name: value"' },
]) {
  test(`proxy.cs = ${text} is refused: ${message}`, async () => {
    assert.equal((await refusalOf({ argv: ['-proxy.cs', text] })).message, `${message} (proxy.cs, command line)`)
  })
}

test('an unknown key of a source is told', async () => {
  const { warnings } = await loadFrom({ argv: ['-proxy.cs', 'cs=a;cert=x;type=file;refesh=1s'] })
  assert.ok(
    warnings.includes(
      'certificate source a: unknown key "refesh" is ignored; known keys are cs, type, cert, key, clientca, caupgcn, refresh, hdr, vaultfetchtoken (proxy.cs, command line)',
    ),
  )
})
