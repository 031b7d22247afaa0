import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeHost, encodePath, escapedPath, percentDecode } from '../../src/route/percent-encoding.ts'
import { fuzzRuns } from './fuzz-runs.ts'

for (const [text, decoded] of [
  ['/a%2fb', '/a/b'],
  ['/caf%C3%A9', '/café'],
  ['/%ff', '/\ufffd'],
  ['/a+b', '/a+b'],
  ['/%', undefined],
  ['/%4', undefined],
  ['/%zz', undefined],
] as const) {
  test(`'${text}' decodes to ${decoded === undefined ? 'nothing' : `'${decoded}'`}`, () => {
    assert.equal(percentDecode(text), decoded)
  })
}

test('a path keeps the characters Go keeps', () => {
  assert.equal(encodePath('/a b!\'()*[]$&+,/:;=@-_.~"é%'), '/a%20b%21%27%28%29%2A%5B%5D$&+,/:;=@-_.~%22%C3%A9%25')
})

test('a host keeps its delimiters', () => assert.equal(encodeHost('[::1]:80 é/'), '[::1]:80%20%C3%A9%2F'))

for (const { path, rawPath, escaped } of [
  { path: '/a/b', rawPath: '/a%2fb', escaped: '/a%2fb' },
  { path: '/a/b', rawPath: '/other', escaped: '/a/b' },
  { path: '/a b', rawPath: '/a b', escaped: '/a%20b' },
  { path: '/(a)', rawPath: '/(a)', escaped: '/(a)' },
  { path: '/(a)', rawPath: '', escaped: '/%28a%29' },
]) {
  test(`the path '${path}' with '${rawPath}' is sent as '${escaped}'`, () => {
    assert.equal(escapedPath(path, rawPath), escaped)
  })
}

test('what was encoded decodes into itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => assert.equal(percentDecode(encodePath(text)), text)),
    fuzzRuns(1000),
  )
})
