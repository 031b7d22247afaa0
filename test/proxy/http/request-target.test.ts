import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readTarget } from '../../../src/proxy/http/request-target.ts'
import { Http1Head } from '../../../src/wire/http1-head.ts'

function read(target: string, host = 'Host: a.test'): ReturnType<typeof readTarget> {
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\n${host}\r\n\r\n`, 'latin1')
  const head = new Http1Head()
  assert.equal(head.parseRequest(bytes, 0, bytes.length, 10), undefined, `the parser takes ${target}`)
  return readTarget(head)
}

describe('a path', () => {
  for (const { sent, path, rawPath = sent } of [
    { sent: '/', path: '/' },
    { sent: '/foo/bar/', path: '/foo/bar/' },
    { sent: '/foo%2Fbar', path: '/foo/bar' },
    { sent: '/foo/../bar', path: '/bar', rawPath: '/bar' },
    { sent: '/foo//bar', path: '/foo/bar', rawPath: '/foo/bar' },
    { sent: '/api%2F..%2Fv2//users/', path: '/v2/users/', rawPath: '/v2/users/' },
    { sent: '/a/./b/', path: '/a/b/', rawPath: '/a/b/' },
    { sent: '/a/..', path: '/', rawPath: '/' },
    { sent: '/..', path: '/', rawPath: '/' },
    { sent: '/%2e%2e/etc', path: '/etc', rawPath: '/etc' },
    { sent: '/a/.%2E/b', path: '/b', rawPath: '/b' },
    { sent: '/../../../etc', path: '/etc', rawPath: '/etc' },
    { sent: '/a+b', path: '/a+b' },
    { sent: '/x;y=1', path: '/x;y=1' },
    { sent: '/a:b', path: '/a:b' },
    { sent: '/caf%C3%A9', path: '/café' },
    { sent: '/%ff', path: '/\udcff' },
    { sent: '/%c3%a9/%e9', path: '/é/\udce9' },
    { sent: '/100%25', path: '/100%' },
    { sent: '/a%2520b', path: '/a%20b' },
    { sent: '/a%252e%252e/b', path: '/a%2e%2e/b' },
    { sent: '/a%2Fb%252Fc', path: '/a/b%2Fc' },
    { sent: '/a%3Fb=c', path: '/a?b=c' },
    { sent: '/a%23b', path: '/a#b' },
    { sent: '//foo/bar', path: '/foo/bar', rawPath: '/foo/bar' },
    { sent: '//foo', path: '/foo', rawPath: '/foo' },
    { sent: '///foo', path: '/foo', rawPath: '/foo' },
    { sent: '/a\\..\\b', path: '/a\\..\\b', rawPath: '/a%5C..%5Cb' },
    { sent: '/a|b"', path: '/a|b"', rawPath: '/a%7Cb%22' },
    { sent: '/%00', path: '/\0' },
    { sent: "/!'()*[]", path: "/!'()*[]" },
  ]) {
    test(`${sent} is matched as ${JSON.stringify(path)} and sent as ${rawPath}`, () =>
      assert.deepEqual(read(sent), { host: 'a.test', path, rawPath, query: '' }))
  }

  for (const sent of ['/%', '/%4', '/%zz', '/a%2', '/%%30']) {
    test(`${sent} is refused`, () => assert.deepEqual(read(sent), { refused: 'malformed request target' }))
  }

  for (const query of ['?', '?a=b', '?a=//b/../c', '?%zz', '?a?b', '?;;', '?"<>\\^`{|}']) {
    test(`the query ${query} is never touched`, () => {
      assert.deepEqual(read(`/p${query}`), { host: 'a.test', path: '/p', rawPath: '/p', query })
      assert.deepEqual(read(`/x/../p${query}`), { host: 'a.test', path: '/p', rawPath: '/p', query })
    })
  }
})

describe('an absolute target', () => {
  for (const { target, host, path, query = '' } of [
    { target: 'http://b.test/x?y', host: 'b.test', path: '/x', query: '?y' },
    { target: 'HTTP://b.test:81', host: 'b.test:81', path: '/' },
    { target: 'https://b.test?y', host: 'b.test', path: '/', query: '?y' },
    { target: 'http://[::1]:80/x', host: '[::1]:80', path: '/x' },
    { target: 'http://b.test//x/../y', host: 'b.test', path: '/y' },
  ]) {
    test(`${target} names the host, whatever the header says`, () =>
      assert.deepEqual(read(target), { host, path, rawPath: path, query }))
  }

  for (const target of [
    'http://',
    'http:///x',
    'http://user@b.test/',
    'http://u:p@b.test/',
    'ftp://b.test/',
    'b.test:80',
    '*',
    'x',
    '?',
  ]) {
    test(`${target} is refused`, () => assert.deepEqual(read(target), { refused: 'malformed request target' }))
  }
})

describe('a Host header', () => {
  for (const host of ['b.test', 'B.TEST:8080', '127.0.0.1', '[::1]:80', '', 'a_b', 'xn--caf-dma']) {
    test(`'${host}' is taken`, () => {
      const target = read('/', `Host: ${host}`)
      assert.equal('host' in target ? target.host : undefined, host)
    })
  }

  for (const host of [
    'a b',
    'user@a',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'a\tb',
    'a"b',
    '<a>',
    'caf\xe9',
    'a^b',
    'a{b}',
    'a|b',
  ]) {
    test(`'${host}' is refused`, () =>
      assert.deepEqual(read('/', `Host: ${host}`), { refused: 'malformed Host header' }))
  }
})
