import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CompressionError, HpackDecoder } from '../../src/wire/hpack-decoder.ts'
import { HpackEncoder, maxBlockBytes } from '../../src/wire/hpack-encoder.ts'
import { decodeHuffman, encodeHuffman, huffmanLength } from '../../src/wire/hpack-huffman.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const UNLIMITED = 1e9

/** Few names and values, so that tables are used, and some of any kind and length. */
const latin1 = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes).toString('latin1'))
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(':path', ':status', 'cookie', 'date', 'x-a', 'x-b', 'x-c', 'grpc-status') },
  { weight: 1, arbitrary: latin1 },
)
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', '/', '200', 'a', 'b', '0', 'x'.repeat(60), 'gzip, deflate') },
  { weight: 1, arbitrary: latin1 },
)
const list = fc.array(fc.tuple(name, value), { maxLength: 12 }).map(fields => fields.flat())
const tableBytes = fc.oneof(fc.constantFrom(0, 64, 200, 4096, 65_536), fc.nat(5000))
const step = fc.record({ sizes: fc.array(tableBytes, { maxLength: 3 }), fields: list })

test('whatever is encoded is decoded as it was, through any changes of the table', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder()
      for (const { sizes, fields } of steps) {
        for (const size of sizes) {
          encoder.setMaxTableBytes(size)
          decoder.setMaxTableBytes(size)
        }
        const into = Buffer.alloc(maxBlockBytes(fields))
        const end = encoder.encode(fields, into, 0)
        assert.ok(end <= into.length)
        const decoded: string[] = []
        // An encoder that is told of a smaller table says so even where its block has no fields.
        assert.equal(decoder.decode(into, 0, end, decoded, UNLIMITED, UNLIMITED), true)
        assert.deepEqual(decoded, fields)
      }
    }),
    fuzzRuns(300),
  )
})

test('limits cut lists short and change nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(list, fc.nat(600), fc.nat(12)), { maxLength: 20 }), steps => {
      const encoder = new HpackEncoder()
      const decoder = new HpackDecoder()
      for (const [fields, maxBytes, maxFields] of steps) {
        const into = Buffer.alloc(maxBlockBytes(fields))
        const end = encoder.encode(fields, into, 0)
        const decoded: string[] = []
        const isWhole = decoder.decode(into, 0, end, decoded, maxBytes, maxFields)
        const bytes = fields.reduce((sum, text) => sum + text.length + 16, 0)
        assert.equal(isWhole, bytes <= maxBytes && fields.length <= maxFields * 2)
        assert.deepEqual(decoded, fields.slice(0, decoded.length))
        if (isWhole) assert.equal(decoded.length, fields.length)
      }
    }),
    fuzzRuns(300),
  )
})

/** Bytes like those of blocks: indexes, literals, changes of the table, broken off anywhere. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc
    .constantFrom(
      ...[
        '82',
        'be',
        'bf',
        'c0',
        '20',
        '3fe11f',
        '4001610162',
        '400161841f1f1f1f',
        '0401',
        '10017a0179',
        '7f00',
        'ff00',
      ],
      ...['400161 83 1c1c1c', '41 8cf1e3c2e5f23a6ba0ab90f4ff', '5f', '7f8001', 'ff8080808000'],
    )
    .map(hex => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))),
)

test('any bytes are fields or an error of the connection, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.array(piece, { maxLength: 12 }), { maxLength: 8 }), blocks => {
      const decoder = new HpackDecoder()
      try {
        for (const pieces of blocks) {
          const block = Buffer.concat(pieces)
          const fields: string[] = []
          decoder.decode(block, 0, block.length, fields, UNLIMITED, UNLIMITED)
          assert.equal(fields.length % 2, 0)
        }
      } catch (cause) {
        assert.ok(cause instanceof CompressionError, String(cause))
      }
    }),
    fuzzRuns(3000),
  )
})

test('no two texts have the same Huffman code: what is decoded is encoded to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const decoded = Buffer.alloc(Math.ceil((bytes.length * 8) / 5))
      const length = decodeHuffman(bytes, 0, bytes.length, decoded)
      if (length === -1) return
      const text = decoded.toString('latin1', 0, length)
      const encoded = new Uint8Array(huffmanLength(text))
      encodeHuffman(text, encoded, 0)
      assert.deepEqual(encoded, bytes)
    }),
    fuzzRuns(3000),
  )
})
