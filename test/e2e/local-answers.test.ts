import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HttpUpstream, startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

// Answers that no upstream had part in, to the byte where clients could tell.

let upstream: HttpUpstream
let fabio: RunningFabio

before(async () => {
  upstream = await startHttpUpstream(asked => asked.send(OK))
  fabio = await startFabio({
    routes: [
      `route add svc a.test/ ${upstream.url}`,
      'route add unchanged a.test/304 https://n.test/ opts "redirect=304"',
      'route add odd a.test/399 https://n.test/ opts "redirect=399"',
      'route add found a.test/302 https://n.test$path opts "redirect=302"',
    ].join('\n'),
    flags: ['-proxy.noroutestatus', '204'],
  })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

describe('bytes that are no request are answered in the words of the original, without a length', () => {
  for (const { sent, line, body = line } of [
    { sent: 'garbage\r\n\r\n', line: '400 Bad Request' },
    { sent: request('GET /%zz HTTP/1.1', 'Host: a.test'), line: '400 Bad Request' },
    { sent: request('GET / HTTP/1.1'), line: '400 Bad Request: missing required Host header' },
    { sent: request('GET / HTTP/1.1', 'Host: a/b'), line: '400 Bad Request: malformed Host header' },
    { sent: request('POST / HTTP/1.1', 'Host: a', 'Content-Length: x'), line: '400 Bad Request' },
    {
      sent: request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip'),
      line: '501 Not Implemented',
      body: 'Unsupported transfer encoding',
    },
    {
      sent: request('GET / HTTP/3.0', 'Host: a'),
      line: '505 HTTP Version Not Supported: unsupported protocol version',
    },
    {
      sent: request('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(1_100_000)}`),
      line: '431 Request Header Fields Too Large',
    },
  ]) {
    test(`${line} to ${JSON.stringify(sent.slice(0, 60))}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      client.send(sent)
      assert.equal(
        await client.ended(),
        `HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${body}`,
      )
    })
  }
})

describe('an answer that has no body has no length and no type either', () => {
  for (const target of ['/304', 'http://none.test/']) {
    test(target, async () => {
      await using client = await RawClient.connect(fabio.port)
      const found = await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a.test'))
      assert.deepEqual(
        [found.body, found.header('content-length'), found.header('content-type')],
        ['', undefined, undefined],
      )
      assert.equal(
        (await client.ask(request('GET / HTTP/1.1', 'Host: a.test'))).body,
        'ok',
        'the connection is in step',
      )
    })
  }
})

test('a redirect with a status that has no name has none in its page', async () => {
  await using client = await RawClient.connect(fabio.port)
  const found = await client.ask(request('GET /399 HTTP/1.1', 'Host: a.test'))
  assert.equal(found.body, '<a href="https://n.test/"></a>.\n\n')
})

test('a redirect keeps bytes that are no UTF-8', async () => {
  await using client = await RawClient.connect(fabio.port)
  const found = await client.ask(request('GET /302/%e9/%C3%A9 HTTP/1.1', 'Host: a.test'))
  assert.match(found.header('location') ?? '', /^https:\/\/n\.test\/302\/%e9\/%C3%A9$/i)
})

describe('a length goes to the upstream where the method means a body, and nowhere else', () => {
  for (const { line, lines = [], length } of [
    { line: 'POST / HTTP/1.1', length: '0' },
    { line: 'PUT / HTTP/1.1', length: '0' },
    { line: 'PATCH / HTTP/1.1', lines: ['Content-Length: 0'], length: '0' },
    { line: 'DELETE / HTTP/1.1', lines: ['Content-Length: 0'], length: undefined },
    { line: 'GET / HTTP/1.1', lines: ['Content-Length: 0'], length: undefined },
    { line: 'OPTIONS / HTTP/1.1', length: undefined },
  ]) {
    test(`${line} ${lines.join('')}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      await client.ask(request(line, 'Host: a.test', ...lines))
      assert.equal(upstream.requests.at(-1)?.header('content-length'), length)
    })
  }
})
