import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type HttpUpstream, startHttpUpstream, type UpstreamRequest } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'

// Some upstreams send gzip to everybody. A client that did not ask for it gets the text, as from the original.

const TEXT = 'a line of text\n'.repeat(2000)
const PACKED = gzipSync(TEXT).toString('latin1')

let upstream: HttpUpstream
let fabio: RunningFabio
let answer: (asked: UpstreamRequest) => void

before(async () => {
  upstream = await startHttpUpstream(asked => answer(asked))
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function packed(body: string, status = '200 OK', ...lines: string[]): string {
  const head = [`HTTP/1.1 ${status}`, 'Content-Encoding: gzip', ...lines, `Content-Length: ${body.length}`, '', '']
  return head.join('\r\n') + body
}

describe('gzip that nobody asked for', () => {
  for (const { name, lines } of [
    { name: 'without Accept-Encoding', lines: [] },
    { name: 'with an empty Accept-Encoding', lines: ['Accept-Encoding:'] },
  ]) {
    test(`is unpacked for a client ${name}`, async () => {
      answer = asked => asked.send(packed(PACKED, '200 OK', 'ETag: "a"'))
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 2; i++) {
        const found = await client.ask(request('GET / HTTP/1.1', 'Host: a', ...lines))
        assert.ok(found.body === TEXT)
        assert.deepEqual(found.all('content-encoding'), [])
        assert.deepEqual([found.header('content-length'), found.header('etag')], [undefined, 'W/"a"'])
      }
    })
  }

  test('is unpacked for HTTP/1.0, to the end of the connection', async () => {
    answer = asked => asked.send(packed(PACKED))
    await using client = await RawClient.connect(fabio.port)
    const found = await client.ask(request('GET / HTTP/1.0', 'Host: a'))
    assert.ok(found.body === TEXT)
  })

  test('reaches the client as it comes', async () => {
    const first = gzipSync('first ', { finishFlush: 2 }).toString('latin1')
    const rest = gzipSync('first rest').toString('latin1')
    assert.notEqual(first, rest)
    let finish = (): void => {}
    answer = asked => {
      asked.send('HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nTransfer-Encoding: chunked\r\n\r\n')
      asked.send(`${first.length.toString(16)}\r\n${first}\r\n`)
      finish = () => asked.connection.socket.destroy()
    }
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a'))
    await client.until(received => received.includes('first '))
    finish()
    await client.ended()
    assert.ok(!client.received.endsWith('0\r\n\r\n'), 'a cut answer does not look whole')
  })

  test('that is broken ends the connection', async () => {
    answer = asked => asked.send(packed('this is no gzip at all'))
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a'))
    assert.ok(!(await client.ended()).endsWith('0\r\n\r\n'))
  })
})

describe('gzip stays as it is', () => {
  for (const { name, line = 'GET / HTTP/1.1', lines = [], sent } of [
    { name: 'for a client that asked for it', lines: ['Accept-Encoding: gzip'], sent: packed(PACKED) },
    { name: 'for a client that asked for something else', lines: ['Accept-Encoding: br'], sent: packed(PACKED) },
    { name: 'in a part', sent: packed(PACKED, '206 Partial Content', 'Content-Range: bytes 0-9/99') },
    { name: 'in the answer to HEAD', line: 'HEAD / HTTP/1.1', sent: packed(PACKED).replace(PACKED, '') },
  ]) {
    test(name, async () => {
      answer = asked => asked.send(sent)
      await using client = await RawClient.connect(fabio.port)
      const found = await client.ask(request(line, 'Host: a', ...lines))
      assert.deepEqual(
        [found.header('content-encoding'), found.header('content-length')],
        ['gzip', String(PACKED.length)],
      )
    })
  }
})
