import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hideSecret, hideUrlCredentials } from '../../src/config/secrets.ts'

test('a secret is hidden, its absence is not', () => {
  assert.equal(hideSecret('s3cret'), '****')
  assert.equal(hideSecret(''), '')
})

for (const { text, hidden = text } of [
  { text: '' },
  { text: '/etc/certs' },
  { text: 'http://host/path?x=1' },
  { text: 'https://user:pass@host/list', hidden: 'https://****@host/list' },
  { text: 'http://host/v1/kv/x?token=abc&x=1', hidden: 'http://host/v1/kv/x?token=****&x=1' },
  { text: 'a=1&access_token=abc', hidden: 'a=1&access_token=****' },
  {
    text: 'route add a /a http://u:p@h/\nroute add b /b http://u:p@i/',
    hidden: 'route add a /a http://****@h/\nroute add b /b http://****@i/',
  },
]) {
  test(`'${text}' is shown as '${hidden}'`, () => assert.equal(hideUrlCredentials(text), hidden))
}
