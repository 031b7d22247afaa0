import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'
import { startVaultDouble } from '../harness/vault-double.ts'
import { follow } from './follow-source.ts'

describe('type=vault', () => {
  for (const engine of ['kv1', 'kv2']) {
    test(`takes the secrets of ${engine}, and a token that is replaced`, async () => {
      await using authority = await TestAuthority.create()
      await using vault = await startVaultDouble(authority)
      const [a, b] = await Promise.all([authority.issue('a.test'), authority.issue('b.test')])
      vault.tokens.set('first', 2)
      vault.secrets.set(`${engine}/fabio/a`, { cert: a.cert, key: a.key })
      vault.secrets.set(`${engine}/fabio/broken`, { cert: a.cert })
      vault.secrets.set(`${engine}/fabio/deep/x`, { cert: a.cert, key: a.key })
      const tokenFile = join(authority.directory, 'token')
      await writeFile(tokenFile, 'first\n')
      const place = { type: 'vault', cert: `/${engine}/fabio/`, vaultfetchtoken: `file:${tokenFile}` }
      await using source = await follow(place, { VAULT_ADDR: vault.url })
      assert.equal(source.names(), 'a.test')
      await until('the token is renewed', () => vault.requests.includes('PUT auth/token/renew-self'))

      vault.tokens.delete('first')
      await source.log.until(/WARN cert: Error fetching certificates of a\. vault: .*permission denied/)
      assert.equal(source.names(), 'a.test')
      vault.tokens.set('second', 0)
      vault.wrapped.set('wrapping', 'second')
      vault.secrets.set(`${engine}/fabio/b`, { cert: b.cert, key: b.key })
      await writeFile(tokenFile, 'wrapping')
      await until('b is there', () => source.names() === 'a.test b.test')
    })
  }

  test('without a token says so', async () => {
    await using authority = await TestAuthority.create()
    await using vault = await startVaultDouble(authority)
    await using source = await follow({ type: 'vault', cert: 'kv1/fabio' }, { VAULT_ADDR: vault.url })
    assert.equal(source.log.count(/vault: no token/), 1)
  })
})

test('type=vault-pki has a certificate made once a name, and does not ask again for what was refused', async () => {
  await using authority = await TestAuthority.create()
  await using vault = await startVaultDouble(authority)
  vault.tokens.set('t', 0)
  await using source = await follow(
    { type: 'vault-pki', cert: 'pki/issue/web' },
    { VAULT_ADDR: vault.url, VAULT_TOKEN: 't' },
  )
  const { certificates } = source
  const asked = ['a.test', 'A.test.', 'a.test', 'b.test'].map(name => certificates.issue('a', name))
  assert.deepEqual(await Promise.all(asked), [true, true, true, true])
  assert.deepEqual(source.names().split(' ').sort(), ['a.test', 'b.test'])
  for (let i = 0; i < 5; i++) assert.equal(await certificates.issue('a', 'other.example'), false)
  assert.equal(await certificates.issue('a', ''), false)
  assert.equal(vault.requests.filter(text => text === 'PUT pki/issue/web').length, 3)
})
