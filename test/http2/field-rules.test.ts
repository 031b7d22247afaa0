import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { areTrailersWellFormed, judgeAnswer, judgeRequest, MALFORMED } from '../../src/http2/field-rules.ts'

const GET = [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', 'a.test']
const CONNECT = [':method', 'CONNECT', ':authority', 'a.test:443']
const WEBSOCKET = [
  ':method',
  'CONNECT',
  ':protocol',
  'websocket',
  ':scheme',
  'https',
  ':path',
  '/',
  ':authority',
  'a.test',
]

/** The fields without one of their names. */
function without(fields: readonly string[], name: string): string[] {
  const at = fields.indexOf(name)
  return [...fields.slice(0, at), ...fields.slice(at + 2)]
}

describe('a request', () => {
  for (const [what, fields, length] of [
    ['GET', GET, -1],
    ['a method nobody knows', [':method', 'brew', ...GET.slice(2)], -1],
    ['one with a length', [...GET, 'content-length', '12'], 12],
    ['one that takes trailers', [...GET, 'te', 'trailers'], -1],
    ['one with a host instead of an authority', [...without(GET, ':authority'), 'host', 'a.test'], -1],
    ['one of everything', [':method', 'OPTIONS', ':scheme', 'https', ':path', '*', ':authority', 'a.test'], -1],
    ['CONNECT', CONNECT, -1],
    ['CONNECT for another protocol', WEBSOCKET, -1],
  ] as const) {
    test(`${what} is well formed`, () => assert.equal(judgeRequest([...fields]), length))
  }

  for (const [what, fields] of [
    ['nothing', []],
    ['one without method', without(GET, ':method')],
    ['one without scheme', without(GET, ':scheme')],
    ['one without path', without(GET, ':path')],
    ['one for nobody', without(GET, ':authority')],
    ['an empty path', [...without(GET, ':path'), ':path', '']],
    ['a path that is a URL', [...without(GET, ':path'), ':path', 'https://a.test/']],
    ['everything, of GET', [...without(GET, ':path'), ':path', '*']],
    ['a method of two words', [':method', 'GET /', ...GET.slice(2)]],
    ['two paths', [...GET, ':path', '/b']],
    ['a status', [...GET, ':status', '200']],
    ['a pseudo-header field nobody knows', [...GET, ':x', 'y']],
    [
      'a pseudo-header field behind others',
      [':method', 'GET', ':scheme', 'https', 'a', 'b', ':path', '/', ':authority', 'a'],
    ],
    ['CONNECT with a path', [...CONNECT, ':path', '/', ':scheme', 'https']],
    ['CONNECT to nobody', [':method', 'CONNECT']],
    ['another protocol without CONNECT', [':method', 'GET', ...WEBSOCKET.slice(2)]],
    ['two lengths', [...GET, 'content-length', '1', 'content-length', '1']],
    ['a length with a sign', [...GET, 'content-length', '+1']],
    ['a length nobody can count', [...GET, 'content-length', '1'.repeat(16)]],
    ['another coding that is taken', [...GET, 'te', 'gzip']],
    ...(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'] as const).map(
      name => [name, [...GET, name, 'x']] as const,
    ),
  ] as const) {
    test(`${what} is malformed`, () => assert.equal(judgeRequest([...fields]), MALFORMED))
  }
})

describe('an answer', () => {
  for (const [what, fields, expected] of [
    ['a status alone', [':status', '204'], { status: 204, length: -1 }],
    ['one with a length', [':status', '200', 'content-length', '0'], { status: 200, length: 0 }],
  ] as const) {
    test(`${what} is well formed`, () => assert.deepEqual(judgeAnswer([...fields]), expected))
  }

  for (const [what, fields] of [
    ['nothing', []],
    ['a status behind others', ['a', 'b', ':status', '200']],
    ['a status of two digits', [':status', '20']],
    ['a change of protocol', [':status', '101']],
    ['two statuses', [':status', '200', ':status', '200']],
    ['a field of HTTP/1.1', [':status', '200', 'transfer-encoding', 'chunked']],
    ['what only requests say', [':status', '200', 'te', 'trailers']],
  ] as const) {
    test(`${what} is malformed`, () => assert.equal(judgeAnswer([...fields]).length, MALFORMED))
  }
})

test('fields behind a body have no pseudo-header fields, and blanks around values are taken off', () => {
  const fields = ['a', ' b\t', 'c', '']
  assert.equal(areTrailersWellFormed(fields), true)
  assert.deepEqual(fields, ['a', 'b', 'c', ''])
  assert.equal(areTrailersWellFormed(['a', 'b', ':status', '200']), false)
})
