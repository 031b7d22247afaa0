import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatProxyHeader, parseProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { type V2Fields, v2Header } from './v2-header.ts'

function parse(header: string | Buffer): ReturnType<typeof parseProxyHeader> {
  const bytes = typeof header === 'string' ? Buffer.from(header, 'latin1') : header
  return parseProxyHeader(bytes, bytes.length)
}

describe('PROXY version 1', () => {
  for (const { line, client, server } of [
    { line: 'PROXY TCP4 1.2.3.4 10.0.0.1 12345 443\r\n', client: '1.2.3.4:12345', server: '10.0.0.1:443' },
    { line: 'PROXY TCP6 2001:db8::1 ::1 1 65535\r\n', client: '2001:db8::1:1', server: '::1:65535' },
    { line: 'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n', client: '1.2.3.4:1', server: '5.6.7.8:2' },
    { line: 'PROXY TCP6 ::ffff:1.2.3.4 ::FFFF:5.6.7.8 0 2\r\n', client: '1.2.3.4:0', server: '5.6.7.8:2' },
  ]) {
    test(`${line.trim()} names both ends`, () => {
      const result = parse(`${line}GET /`)
      assert.ok(result.kind === 'header')
      assert.equal(result.length, line.length)
      assert.equal(`${result.client?.address}:${result.client?.port}`, client)
      assert.equal(`${result.server?.address}:${result.server?.port}`, server)
    })
  }

  for (const line of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n']) {
    test(`${line.trim()} leaves the addresses to the socket`, () =>
      assert.deepEqual(parse(line), { kind: 'header', length: line.length, client: undefined, server: undefined }))
  }

  for (const line of [
    'PROXY\r\n',
    'PROXY \r\n',
    'PROXY TCP4\r\n',
    'PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n',
    'PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n',
    'PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n',
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n',
    'PROXY TCP4 evil.test 5.6.7.8 1 2\r\n',
    `PROXY TCP4 1.2.3.4 5.6.7.8 1 ${'2'.repeat(100)}\r\n`,
    `PROXY UNKNOWN ${'x'.repeat(107)}`,
  ]) {
    test(`'${line.trim().slice(0, 50)}' is no header that is taken`, () => {
      const { kind } = parse(line)
      assert.ok(kind === 'malformed' || (kind === 'none' && !line.startsWith('PROXY ')), kind)
    })
  }

  for (const { text, kind } of [
    { text: '', kind: 'incomplete' },
    { text: 'P', kind: 'incomplete' },
    { text: 'POST / HTTP/1.1', kind: 'none' },
    { text: 'PROPFIND / HTTP/1.1', kind: 'none' },
    { text: 'proxy TCP4 ', kind: 'none' },
    { text: ' PROXY TCP4 ', kind: 'none' },
    { text: '\r\nGET / HTTP/1.1', kind: 'none' },
    { text: '\r\n\r\n\0\r\nQUI', kind: 'incomplete' },
    { text: '\x16\x03\x01', kind: 'none' },
    { text: 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r', kind: 'incomplete' },
    { text: 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n', kind: 'incomplete' },
  ]) {
    test(`${JSON.stringify(text)} is ${kind}`, () => assert.equal(parse(text).kind, kind))
  }

  for (const [sent, address] of [
    ['2001:0DB8:0:0::7', '2001:db8::7'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ]) {
    test(`the address ${sent} is ${address}`, () => {
      const parsed = parse(`PROXY TCP6 ${sent} ::1 1 2\r\n`)
      assert.equal(parsed.kind === 'header' ? parsed.client?.address : parsed.kind, address)
    })
  }

  test('a line is written for the family of the addresses, and in IPv6 form for a mixed pair', () => {
    const four = { address: '1.2.3.4', port: 1 }
    const six = { address: '2001:db8::1', port: 2 }
    assert.equal(formatProxyHeader(1, four, four), 'PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n')
    assert.equal(formatProxyHeader(1, six, six), 'PROXY TCP6 2001:db8::1 2001:db8::1 2 2\r\n')
    assert.equal(formatProxyHeader(1, four, six), 'PROXY TCP6 ::ffff:1.2.3.4 2001:db8::1 1 2\r\n')
    assert.equal(formatProxyHeader(1, six, four), 'PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 2 1\r\n')
    const zoned = { address: 'fe80::1%eth0', port: 2 }
    assert.equal(formatProxyHeader(1, zoned, six), 'PROXY TCP6 fe80::1 2001:db8::1 2 2\r\n')
  })
})

describe('PROXY version 2', () => {
  const client = { address: '1.2.3.4', port: 5 }
  const server = { address: '6.7.8.9', port: 10 }
  const six = { address: '2001:db8::1', port: 2 }
  const unixAddresses = Buffer.alloc(216)

  for (const { name, fields, found } of [
    { name: 'TCP over IPv4', fields: { client, server }, found: [client, server] },
    { name: 'UDP over IPv4', fields: { client, server, family: 0x12 }, found: [client, server] },
    { name: 'TCP over IPv6', fields: { client: six, server: six }, found: [six, six] },
    { name: 'LOCAL', fields: { command: 0 }, found: [undefined, undefined] },
    { name: 'LOCAL with addresses', fields: { command: 0, client, server }, found: [undefined, undefined] },
    { name: 'a Unix socket', fields: { family: 0x31, extensions: unixAddresses }, found: [undefined, undefined] },
    { name: 'extensions', fields: { client, server, extensions: Buffer.alloc(300) }, found: [client, server] },
  ] satisfies { name: string; fields: V2Fields; found: unknown[] }[]) {
    test(`${name} is taken`, () => {
      const result = parse(v2Header(fields))
      assert.ok(result.kind === 'header')
      assert.deepEqual([result.client, result.server], found)
    })
  }

  for (const { name, fields } of [
    { name: 'version 1 in a header of version 2', fields: { version: 1, client, server } },
    { name: 'version 3', fields: { version: 3, client, server } },
    { name: 'an unknown command', fields: { command: 2, client, server } },
    { name: 'PROXY without address family', fields: { family: 0x00 } },
    { name: 'an unknown address family', fields: { family: 0x41, client, server } },
    { name: 'addresses that are too short', fields: { client, server, length: 11 } },
    { name: 'IPv6 with addresses of IPv4', fields: { client, server, family: 0x21 } },
    { name: 'a Unix socket without names', fields: { family: 0x31, extensions: Buffer.alloc(215) } },
    { name: 'a length beyond all use', fields: { client, server, length: 65_535 } },
  ] satisfies { name: string; fields: V2Fields }[]) {
    test(`${name} is malformed`, () => assert.equal(parse(v2Header(fields)).kind, 'malformed'))
  }
})
