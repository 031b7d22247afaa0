import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { readClientHello } from '../../src/wire/client-hello.ts'
import { helloMessage, inRecords, serverNameExtension } from './client-hello.ts'

const read = (hex: string): string => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const reading = readClientHello(bytes, bytes.length)
  return reading.kind === 'malformed' ? reading.reason : reading.kind
}

describe('the first nine bytes', () => {
  for (const [what, hex, expected] of [
    ['the largest record', '16 0301 4000 01 003ffc', 'incomplete'],
    ['eight bytes', '16 0301 4000 01 003f', 'incomplete'],
    ['nothing', '', 'incomplete'],
    ['an alert', '15 0301 4000 01 003ffc', 'not a TLS handshake'],
    ['HTTP', '474554202f20', 'not a TLS handshake'],
    ['a record too long', '16 0301 4001 01 003ffc', 'invalid TLS record length'],
    ['an empty record', '16 0301 0000', 'invalid TLS record length'],
    ['another message', '16 0301 4000 02 003ffc', 'not a client hello'],
    ['another message, in small pieces', '16 0301 0001 02', 'not a client hello'],
    ['a message without content', '16 0301 4000 01 000000', 'invalid client hello length'],
    ['a message larger than anybody sends', '16 0301 4000 01 ffffff', 'invalid client hello length'],
    ['a message that goes on in the next record', '16 0301 01f4 01 0001f1', 'incomplete'],
    ['a record of another kind within', '16 0301 0004 01 0001f1 17 0303', 'not a TLS handshake'],
  ] as const) {
    test(`of ${what}: ${expected}`, () => assert.equal(read(hex), expected))
  }
})

describe('the server name', () => {
  const grease: [number, Buffer][] = [
    [0x0a0a, Buffer.alloc(0)],
    [0x2a2a, Buffer.from([0])],
  ]
  // The hidden name of an Encrypted Client Hello is for the server to read: routes see the outer one (RFC 9849).
  const encrypted: [number, Buffer][] = [[0xfe0d, Buffer.alloc(300, 0xab)]]
  for (const [what, bytes, expected] of [
    ['is found', inRecords(helloMessage({ serverName: 'a.test' })), 'a.test'],
    [
      'is found between GREASE',
      inRecords(helloMessage({ serverName: 'a.test', before: grease, after: grease })),
      'a.test',
    ],
    ['is the outer one of ECH', inRecords(helloMessage({ serverName: 'front.test', after: encrypted })), 'front.test'],
    ['is found across records', inRecords(helloMessage({ serverName: 'a.test' }), 10), 'a.test'],
    ['is found across records of one byte', inRecords(helloMessage({ serverName: 'a.test' }), 1), 'a.test'],
    ['may be missing', inRecords(helloMessage({})), ''],
    ['may be of another kind', inRecords(helloMessage({ before: [[0, Buffer.from([0, 4, 9, 0, 1, 65])]] })), ''],
    [
      'is the first of two',
      inRecords(helloMessage({ serverName: 'a.test', after: [[0, serverNameExtension('b.test')]] })),
      'a.test',
    ],
  ] as const) {
    test(what, () => assert.deepEqual(readClientHello(bytes, bytes.length), { kind: 'hello', serverName: expected }))
  }

  for (const [what, bytes] of [
    ['a list longer than its extension', inRecords(helloMessage({ before: [[0, Buffer.from([0, 9, 0, 0, 1, 65])]] }))],
    [
      'a list shorter than its extension',
      inRecords(helloMessage({ before: [[0, Buffer.from([0, 4, 0, 0, 1, 65, 66])]] })),
    ],
    ['a session id too long', inRecords(helloMessage({ serverName: 'a.test', sessionId: 33 }))],
    [
      'an extension cut off',
      inRecords(
        Buffer.concat([Buffer.from([1, 0, 0, 43]), Buffer.alloc(34), Buffer.from([0, 0, 2, 1, 1, 1, 0, 0, 9])]),
      ),
    ],
  ] as const) {
    test(`is not looked for in ${what}`, () => {
      assert.deepEqual(readClientHello(bytes, bytes.length), {
        kind: 'malformed',
        reason: 'unable to parse client hello',
      })
    })
  }

  test('is what OpenSSL says, with the keys of today', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const client = tls.connect({ port, host: '127.0.0.1', servername: 'real.test', ALPNProtocols: ['h2'] })
    client.on('error', () => {})
    const [socket] = await once(server, 'connection')
    const [bytes] = await once(socket, 'data')
    assert.deepEqual(readClientHello(bytes, bytes.length), { kind: 'hello', serverName: 'real.test' })
    client.destroy()
    socket.destroy()
    server.close()
  })
})
