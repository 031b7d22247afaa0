// Vectors of RFC 7541, Appendix C, and what no encoder may write.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompressionError, HpackDecoder } from '../../src/wire/hpack-decoder.ts'
import { HpackEncoder, maxBlockBytes } from '../../src/wire/hpack-encoder.ts'
import { decodeHuffman, encodeHuffman, huffmanLength } from '../../src/wire/hpack-huffman.ts'

const UNLIMITED = 1e9

interface Decoded {
  readonly fields: string[]
  readonly isWhole: boolean
}

function decode(decoder: HpackDecoder, hex: string, maxBytes = UNLIMITED, maxFields = UNLIMITED): Decoded {
  const block = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  // In the midst of other bytes, as it is read.
  const bytes = Buffer.concat([Buffer.from([0xff, 0xff]), block, Buffer.from([0xff, 0xff])])
  const fields: string[] = []
  const isWhole = decoder.decode(bytes, 2, 2 + block.length, fields, maxBytes, maxFields)
  return { fields, isWhole }
}

function encode(encoder: HpackEncoder, fields: readonly string[], neverIndexed?: ReadonlySet<string>): string {
  const into = Buffer.alloc(maxBlockBytes(fields) + 3)
  return into.subarray(3, encoder.encode(fields, into, 3, neverIndexed)).toString('hex')
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com']
const ANSWER = [
  ...[':status', '302', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ...['location', 'https://www.example.com'],
]
const SECOND_ANSWER = [':status', '307', ...ANSWER.slice(2)]
const THIRD_ANSWER = [
  ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
  ...['location', 'https://www.example.com', 'content-encoding', 'gzip'],
  ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
]

const VECTORS: readonly {
  readonly name: string
  readonly blocks: readonly (readonly [string, readonly string[]])[]
}[] = [
  {
    name: 'C.2.1 a literal that is added',
    blocks: [['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', ['custom-key', 'custom-header']]],
  },
  { name: 'C.2.2 a literal that is not', blocks: [['040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']]] },
  {
    name: 'C.2.3 a literal that never is',
    blocks: [['1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']]],
  },
  { name: 'C.2.4 an index', blocks: [['82', [':method', 'GET']]] },
  {
    name: 'C.3 requests without Huffman code',
    blocks: [
      ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', REQUEST],
      ['8286 84be 5808 6e6f 2d63 6163 6865', [...REQUEST, 'cache-control', 'no-cache']],
      [
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
        [
          ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
          ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
        ],
      ],
    ],
  },
  {
    name: 'C.4 requests with Huffman code',
    blocks: [
      ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', REQUEST],
      ['8286 84be 5886 a8eb 1064 9cbf', [...REQUEST, 'cache-control', 'no-cache']],
      [
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
        [
          ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html'],
          ...[':authority', 'www.example.com', 'custom-key', 'custom-value'],
        ],
      ],
    ],
  },
  {
    name: 'C.5 answers without Huffman code, in a table of 256 octets',
    blocks: [
      [
        '3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        ANSWER,
      ],
      ['4803 3330 37c1 c0bf', SECOND_ANSWER],
      [
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
        THIRD_ANSWER,
      ],
    ],
  },
  {
    name: 'C.6 answers with Huffman code, in a table of 256 octets',
    blocks: [
      [
        '3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        ANSWER,
      ],
      ['4883 640e ffc1 c0bf', SECOND_ANSWER],
      [
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
        THIRD_ANSWER,
      ],
    ],
  },
]

for (const { name, blocks } of VECTORS) {
  test(`RFC 7541 ${name} is read`, () => {
    const decoder = new HpackDecoder()
    for (const [hex, fields] of blocks)
      assert.deepEqual(decode(decoder, hex), { fields: [...fields], isWhole: true }, hex)
  })
}

for (const [text, hex] of [
  ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
  ['no-cache', 'a8eb10649cbf'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  [
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ],
] as const) {
  test(`'${text}' in Huffman code is what the RFC has`, () => {
    const out = new Uint8Array(huffmanLength(text))
    assert.equal(encodeHuffman(text, out, 0), out.length)
    assert.equal(Buffer.from(out).toString('hex'), hex)
  })
}

test('every octet survives the Huffman code, by itself and in any company', () => {
  const text = Buffer.from(Array.from({ length: 512 }, (_, i) => (i < 256 ? i : (i * 167) & 0xff))).toString('latin1')
  for (const part of [text, ...text.slice(0, 256)]) {
    const encoded = new Uint8Array(huffmanLength(part))
    const decoded = Buffer.alloc(Math.ceil((encoded.length * 8) / 5))
    assert.equal(encodeHuffman(part, encoded, 0), encoded.length)
    assert.equal(decodeHuffman(encoded, 0, encoded.length, decoded), part.length)
    assert.equal(decoded.toString('latin1', 0, part.length), part)
  }
})

for (const [what, hex] of [
  ['index 0', '80'],
  ['an index of an empty table', 'be'],
  ['an index far beyond the table', 'ffffff7f'],
  ['a name of an empty table', '7e0161'],
  ['a block that ends behind the kind of a literal', '40'],
  ['a block that ends behind a name', '400161'],
  ['a block that ends in a text', '4001610561'],
  ['a block that ends in an integer', 'ff'],
  ['an integer without end', 'ffffffffffffffffff01'],
  ['a length that is more than an integer may say', '40017f7fffffffffffff7f'],
  ['EOS in a text', '400161 84 ffffffff'],
  ['EOS and more', '400161 85 fffffffcff'],
  ['padding of eight bits', '400161 82 1fff'],
  ['padding of zeros', '400161 81 18'],
  ['a code that breaks off', '400161 81 fe'],
  ['a table larger than announced', '3fe21f'],
  ['a change of the table behind a field', '8220'],
] as const) {
  test(`${what} is an error of the connection`, () => {
    assert.throws(() => decode(new HpackDecoder(), hex), CompressionError)
  })
}

test('a text may end without padding, or with up to seven ones', () => {
  assert.deepEqual(decode(new HpackDecoder(), '000161 81 1f').fields, ['a', 'a'])
  assert.deepEqual(decode(new HpackDecoder(), '000161 81 f9').fields, ['a', '*'])
  assert.deepEqual(decode(new HpackDecoder(), '000161 80').fields, ['a', ''])
})

test('a table that has to become smaller does so at the beginning of the next block, or the connection fails', () => {
  const decoder = new HpackDecoder()
  decode(decoder, '4001610162')
  decoder.setMaxTableBytes(100)
  assert.throws(() => decode(decoder, 'be'), CompressionError)
  const obedient = new HpackDecoder()
  decode(obedient, '4001610162')
  obedient.setMaxTableBytes(100)
  assert.deepEqual(decode(obedient, '20 3f45 82').fields, [':method', 'GET'])
  assert.throws(() => decode(obedient, 'be'), CompressionError)
  assert.throws(() => decode(obedient, '3f46'), CompressionError)
})

test('a list that is too long is cut short, and what follows is read as if it had not been', () => {
  const decoder = new HpackDecoder()
  assert.deepEqual(decode(decoder, '4001610162 4001630164', 34 + 33), { fields: ['a', 'b'], isWhole: false })
  assert.deepEqual(decode(decoder, 'bebf', 68), { fields: ['c', 'd', 'a', 'b'], isWhole: true })
  assert.deepEqual(decode(decoder, 'bebfbe', UNLIMITED, 2), { fields: ['c', 'd', 'a', 'b'], isWhole: false })
})

for (const [what, name, value] of [
  ['an upper-case name', 'aB', 'x'],
  ['an empty name', '', 'x'],
  ['a name of a colon', ':', 'x'],
  ['a colon inside a name', 'a:b', 'x'],
  ['a name with a space', 'a ', 'x'],
  ['a name beyond ASCII', 'é', 'x'],
  ['a line end in a value', 'a', 'x\r\ny: z'],
  ['NUL in a value', 'a', 'x\0'],
] as const) {
  test(`${what} is noticed, as a literal and out of the table`, () => {
    const decoder = new HpackDecoder()
    const text = (s: string): string =>
      Buffer.concat([Buffer.from([s.length]), Buffer.from(s, 'latin1')]).toString('hex')
    decode(decoder, `40${text(name)}${text(value)}`)
    assert.equal(decoder.isMalformed, true)
    decode(decoder, '82')
    assert.equal(decoder.isMalformed, false)
    decode(decoder, 'be')
    assert.equal(decoder.isMalformed, true)
  })
}

test('values of any other octet, and a tab inside, are fine', () => {
  const decoder = new HpackDecoder()
  decode(decoder, '000161 05 c3 09 20 ff 7e')
  assert.equal(decoder.isMalformed, false)
})

test('secrets are never indexed, nor what came as such', () => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  for (let i = 0; i < 3; i++) {
    const fields = ['authorization', 'Basic eDp5', 'cookie', 'a=b', 'set-cookie', 'c=d', 'x-key', 'k', 'x-plain', 'p']
    decode(decoder, encode(encoder, fields, new Set(['x-key'])))
    assert.deepEqual([...(decoder.neverIndexed ?? [])], ['authorization', 'cookie', 'set-cookie', 'x-key'])
  }
})

test('what is sent again becomes one octet, what is sent once does not push it out', () => {
  const encoder = new HpackEncoder()
  const fields = [':path', '/pkg.Service/Call', 'user-agent', 'grpc-go/1.80.0', 'x-tenant', 'garden']
  for (let i = 0; i < 200; i++) encode(encoder, [...fields, 'x-request-id', `${i}-0123456789abcdef0123456789abcdef`])
  assert.equal(encode(encoder, fields).length / 2, 3)
})

test('an encoder obeys the size of the table that it is told, and says so', () => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  const fields = ['x-a', '1', 'x-b', '2']
  decode(decoder, encode(encoder, fields))
  encoder.setMaxTableBytes(0)
  encoder.setMaxTableBytes(50)
  const block = encode(encoder, fields)
  assert.ok(block.startsWith('203f13'), block)
  assert.deepEqual(decode(decoder, block).fields, fields)
  encoder.setMaxTableBytes(1e9)
  assert.deepEqual(decode(decoder, encode(encoder, fields)).fields, fields)
})
