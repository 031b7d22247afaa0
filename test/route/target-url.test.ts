import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TargetUrl } from '../../src/route/target-url.ts'
import { parseTargetUrl, TargetUrlError } from '../../src/route/target-url.ts'
import { fuzzRuns } from './fuzz-runs.ts'

// Parts and messages as Go 1.26 gives them.
const URLS: readonly { url: string; parts: Partial<TargetUrl> }[] = [
  {
    url: 'http://h:1',
    parts: { scheme: 'http', authority: 'h:1', hostname: 'h', port: '1', path: '', text: 'http://h:1' },
  },
  { url: 'http://h:1/', parts: { path: '/', text: 'http://h:1/' } },
  { url: 'HTTP://Host:80/A', parts: { scheme: 'http', authority: 'Host:80', path: '/A', text: 'http://Host:80/A' } },
  { url: 'http://h:', parts: { authority: 'h:', hostname: 'h', port: '' } },
  { url: 'http://u:p@h/', parts: { authority: 'h', text: 'http://u:p@h/' } },
  { url: 'http://h/a?x=1&y=%zz;b', parts: { path: '/a', query: 'x=1&y=%zz;b', text: 'http://h/a?x=1&y=%zz;b' } },
  { url: 'http://h/a?', parts: { query: '', text: 'http://h/a?' } },
  { url: 'http://h/a/../b//c', parts: { path: '/a/../b//c', text: 'http://h/a/../b//c' } },
  { url: 'http://h/a%2fb%20c', parts: { path: '/a/b c', text: 'http://h/a%2fb%20c' } },
  { url: 'http://h/a b"é', parts: { path: '/a b"é', text: 'http://h/a%20b%22%C3%A9' } },
  { url: 'http://h/a\\b', parts: { path: '/a\\b', text: 'http://h/a%5Cb' } },
  { url: 'http://h#f', parts: { authority: 'h', path: '', text: 'http://h#f' } },
  { url: 'http://é.test/', parts: { authority: 'é.test', text: 'http://%C3%A9.test/' } },
  { url: 'http://[::1]:80/', parts: { authority: '[::1]:80', hostname: '::1', port: '80', text: 'http://[::1]:80/' } },
  { url: 'http://[fe80::1%25en0]/', parts: { authority: '[fe80::1%en0]', hostname: 'fe80::1%en0' } },
  {
    url: 'https://$host$path',
    parts: { scheme: 'https', authority: '$host$path', path: '', text: 'https://$host$path' },
  },
  { url: 'https://n.test/p/$path?y=2', parts: { path: '/p/$path', query: 'y=2' } },
  { url: '//h/', parts: { scheme: '', authority: 'h', path: '/', text: '//h/' } },
  { url: '/rel/$path', parts: { scheme: '', authority: '', path: '/rel/$path', text: '/rel/$path' } },
  { url: 'foo', parts: { scheme: '', authority: '', path: 'foo', text: 'foo' } },
  { url: 'h:80', parts: { scheme: 'h', authority: '', path: '', text: 'h:80' } },
  { url: 'tcp://a:1,b:2', parts: { authority: 'a:1,b:2', port: '2' } },
  { url: 'http:///x', parts: { authority: '', path: '/x', text: 'http:///x' } },
  { url: 'http:/x', parts: { authority: '', path: '/x', text: 'http:/x' } },
  { url: '', parts: { scheme: '', authority: '', path: '', text: '' } },
]

for (const { url, parts } of URLS) {
  test(`the parts of '${url}' are those Go finds`, () => {
    const parsed = parseTargetUrl(url)
    assert.deepEqual({ ...parsed, ...parts }, parsed)
  })
}

const MISTAKES: readonly { url: string; message: string }[] = [
  { url: '10.0.0.1:80', message: 'parse "10.0.0.1:80": first path segment in URL cannot contain colon' },
  {
    url: 'https://n.test:8443$path',
    message: 'parse "https://n.test:8443$path": invalid port ":8443$path" after host',
  },
  { url: 'http://a:1:2/', message: 'parse "http://a:1:2/": invalid port ":1:2" after host' },
  { url: ':80', message: 'parse ":80": missing protocol scheme' },
  { url: 'http://h/%zz', message: 'parse "http://h/%zz": invalid URL escape "%zz"' },
  { url: 'http://h%20/', message: 'parse "http://h%20/": invalid URL escape "%20"' },
  { url: 'http://a b/', message: 'parse "http://a b/": invalid character " " in host name' },
  { url: 'http://[::1/', message: 'parse "http://[::1/": missing \']\' in host' },
  { url: 'http://a[::1]/', message: 'parse "http://a[::1]/": invalid IP-literal' },
  { url: 'http://[1.2.3.4]/', message: 'parse "http://[1.2.3.4]/": invalid IP-literal' },
  { url: 'http://[x]/', message: 'parse "http://[x]/": invalid host: ParseAddr("x"): unable to parse IP' },
  { url: 'http://a"b@h/', message: 'parse "http://a\\"b@h/": net/url: invalid userinfo' },
  { url: 'http://h/\x01', message: 'parse "http://h/\\x01": net/url: invalid control character in URL' },
  { url: 'http://h/#%z', message: 'parse "http://h/#%z": invalid URL escape "%z"' },
]

for (const { url, message } of MISTAKES) {
  test(`'${url}' is no URL: ${message}`, () => {
    assert.throws(() => parseTargetUrl(url), new TargetUrlError(message))
  })
}

test('any text is a URL or a syntax error, and the text of a URL parses into the same parts', () => {
  const pieces = fc.constantFrom(
    'http',
    '://',
    '//',
    '/',
    ':',
    '@',
    '[::1]',
    '%41',
    '%',
    '?',
    '#',
    '$path',
    'h',
    '80',
    'é',
    '"',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(texts, text => {
      const parsed = parse(text)
      if (parsed === undefined) return
      const again = parse(parsed.text)
      assert.equal(again?.text, parsed.text)
      assert.equal(again.authority, parsed.authority)
    }),
    fuzzRuns(4000),
  )
})

function parse(text: string): TargetUrl | undefined {
  try {
    return parseTargetUrl(text)
  } catch (error) {
    assert.ok(error instanceof TargetUrlError)
    return undefined
  }
}
