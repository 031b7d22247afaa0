import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ClientFacts, RequestHeadWriter } from '../../../src/proxy/http/request-head.ts'
import { Http1Head } from '../../../src/wire/http1-head.ts'
import { fuzzRuns } from '../../route/fuzz-runs.ts'
import { naiveRequest, valuesOf } from '../../wire/naive-head.ts'
import { OVER_TLS, PLAIN } from './write-head.ts'

const NAMES = [
  ...['Host', 'Connection', 'connection', 'Content-Length', 'Transfer-Encoding', 'Expect', 'Upgrade', 'TE', 'Trailer'],
  ...['Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'HTTP2-Settings', 'X-Forwarded-For', 'x-forwarded-for'],
  ...[
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Host',
    'X-Forwarded-Prefix',
    'X-Real-Ip',
    'X-REAL-IP',
    'Forwarded',
  ],
  ...['X-Client-Ip', 'x-request-id', 'X-Tls', 'Cookie', 'X-A', 'x-b', 'Accept', 'Authorization'],
]
const FOLDED = [...new Set(NAMES.map(name => name.toLowerCase()))]
const FORWARDING = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port', 'x-real-ip', 'forwarded']
const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'proxy-authorization', 'http2-settings']

const token = fc.oneof(
  fc.constantFrom(...NAMES, 'close', 'keep-alive', 'upgrade'),
  fc.constantFrom('', ' ', '\t', 'x-c'),
)
const value = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    '1.1.1.1',
    '5',
    'chunked',
    'close',
    'websocket',
    'trailers',
    'for=1;proto=https',
    'caf\xe9',
    ' ',
  ),
  fc.array(token, { maxLength: 4 }).map(tokens => tokens.join(',')),
)
const line = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(':', ': ', ':\t '), value)
  .map(([name, colon, text]) => ({ name, text: `${name}${colon}${text}` }))
/** One framing at most, or too few requests would be taken. */
const lines = fc.array(line, { maxLength: 12 }).map(all =>
  all.filter(({ name }, i) => {
    const folded = name.toLowerCase()
    const isFraming = folded === 'content-length' || folded === 'transfer-encoding' || folded === 'host'
    return !isFraming || all.findIndex(other => other.name.toLowerCase() === folded) === i
  }),
)
const options = fc.record({
  localIp: fc.constantFrom('', '10.0.0.9'),
  clientIpHeader: fc.constantFrom('', 'X-Client-Ip', 'X-Real-IP'),
  requestIdHeader: fc.constantFrom('', 'X-Request-Id'),
  tlsHeader: fc.constantFrom('', 'X-Tls', 'X-Forwarded-Proto'),
  tlsHeaderValue: fc.constantFrom('', 'on'),
})
const request = fc.record({
  lines,
  options,
  client: fc.constantFrom<ClientFacts>(PLAIN, OVER_TLS),
  strip: fc.constantFrom(undefined, '/s'),
  upgrade: fc.constantFrom('', 'websocket', 'chat'),
})

interface Written {
  readonly text: string
  readonly sent: Http1Head
  readonly model: NonNullable<ReturnType<typeof naiveRequest>>
}

function write(given: typeof request extends fc.Arbitrary<infer T> ? T : never): Written | undefined {
  const sent = new Http1Head()
  const head = `GET /x HTTP/1.1\r\nHost: a.test\r\n${given.lines.map(({ text }) => `${text}\r\n`).join('')}\r\n`
  const bytes = Buffer.from(head, 'latin1')
  if (sent.parseRequest(bytes, 0, bytes.length, 1000) !== undefined) return undefined
  const text = new RequestHeadWriter(given.options).write(
    {
      head: sent,
      method: 'GET',
      target: '/x',
      host: 'a.test',
      authority: 'up.test',
      strip: given.strip,
      requestId: 'id-1',
      upgrade: given.upgrade,
      framing: sent.isChunked ? 'chunked' : sent.contentLength >= 0 ? 'length' : 'none',
    },
    given.client,
  )
  const model = naiveRequest(text, 1000)
  assert.ok(model !== undefined, `not a head that a strict reader takes: ${JSON.stringify(text)}`)
  return { text, sent, model }
}

test('whatever a client sends, the upstream gets a strict head with one host, clear framing and nothing of the connection', () => {
  let taken = 0
  fc.assert(
    fc.property(request, given => {
      const written = write(given)
      if (written === undefined) return
      taken++
      const { model, sent } = written
      assert.deepEqual(valuesOf(model, 'host'), ['a.test'])
      assert.deepEqual(valuesOf(model, 'content-length'), sent.contentLength >= 0 ? [String(sent.contentLength)] : [])
      assert.deepEqual(valuesOf(model, 'transfer-encoding'), sent.isChunked ? ['chunked'] : [])
      for (const name of HOP_BY_HOP) assert.deepEqual(valuesOf(model, name), [], name)
      assert.ok(sent.isChunked || valuesOf(model, 'trailer').length === 0)
      assert.deepEqual(valuesOf(model, 'connection'), given.upgrade === '' ? [] : ['Upgrade'])
      assert.deepEqual(valuesOf(model, 'upgrade'), given.upgrade === '' ? [] : [given.upgrade])
      assert.ok(valuesOf(model, 'te').every(te => te === 'trailers'))
    }),
    fuzzRuns(10_000),
  )
  assert.ok(taken > 0)
})

test('nothing a client sends removes or fakes what we say of it', () => {
  fc.assert(
    fc.property(request, given => {
      const written = write(given)
      if (written === undefined) return
      const { model, sent } = written
      const { options, client } = given
      const chain = Array.from({ length: sent.count }, (_, i) => i).filter(
        i => sent.name(i).toLowerCase() === 'x-forwarded-for',
      )
      assert.deepEqual(valuesOf(model, 'x-forwarded-for'), [
        [...chain.map(i => sent.value(i)), client.address].join(', '),
      ])
      const isProtoOurs = options.tlsHeader === 'X-Forwarded-Proto'
      for (const name of FORWARDING) {
        if (name === 'x-forwarded-proto' && isProtoOurs) continue
        assert.ok(valuesOf(model, name).length >= 1 && valuesOf(model, name)[0] !== '', name)
      }
      assert.equal(valuesOf(model, 'forwarded').length, 1)
      if (given.strip !== undefined) assert.deepEqual(valuesOf(model, 'x-forwarded-prefix'), [given.strip])
      if (options.clientIpHeader !== '')
        assert.deepEqual(valuesOf(model, options.clientIpHeader.toLowerCase()), [client.address])
      if (options.requestIdHeader !== '') assert.deepEqual(valuesOf(model, 'x-request-id'), ['id-1'])
      if (options.tlsHeader !== '') {
        const expected = client.tls === undefined ? [] : [options.tlsHeaderValue]
        assert.deepEqual(valuesOf(model, options.tlsHeader.toLowerCase()), expected)
      }
    }),
    fuzzRuns(10_000),
  )
})

test('every other line of the client arrives, in its order, unless Connection names it', () => {
  const ours = new Set([...FOLDED.filter(name => !['cookie', 'x-a', 'x-b', 'accept', 'authorization'].includes(name))])
  fc.assert(
    fc.property(request, given => {
      const written = write(given)
      if (written === undefined) return
      const named = valuesOf(naiveRequest(`${written.sent.text}\r\n`, 1000) ?? written.model, 'connection').flatMap(v =>
        v
          .toLowerCase()
          .split(',')
          .map(t => t.trim()),
      )
      const kept = given.lines.filter(
        ({ name }) => !ours.has(name.toLowerCase()) && !named.includes(name.toLowerCase()),
      )
      const arrived = written.text.split('\r\n').filter(text => kept.some(({ text: sent }) => sent === text))
      assert.deepEqual(
        arrived,
        kept.map(({ text }) => text),
      )
    }),
    fuzzRuns(10_000),
  )
})
