import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { NO_METRICS } from '../../../src/metrics/no-metrics.ts'
import { normalizePath } from '../../../src/proxy/http/request-target.ts'
import { upstreamTarget } from '../../../src/proxy/http/upstream-target.ts'
import { ServedTarget } from '../../../src/proxy/served-target.ts'
import { Deadlines } from '../../../src/socket/deadlines.ts'
import { Upstreams } from '../../../src/upstream/upstreams.ts'

const deadlines = new Deadlines()
const upstreams = new Upstreams(
  deadlines,
  { dialTimeoutMs: 0, keepAliveTimeoutMs: 0, grpcShutdownTimeoutMs: 0 },
  { maxHeadBytes: 1, maxHeaders: 1, responseHeaderTimeoutMs: 0, maxIdle: 0, idleTimeoutMs: 0, maxConnections: 0 },
)
after(() => {
  upstreams[Symbol.dispose]()
  deadlines[Symbol.dispose]()
})

function sentFor(dst: string, options: string, target: string): string {
  const pairs = options.split(' ').filter(text => text !== '')
  const spec = {
    service: 'svc',
    dst,
    fixedWeight: 0,
    tags: [],
    options: pairs.map((pair): [string, string] => [
      pair.slice(0, pair.indexOf('=')),
      pair.slice(pair.indexOf('=') + 1),
    ]),
  }
  const [sent = '', query] = target.split(/\?(.*)/s)
  const paths = normalizePath(sent)
  assert.ok(paths !== undefined)
  const served = new ServedTarget(spec, { host: '', path: '/' }, upstreams, NO_METRICS)
  return upstreamTarget({ ...paths, query: query === undefined ? '' : `?${query}` }, served)
}

describe('path and query as the target gets them', () => {
  for (const { dst = 'http://h:1/', options = '', target, expected } of [
    { target: '/a/b', expected: '/a/b' },
    { dst: 'http://h:1/bar', target: '/a', expected: '/a' },
    { dst: 'http://h:1', target: '/a%2Fb', expected: '/a%2Fb' },
    // the query
    { target: '/a?', expected: '/a?' },
    { target: '/a?x=1;y=%zz', expected: '/a?x=1;y=%zz' },
    { dst: 'http://h:1/?t=1', target: '/a?x=1', expected: '/a?t=1&x=1' },
    { dst: 'http://h:1/?t=1', target: '/a', expected: '/a?t=1' },
    { dst: 'http://h:1/?t=1', target: '/a?', expected: '/a?t=1' },
    // strip
    { options: 'strip=/p', target: '/p/a', expected: '/a' },
    { options: 'strip=/p', target: '/pa', expected: '/a' },
    { options: 'strip=/p', target: '/p', expected: '/' },
    { options: 'strip=/p/', target: '/p/a/', expected: '/a/' },
    { options: 'strip=/p', target: '/q/a', expected: '/q/a' },
    { options: 'strip=/p', target: '/P/a', expected: '/P/a' },
    { options: 'strip=/p', target: '/p/a%2Fb?c', expected: '/a%2Fb?c' },
    { options: 'strip=/p', target: '/%70/a%2Fb', expected: '/a/b' },
    { options: 'strip=/é', target: '/%c3%a9/a', expected: '/a' },
    { options: 'strip=/p', target: '/%70/%ff', expected: '/%FF' },
    { options: 'strip=/p/x', target: '/p%2Fx/a', expected: '/a' },
    // prepend
    { options: 'prepend=/q', target: '/a', expected: '/q/a' },
    { options: 'prepend=q', target: '/a', expected: '/q/a' },
    { options: 'prepend=/é', target: '/a%2Fb', expected: '/%C3%A9/a%2Fb' },
    { options: 'strip=/p prepend=/q', target: '/p/a?b', expected: '/q/a?b' },
    { options: 'strip=/p prepend=/q', target: '/p', expected: '/q/' },
    { options: 'strip=/p prepend=/q', target: '/x', expected: '/q/x' },
  ]) {
    test(`${target} to ${dst} with '${options}' is ${expected}`, () =>
      assert.equal(sentFor(dst, options, target), expected))
  }

  for (const target of [
    '/p../secret',
    '/p%2e%2e/secret',
    '/p.%2E/secret',
    '/p..%2Fsecret',
    '/p../../secret',
    '/p./../secret',
  ]) {
    test(`what strip leaves of ${target} does not lead out of what is prepended`, () => {
      assert.equal(sentFor('http://h:1/', 'strip=/p prepend=/public', target), '/public/secret')
      assert.equal(sentFor('http://h:1/', 'strip=/p', target), '/secret')
    })
  }

  test('what strip leaves behind a dot that is part of a name is left alone', () => {
    assert.equal(sentFor('http://h:1/', 'strip=/p', '/p.well-known/%61'), '/.well-known/%61')
    assert.equal(sentFor('http://h:1/', 'strip=/p', '/p...'), '/...')
  })
})
