import assert from 'node:assert/strict'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { makeSelfSigned } from '../harness/self-signed.ts'
import { type CheckFolder, createCheckFolder } from './checked.ts'

const skip = realPart('openssl') === undefined && missingPart('openssl')

/** Sources by name, each with a listener that uses it. */
function sources(...specs: readonly string[]): string {
  const names = specs.map(spec => /^cs=(\w+)/.exec(spec)?.[1])
  const listeners = names.map((name, i) => `127.0.0.1:${10_001 + i};cs=${name}`)
  return `proxy.cs = ${specs.join(',')}\nproxy.addr = ${listeners.join(',')}`
}

async function findingsOf(folder: CheckFolder, env: Record<string, string> = {}): Promise<readonly string[]> {
  const { lines } = await folder.check({ env })
  return lines
    .slice(0, -1)
    .filter(line => !line.includes(' has no effect: '))
    .map(line => line.replace('fabio.properties:1: ', ''))
}

describe('certificates in files', { skip }, () => {
  test('a pair that belongs together is fine, in one file or two, and as an authority', async () => {
    await using pair = await makeSelfSigned()
    await using folder = await createCheckFolder(
      sources(
        'cs=a;type=file;cert=FOLDER/c.pem;key=FOLDER/k.pem;clientca=FOLDER/c.pem',
        'cs=b;type=file;cert=FOLDER/both.pem',
      ),
    )
    await folder.write('c.pem', pair.cert)
    await folder.write('k.pem', pair.key)
    await folder.write('both.pem', pair.cert + pair.key)
    assert.deepEqual(await findingsOf(folder), [])
  })

  test('what is missing, broken, or does not belong together is an error', async () => {
    await using pair = await makeSelfSigned()
    await using other = await makeSelfSigned()
    await using folder = await createCheckFolder(
      sources(
        'cs=gone;type=file;cert=FOLDER/gone.pem',
        'cs=other;type=file;cert=FOLDER/c.pem;key=FOLDER/other.pem',
        'cs=nokey;type=file;cert=FOLDER/c.pem',
        'cs=nocert;type=file;cert=FOLDER/other.pem',
        'cs=broken;type=file;cert=FOLDER/broken.pem;key=FOLDER/brokenkey.pem',
      ),
    )
    await folder.write('c.pem', pair.cert)
    await folder.write('other.pem', other.key)
    await folder.write('broken.pem', pair.cert.replace(/^M.{20}/m, 'M'.repeat(21)))
    await folder.write('brokenkey.pem', pair.key.replace(/^M.{20}/m, 'M'.repeat(21)))
    assert.deepEqual(
      (await findingsOf(folder)).map(line => line.replace(/(cannot be read): .*/, '$1')),
      [
        'error: proxy.cs gone: open gone.pem: no such file or directory',
        'error: proxy.cs other: other.pem is not the key of the certificate in c.pem',
        'error: proxy.cs nokey: there is no private key (PEM, not encrypted) in c.pem',
        'error: proxy.cs nocert: there is no certificate (PEM) in other.pem',
        'error: proxy.cs broken: certificate 1 in broken.pem cannot be read',
        'error: proxy.cs broken: the private key in brokenkey.pem cannot be read',
      ],
    )
  })

  test('a directory is looked through as its source does it', async () => {
    await using pair = await makeSelfSigned()
    await using folder = await createCheckFolder(
      sources('cs=a;type=path;cert=FOLDER/certs;clientca=FOLDER/none', 'cs=b;type=path;cert=FOLDER/empty'),
    )
    const certs = join(folder.path, 'certs')
    await mkdir(join(certs, 'deeper'), { recursive: true })
    await mkdir(join(folder.path, 'empty'))
    await copyFile(pair.certFile, join(certs, 'x-cert.pem'))
    await copyFile(pair.keyFile, join(certs, 'deeper', 'x-key.pem'))
    await folder.write('certs/both.pem', pair.cert + pair.key)
    await folder.write('certs/.hidden.pem', 'x')
    await folder.write('certs/note.txt', 'x')
    await folder.write('certs/y-cert.pem', pair.cert)
    await folder.write('certs/y-key.pem', pair.key)
    await folder.write('certs/large.pem', 'x'.repeat(2 << 20))
    assert.deepEqual((await findingsOf(folder)).toSorted(), [
      'warning: proxy.cs a: certs/deeper/x-key.pem has no x-cert.pem beside it: left out',
      'warning: proxy.cs a: certs/large.pem is larger than 1048576 bytes and left out',
      'warning: proxy.cs a: certs/x-cert.pem has no x-key.pem beside it: left out',
      'warning: proxy.cs a: open none: no such file or directory',
      'warning: proxy.cs b: there are no certificates in empty',
    ])
    assert.equal((await folder.check()).isGood, true)
  })

  test('what is wrong with a source that no listener uses does not end the start', async () => {
    await using folder = await createCheckFolder('proxy.cs = cs=a;type=file;cert=FOLDER/gone.pem')
    assert.deepEqual(await findingsOf(folder), ['warning: proxy.cs a: open gone.pem: no such file or directory'])
    assert.equal((await folder.check()).isGood, true)
  })
})

for (const { file, says } of [
  { file: 'ended.pem', says: 'ended on 2020-02-01T00:00:00.000Z' },
  { file: 'early.pem', says: 'begins on 2099-01-01T00:00:00.000Z' },
]) {
  test(`a certificate that ${says} is a warning`, async () => {
    const path = join(import.meta.dirname, 'fixtures', file)
    await using folder = await createCheckFolder(sources(`cs=a;type=file;cert=${path}`))
    assert.deepEqual(await findingsOf(folder), [
      `warning: proxy.cs a: the certificate of CN=ended.test in ${path} ${says}`,
    ])
  })
}

test('of sources on other machines only the address is looked at', async () => {
  await using folder = await createCheckFolder(
    sources(
      'cs=a;type=http;cert=http://h/list',
      'cs=b;type=http;cert=/list',
      'cs=c;type=consul;cert=http://h/v1/kv/certs',
      'cs=d;type=consul;cert=http://h/certs;clientca=ftp://h/',
      'cs=e;type=vault;cert=secret/certs',
      'cs=f;type=vault-pki;cert=pki/issue/x;vaultfetchtoken=file:FOLDER/token',
      'cs=g;type=vault;cert=x;vaultfetchtoken=env:TOKEN',
      'cs=h;type=vault;cert=x;vaultfetchtoken=token',
    ),
  )
  assert.deepEqual((await findingsOf(folder, { VAULT_ADDR: 'https://v:8200' })).toSorted(), [
    'error: proxy.cs b: invalid url; expected http://… or https://…',
    'error: proxy.cs d: invalid url; expected http://… or https://…',
    'error: proxy.cs d: missing prefix: /v1/kv/',
    'warning: proxy.cs e: VAULT_TOKEN is not set here',
    'warning: proxy.cs f: open token: no such file or directory',
    'warning: proxy.cs g: the environment variable TOKEN with the token is not set here',
    'warning: proxy.cs h: vaultfetchtoken has to begin with file: or env:',
  ])
  await folder.write('token', '\n')
  assert.ok(
    (await findingsOf(folder)).includes(
      'warning: proxy.cs e: VAULT_ADDR is not set here: https://127.0.0.1:8200 will be asked',
    ),
  )
  assert.ok((await findingsOf(folder)).includes('warning: proxy.cs f: there is no token in token'))
})
