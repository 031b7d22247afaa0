import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createGunzip } from 'node:zlib'
import { type HttpUpstream, startHttpUpstream, type UpstreamRequest } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const EVENTS = [
  'data: one\n\n',
  'data: two\n\n',
  ': still here\n\n',
  `data: ${'x'.repeat(20_000)}\n\n`,
  'data: last\n\n',
]

let upstream: HttpUpstream
let plain: RunningFabio
let zipping: RunningFabio
let asked: UpstreamRequest | undefined

before(async () => {
  upstream = await startHttpUpstream(one => {
    asked = one
  })
  const routes = `route add svc / ${upstream.url}`
  plain = await startFabio({ routes })
  zipping = await startFabio({ routes, flags: ['-proxy.gzip.contenttype', '^text/'] })
})

after(async () => {
  await plain[Symbol.asyncDispose]()
  await zipping[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function nextRequest(client: RawClient, ...lines: string[]): Promise<UpstreamRequest> {
  asked = undefined
  client.send(request('GET /events HTTP/1.1', 'Host: a', ...lines))
  await until('the request arrives', () => asked !== undefined)
  assert.ok(asked !== undefined)
  return asked
}

const FRAMINGS = [
  {
    name: 'in chunks',
    line: 'Transfer-Encoding: chunked\r\n',
    frame: (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`,
  },
  { name: 'until the connection ends', line: '', frame: (text: string) => text },
  { name: 'with a length', line: `Content-Length: ${EVENTS.join('').length}\r\n`, frame: (text: string) => text },
]

for (const { name, line, frame } of FRAMINGS) {
  test(`each piece of an answer ${name} arrives when it was sent, the head first of all`, async () => {
    await using client = await RawClient.connect(plain.port)
    const { send } = await nextRequest(client, 'Accept: text/event-stream')
    send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${line}\r\n`)
    await client.until(received => received.includes('\r\n\r\n'))
    for (const event of EVENTS) {
      send(frame(event))
      await client.until(received => received.includes(event))
    }
  })
}

describe('with compression switched on', () => {
  test('a client that asks for events gets them as they are', async () => {
    await using client = await RawClient.connect(zipping.port)
    const { send } = await nextRequest(client, 'Accept: text/event-stream', 'Accept-Encoding: gzip, br')
    send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    assert.doesNotMatch(await client.until(received => received.includes('\r\n\r\n')), /content-encoding/i)
    for (const event of EVENTS) {
      send(`${event.length.toString(16)}\r\n${event}\r\n`)
      await client.until(received => received.includes(event))
    }
  })

  for (const { name, line, frame } of FRAMINGS.slice(0, 2)) {
    test(`each piece of a compressed answer ${name} can be read when it was sent`, async () => {
      await using client = await RawClient.connect(zipping.port)
      const { send, connection } = await nextRequest(client, 'Accept-Encoding: gzip')
      send(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${line}\r\n`)
      const head = await client.until(received => received.includes('\r\n\r\n'))
      assert.match(head, /\r\nContent-Encoding: gzip\r\n/)
      let text = ''
      const gunzip = createGunzip().on('data', piece => {
        text += String(piece)
      })
      let fed = ''
      const feed = (): boolean => {
        const content = contentSoFar(client.received.slice(client.received.indexOf('\r\n\r\n') + 4))
        gunzip.write(Buffer.from(content.slice(fed.length), 'latin1'))
        fed = content
        return true
      }
      for (const [i, event] of EVENTS.entries()) {
        send(frame(event))
        await until(`event ${i} can be read`, () => feed() && text === EVENTS.slice(0, i + 1).join(''))
      }
      if (line === '') connection.socket.end()
      else send('0\r\n\r\n')
      await client.until(received => received.endsWith('0\r\n\r\n'))
    })
  }
})

/** What the chunks hold that have come whole. */
function contentSoFar(chunks: string): string {
  let content = ''
  let at = 0
  for (;;) {
    const lineEnd = chunks.indexOf('\r\n', at)
    const length = Number.parseInt(chunks.slice(at, lineEnd), 16)
    if (lineEnd === -1 || chunks.length < lineEnd + 2 + length + 2) return content
    content += chunks.slice(lineEnd + 2, lineEnd + 2 + length)
    at = lineEnd + 2 + length + 2
  }
}
