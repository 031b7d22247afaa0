import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HEADER, headerId } from '../../src/wire/header-names.ts'
import { findHeadEnd, Http1Head } from '../../src/wire/http1-head.ts'

function parse(text: string): { head: Http1Head; reason: string | undefined; status: number | undefined } {
  const bytes = Buffer.from(text, 'latin1')
  const head = new Http1Head()
  const refusal = head.parseRequest(bytes, 0, bytes.length, 100)
  return { head, reason: refusal?.reason, status: refusal?.status }
}

function parseResponse(text: string): { head: Http1Head; reason: string | undefined } {
  const bytes = Buffer.from(text, 'latin1')
  const head = new Http1Head()
  return { head, reason: head.parseResponse(bytes, 0, bytes.length, 100)?.reason }
}

const request = (line: string, ...headers: string[]): string => [line, ...headers, '', ''].join('\r\n')
const get = (...headers: string[]): string => request('GET / HTTP/1.1', 'Host: a', ...headers)

describe('request heads', () => {
  test('a request line is taken apart', () => {
    const { head, reason } = parse(request('PROPFIND /a/b?c=d HTTP/1.1', 'Host: x.test:80', 'X-A:  1 \t', 'x-b:'))
    assert.equal(reason, undefined)
    assert.equal(head.method, 'PROPFIND')
    assert.equal(head.target, '/a/b?c=d')
    assert.equal(head.text[head.queryAt], '?')
    assert.equal(head.version, 11)
    assert.equal(head.count, 3)
    assert.deepEqual([head.name(1), head.value(1)], ['X-A', '1'])
    assert.deepEqual([head.name(2), head.value(2)], ['x-b', ''])
    assert.equal(head.get(HEADER.host), 'x.test:80')
    assert.equal(head.findByName('x-b'), 2)
    assert.equal(head.findByName('x-c'), -1)
  })

  test('a head that is parsed after another holds nothing of it', () => {
    const { head } = parse(get('Content-Length: 5', 'Connection: close, x-a', 'X-Real-Ip: 1'))
    const bytes = Buffer.from(get(), 'latin1')
    assert.equal(head.parseRequest(bytes, 0, bytes.length, 100), undefined)
    assert.deepEqual(
      [head.contentLength, head.wantsClose, head.namesHeaders, head.find(HEADER.xRealIp), head.count],
      [-1, false, false, -1, 1],
    )
  })

  for (const { target, isPlain } of [
    { target: '/a/b.c', isPlain: true },
    { target: '/a//b', isPlain: false },
    { target: '/a/./b', isPlain: false },
    { target: '/a/.b', isPlain: false },
    { target: '/%41', isPlain: false },
    { target: '/a\\b', isPlain: false },
    { target: '/a?b//c/../%zz', isPlain: true },
  ]) {
    test(`the path of ${target} ${isPlain ? 'needs no' : 'needs'} normalising`, () => {
      const { head, reason } = parse(request(`GET ${target} HTTP/1.1`, 'Host: a'))
      assert.equal(reason, undefined)
      assert.equal(head.pathIsPlain, isPlain)
    })
  }

  for (const { name, text, status } of [
    { name: 'an empty request line', text: request(''), status: 400 },
    { name: 'a request line without target', text: request('GET HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'an empty target', text: request('GET  HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'HTTP/0.9', text: request('GET /', 'Host: a'), status: 400 },
    { name: 'a blank before the method', text: request(' GET / HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'two blanks before the version', text: request('GET /  HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a blank behind the version', text: request('GET / HTTP/1.1 ', 'Host: a'), status: 400 },
    { name: 'a blank in the target', text: request('GET /a b HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a fragment in the target', text: request('GET /a#b HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a control character in the target', text: request('GET /a\x01 HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a byte above ASCII in the target', text: request('GET /\xe9 HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a tab as separator', text: request('GET\t/\tHTTP/1.1', 'Host: a'), status: 400 },
    { name: 'a method that is no token', text: request('GE(T / HTTP/1.1', 'Host: a'), status: 400 },
    { name: 'HTTP/2.0', text: request('GET / HTTP/2.0', 'Host: a'), status: 505 },
    { name: 'HTTP/1.2', text: request('GET / HTTP/1.2', 'Host: a'), status: 505 },
    { name: 'lower-case http', text: request('GET / http/1.1', 'Host: a'), status: 400 },
    { name: 'a version of three digits', text: request('GET / HTTP/1.11', 'Host: a'), status: 400 },
    { name: 'a folded header line', text: get('X-A: 1', ' 2'), status: 400 },
    { name: 'a first header line that is folded', text: request('GET / HTTP/1.1', ' Host: a'), status: 400 },
    { name: 'a blank before the colon', text: get('X-A : 1'), status: 400 },
    { name: 'a header line without colon', text: get('X-A'), status: 400 },
    { name: 'a header line without name', text: get(': 1'), status: 400 },
    { name: 'a name that is no token', text: get('X@A: 1'), status: 400 },
    { name: 'a bare LF in a value', text: get('X-A: 1\nX-B: 2'), status: 400 },
    { name: 'a bare CR in a value', text: get('X-A: 1\rX-B: 2'), status: 400 },
    { name: 'a header line that begins with a bare CR', text: get('\rX-A: 1'), status: 400 },
    { name: 'a bare CR between head and empty line', text: get('\r'), status: 400 },
    { name: 'NUL in a value', text: get('X-A: 1\0'), status: 400 },
    { name: 'DEL in a value', text: get('X-A: \x7f'), status: 400 },
    { name: 'no Host', text: request('GET / HTTP/1.1'), status: 400 },
    { name: 'two Hosts', text: get('Host: b'), status: 400 },
    { name: 'two equal Hosts', text: get('Host: a'), status: 400 },
    { name: 'a length with a sign', text: get('Content-Length: +1'), status: 400 },
    { name: 'a negative length', text: get('Content-Length: -1'), status: 400 },
    { name: 'an empty length', text: get('Content-Length:'), status: 400 },
    { name: 'a list of lengths', text: get('Content-Length: 1, 1'), status: 400 },
    { name: 'a hexadecimal length', text: get('Content-Length: 0x1'), status: 400 },
    { name: 'a length with a blank', text: get('Content-Length: 1 1'), status: 400 },
    { name: 'a length beyond counting', text: get('Content-Length: 99999999999999999999'), status: 400 },
    { name: 'two lengths', text: get('Content-Length: 1', 'Content-Length: 2'), status: 400 },
    { name: 'two equal lengths', text: get('Content-Length: 1', 'content-length: 1'), status: 400 },
    { name: 'length and coding', text: get('Content-Length: 1', 'Transfer-Encoding: chunked'), status: 400 },
    { name: 'coding and length', text: get('Transfer-Encoding: chunked', 'Content-Length: 1'), status: 400 },
    { name: 'a coding that is not chunked', text: get('Transfer-Encoding: gzip'), status: 501 },
    { name: 'a list of codings', text: get('Transfer-Encoding: gzip, chunked'), status: 501 },
    { name: 'chunked twice', text: get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), status: 400 },
    { name: 'a blank behind the coding', text: get('Transfer-Encoding: chunked '), status: 400 },
    { name: 'a tab behind the coding', text: get('Transfer-Encoding: chunked\t'), status: 400 },
    { name: 'a tab before the coding', text: get('Transfer-Encoding:\tchunked'), status: 400 },
    { name: 'a quoted coding', text: get('Transfer-Encoding: "chunked"'), status: 501 },
    { name: 'an empty coding', text: get('Transfer-Encoding:'), status: 501 },
    { name: 'a vertical tab before the coding', text: get('Transfer-Encoding: \x0bchunked'), status: 400 },
    { name: 'a coding on HTTP/1.0', text: request('GET / HTTP/1.0', 'Transfer-Encoding: chunked'), status: 400 },
    { name: 'an unknown expectation', text: get('Expect: the-unexpected'), status: 417 },
  ]) {
    test(`${name} is refused with ${status}`, () => assert.equal(parse(text).status, status))
  }

  test('more header lines than allowed are refused, not dropped', () => {
    assert.equal(parse(get(...Array.from({ length: 99 }, (_, i) => `X-${i}: 1`))).status, undefined)
    assert.equal(parse(get(...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`))).status, 431)
  })

  test('Proxy-Connection: close ends the connection too, as some readers have it', () => {
    assert.equal(parse(get('Proxy-Connection: Close')).head.wantsClose, true)
    assert.equal(parse(get('Proxy-Connection: keep-alive')).head.wantsClose, false)
  })

  for (const { connection, flags } of [
    { connection: ['close'], flags: 'close' },
    { connection: ['Keep-Alive'], flags: 'keep-alive' },
    { connection: ['keep-alive, Upgrade'], flags: 'keep-alive upgrade' },
    { connection: ['x-a', 'close'], flags: 'close names' },
    { connection: [' , ,'], flags: '' },
  ]) {
    test(`Connection: ${connection.join(' / ')} says '${flags}'`, () => {
      const { head } = parse(get(...connection.map(value => `Connection: ${value}`)))
      const found = [
        head.wantsClose ? 'close' : '',
        head.wantsKeepAlive ? 'keep-alive' : '',
        head.wantsUpgrade ? 'upgrade' : '',
        head.namesHeaders ? 'names' : '',
      ]
      assert.equal(found.filter(flag => flag !== '').join(' '), flags)
    })
  }

  test('Connection names headers in any case, over several lines', () => {
    const { head } = parse(get('Connection: X-One', 'X-One: 1', 'connection: a, X-TWO'))
    assert.ok(head.connectionNames('x-one'))
    assert.ok(head.connectionNames('x-two'))
    assert.ok(!head.connectionNames('x-three'))
  })
})

describe('response heads', () => {
  test('a status line is taken apart', () => {
    const { head, reason } = parseResponse(request('HTTP/1.1 299 Odd \xe9', 'Content-Length: 3'))
    assert.equal(reason, undefined)
    assert.deepEqual([head.status, head.reason, head.contentLength], [299, 'Odd \xe9', 3])
  })

  test('the reason phrase may be missing', () => {
    assert.equal(parseResponse(request('HTTP/1.1 200 ')).head.status, 200)
    assert.equal(parseResponse(request('HTTP/1.0 404')).head.status, 404)
  })

  for (const line of [
    'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1  200 OK',
    'HTTP/2 200',
    'ICY 200 OK',
    'HTTP/1.1 099 x',
    'HTTP/1.1 200 a\x01',
  ]) {
    test(`'${line}' is refused`, () => assert.notEqual(parseResponse(request(line)).reason, undefined))
  }

  test('length together with coding is refused', () => {
    assert.notEqual(
      parseResponse(request('HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked')).reason,
      undefined,
    )
  })
})

test('every name in the table has a number of its own, in any case', () => {
  assert.equal(headerId('CONTENT-length'), HEADER.contentLength)
  assert.equal(headerId('X-Forwarded-For'), HEADER.xForwardedFor)
  assert.equal(headerId('content-lengti'), HEADER.other)
})

test('the end of a head is found when it is there, and only then', () => {
  const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\n', 'latin1')
  assert.equal(findHeadEnd(bytes, 0, bytes.length), 27)
  assert.equal(findHeadEnd(bytes, 0, 26), -1)
  assert.equal(findHeadEnd(bytes, 22, 27), 27)
})
