import assert from 'node:assert/strict'
import { isIPv4 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatProxyHeader, type ProxyAddress, parseProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { v2Header } from './v2-header.ts'

const port = fc.integer({ min: 0, max: 65_535 })
const address4 = fc.record({ address: fc.ipV4(), port })
const address6 = fc.record({ address: fc.ipV6(), port })
const rest = fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes))

function parse(bytes: Buffer, end = bytes.length): ReturnType<typeof parseProxyHeader> {
  return parseProxyHeader(bytes, end)
}

/** The URL parser writes IPv6 addresses as RFC 5952 says. */
function canonical({ address, port }: ProxyAddress): ProxyAddress {
  if (isIPv4(address)) return { address, port }
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(host) ?? []
  if (high === undefined || low === undefined) return { address: host, port }
  const word = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16)
  return { address: [word >>> 24, (word >> 16) & 255, (word >> 8) & 255, word & 255].join('.'), port }
}

test('a line of version 1 says again what it was made of, and leaves alone what follows', () => {
  const pair = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6))
  fc.assert(
    fc.property(pair, rest, ([client, server], following) => {
      const line = Buffer.from(formatProxyHeader(1, client, server), 'latin1')
      const result = parse(Buffer.concat([line, following]))
      assert.ok(result.kind === 'header')
      assert.equal(result.length, line.length)
      const { client: foundClient, server: foundServer } = result
      assert.ok(foundClient !== undefined && foundServer !== undefined)
      assert.deepEqual([canonical(foundClient), canonical(foundServer)], [canonical(client), canonical(server)])
    }),
    fuzzRuns(3_000),
  )
})

test('a header of version 2 says again what it was made of, in one family, and leaves alone what follows', () => {
  const any = fc.oneof(address4, address6)
  fc.assert(
    fc.property(any, any, rest, (client, server, following) => {
      const header = Buffer.from(formatProxyHeader(2, client, server), 'latin1')
      const result = parse(Buffer.concat([header, following]))
      assert.deepEqual(result, {
        kind: 'header',
        length: header.length,
        client: canonical(client),
        server: canonical(server),
      })
    }),
    fuzzRuns(3_000),
  )
})

test('a line for addresses of both families is one that every reader of TCP6 takes', () => {
  fc.assert(
    fc.property(address4, address6, (four, six) => {
      assert.match(formatProxyHeader(1, four, six), /^PROXY TCP6 ::ffff:[0-9.]+ \S+ [0-9]+ [0-9]+\r\n$/)
      assert.match(formatProxyHeader(1, six, four), /^PROXY TCP6 \S+ ::ffff:[0-9.]+ [0-9]+ [0-9]+\r\n$/)
    }),
    fuzzRuns(300),
  )
})

test('a header of version 2 says its addresses, passes over its extensions, and leaves alone what follows', () => {
  const pair = fc.oneof(fc.tuple(address4, address4), fc.tuple(address6, address6))
  fc.assert(
    fc.property(pair, rest, rest, ([client, server], extensions, following) => {
      const header = v2Header({ client, server, extensions })
      const result = parse(Buffer.concat([header, following]))
      assert.deepEqual(result, {
        kind: 'header',
        length: header.length,
        client: canonical(client),
        server: canonical(server),
      })
    }),
    fuzzRuns(3_000),
  )
})

const anyHeader = fc.oneof(
  fc.tuple(address4, address4).map(([client, server]) => Buffer.from(formatProxyHeader(1, client, server), 'latin1')),
  fc.tuple(address6, address6).map(([client, server]) => v2Header({ client, server, extensions: Buffer.alloc(3) })),
  fc.constant(Buffer.from('PROXY UNKNOWN whatever else\r\n', 'latin1')),
  fc.constant(v2Header({ command: 0 })),
)

test('of every proper beginning of a header more is wanted', () => {
  fc.assert(
    fc.property(anyHeader, fc.double({ min: 0, max: 1, noNaN: true }), (header, part) => {
      const end = Math.min(Math.floor(header.length * part), header.length - 1)
      assert.equal(parse(header, end).kind, 'incomplete')
      assert.equal(parse(header).kind, 'header')
    }),
    fuzzRuns(3_000),
  )
})

test('what stands behind the end is not looked at', () => {
  fc.assert(
    fc.property(anyHeader, fc.nat(300), rest, (header, length, behind) => {
      const end = Math.min(length, header.length)
      const bytes = Buffer.concat([header.subarray(0, end), behind])
      assert.deepEqual(parse(bytes, end), parse(Buffer.from(header.subarray(0, end))))
    }),
    fuzzRuns(1_000),
  )
})

test('any bytes are a header that lies within them, none, malformed, or a beginning, and never an exception', () => {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
  const beginning = fc.constantFrom(
    Buffer.alloc(0),
    Buffer.from('PROXY '),
    Buffer.from('PROXY TCP4 1.1.1.1 '),
    signature,
  )
  const damaged = fc.tuple(anyHeader, fc.nat(60), fc.nat(255)).map(([header, at, byte]) => {
    const bytes = Buffer.from(header)
    bytes[Math.min(at, bytes.length - 1)] = byte
    return bytes
  })
  const bytes = fc.oneof(
    damaged,
    fc.tuple(beginning, fc.uint8Array({ maxLength: 200 })).map(parts => Buffer.concat(parts)),
  )
  fc.assert(
    fc.property(bytes, received => {
      const result = parse(received)
      if (result.kind !== 'header') return
      assert.ok(result.length <= received.length)
      for (const end of [result.client, result.server]) {
        assert.ok(end === undefined || (end.port >= 0 && end.port <= 65_535 && end.address !== ''))
      }
    }),
    fuzzRuns(10_000),
  )
})
