import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostGlobError, isHostGlob, pathGlobError } from '../../src/route/glob-keys.ts'
import { hostOrderKey, requestHost, splitSource } from '../../src/route/host-path.ts'

for (const { src, host, path } of [
  { src: ':1234', host: ':1234', path: '' },
  { src: ':12/x', host: ':12/x', path: '' },
  { src: '/p/q', host: '', path: '/p/q' },
  { src: 'H.Test/P', host: 'h.test', path: '/P' },
  { src: 'h.test', host: 'h.test', path: '/' },
  { src: 'h.test:8080/', host: 'h.test:8080', path: '/' },
]) {
  test(`'${src}' is host '${host}' and path '${path}'`, () => assert.deepEqual(splitSource(src), { host, path }))
}

for (const { host, isTls, looked } of [
  { host: 'Shop.Test:80', isTls: false, looked: 'shop.test' },
  { host: 'shop.test:80', isTls: true, looked: 'shop.test:80' },
  { host: 'shop.test:443', isTls: true, looked: 'shop.test' },
  { host: 'shop.test:8080', isTls: false, looked: 'shop.test:8080' },
  { host: 'shop.test:80:80', isTls: false, looked: 'shop.test:80' },
]) {
  test(`${host} over ${isTls ? 'TLS' : 'plain TCP'} is looked for as ${looked}`, () => {
    assert.equal(requestHost(host, isTls), looked)
  })
}

for (const [key, order] of [
  ['a.test', 'tset.a'],
  ['a.test:80', 'tset.a:80'],
  ['[::1]:99', '[1::]:99'],
  ['[::1]', ']1::['],
  [':80', '[08:]:80'],
  ['a:b:c', 'c:b:a'],
  ['é\u{1f600}', '\u{1f600}é'],
] as const) {
  test(`the host '${key}' is ordered as '${order}'`, () => assert.equal(hostOrderKey(key), order))
}

for (const [key, isGlob] of [
  ['a.test', false],
  ['*.test', true],
  ['a]b}.test', false],
  ['{a,b}.test', true],
  ['[::1]', false],
  ['[::1]:8080', false],
  ['[::]]:8080', true],
  ['h[x', false],
] as const) {
  test(`the host key '${key}' ${isGlob ? 'is' : 'is not'} a pattern`, () => assert.equal(isHostGlob(key), isGlob))
}

test('a host key or path that does not compile says why, in the words of Fabio', () => {
  assert.equal(hostGlobError('h[x'), 'unexpected end of input')
  assert.equal(hostGlobError('[::1]'), undefined)
  assert.equal(hostGlobError('*.test'), undefined)
  assert.equal(pathGlobError('/[a-cx]'), 'expected close range character')
  assert.equal(pathGlobError('/[::1]'), undefined)
})
