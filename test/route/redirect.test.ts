import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRedirectUrl } from '../../src/route/redirect.ts'
import { Target } from '../../src/route/target.ts'
import { spec } from './route-samples.ts'

interface Example {
  readonly dst: string
  readonly strip?: string
  readonly prepend?: string
  readonly host?: string
  readonly path: string
  readonly rawPath?: string
  readonly query?: string
  readonly location: string
}

// As Fabio 1.7.3 redirects.
const EXAMPLES: readonly Example[] = [
  { dst: 'https://n.test$path', path: '/a/b', query: 'x=1', location: 'https://n.test/a/b?x=1' },
  { dst: 'https://n.test/$path?y=2', path: '/a', query: 'x=1', location: 'https://n.test/a?y=2' },
  { dst: 'https://n.test/z?y=2', path: '/a', query: 'x=1', location: 'https://n.test/z?y=2' },
  { dst: 'https://n.test', path: '/a', query: 'x=1', location: 'https://n.test/' },
  { dst: 'https://n.test/p/$path/q/$path', path: '/a', location: 'https://n.test/p/a/q/$path' },
  { dst: 'https://n.test$path', strip: '/s', path: '/s', location: 'https://n.test/' },
  { dst: 'https://n.test/x$path', strip: '/s', path: '/s', location: 'https://n.test/x' },
  { dst: 'https://n.test/x$path', strip: '/s', prepend: '/p', path: '/s/t', location: 'https://n.test/x/p/t' },
  { dst: 'https://n.test/fixed', strip: '/s', prepend: '/p', path: '/s/t', location: 'https://n.test/fixed' },
  { dst: 'https://$host$path', host: 'h.test:8080', path: '/a', location: 'https://h.test:8080/a' },
  { dst: 'https://$host:8443/$path', host: 'h.test', path: '/a', location: 'https://h.test:8443/a' },
  { dst: 'https://$host/', host: 'H.Test', path: '/a', location: 'https://H.Test/' },
  { dst: '//n.test/$path', path: '/a', location: '//n.test/a' },
  { dst: '/rel/$path', path: '/a', location: '/rel/a' },
  { dst: '$path', path: '/a', location: '/a' },
  { dst: 'https://u:p@n.test/$path#f', path: '/a', location: 'https://n.test/a' },
  { dst: 'https://n.test/$path', path: '/a/b', rawPath: '/a%2fb', location: 'https://n.test/a%2fb' },
  { dst: 'https://n.test/$path', path: '/a b', rawPath: '/a%20b', location: 'https://n.test/a%20b' },
  { dst: 'https://n.test/$path', path: '/a(b)', rawPath: '/a(b)', location: 'https://n.test/a(b)' },
  { dst: 'https://n.test/x%20y/$path', path: '/a/b', rawPath: '/a%2fb', location: 'https://n.test/x%20y/a/b' },
  { dst: 'https://n.test/$path', strip: '/s', path: '/s/a/b', rawPath: '/s/a%2Fb', location: 'https://n.test/a%2Fb' },
  { dst: 'https://n.test/$path', path: '/100%', rawPath: '/100%25', location: 'https://n.test/100%25' },
  { dst: 'https://n.test/100%25', path: '/', location: 'https://n.test/100%25' },
  { dst: 'https://n.test/$path', path: '/$path', location: 'https://n.test/$path' },
  { dst: 'https://n.test/$path', strip: '/s', path: '/sx', location: 'https://n.test/x' },
]

for (const { dst, strip = '', prepend = '', host = 'h.test', path, rawPath = path, query = '', location } of EXAMPLES) {
  test(`a redirect to ${dst} leads from ${rawPath} to ${location}`, () => {
    const target = new Target(
      spec({
        dst,
        options: [
          ['redirect', '301'],
          ['strip', strip],
          ['prepend', prepend],
        ],
      }),
    )
    assert.ok(target.redirect !== undefined)
    assert.equal(buildRedirectUrl(target.redirect, { host, path, rawPath, query }).location, location)
  })
}

test('a redirect names the parts that tell whether it leads back to the request', () => {
  const { redirect } = new Target(spec({ dst: 'HTTPS://$host/$path', options: [['redirect', '301']] }))
  assert.ok(redirect !== undefined)
  const { scheme, host, path } = buildRedirectUrl(redirect, { host: 'H:1', path: '/é', rawPath: '/%c3%a9', query: '' })
  assert.deepEqual({ scheme, host, path }, { scheme: 'https', host: 'H:1', path: '/é' })
})
