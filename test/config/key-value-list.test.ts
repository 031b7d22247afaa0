import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/config-error.ts'
import { parseKeyValueList, unknownKeyWarnings } from '../../src/config/key-value-list.ts'

const LISTS: readonly (readonly [text: string, ...maps: Record<string, string>[]])[] = [
  [''],
  [',;,'],
  [' '],
  ['a=b', { a: 'b' }],
  [' a = b ', { a: 'b' }],
  ['b;c=d,e;f=g', { '': 'b', c: 'd' }, { '': 'e', f: 'g' }],
  ['a=b=c;d=e=f', { a: 'b=c', d: 'e=f' }],
  ['a="b,c;d=e"', { a: 'b,c;d=e' }],
  [String.raw`a="b\\\""`, { a: String.raw`b\"` }],
  ['a="b"c', { a: 'bc' }],
  ['a=b"c,d"', { a: 'b"c' }, { '': 'd"' }],
  ['a= "b"', { a: '"b"' }],
  ["a='x'", { a: 'x' }],
  ["a='xy'", { a: 'xy' }],
  ["a='b,c'", { a: 'b,c' }],
  ['a=" b "', { a: ' b ' }],
  ['a;b', { '': 'a' }],
  [String.raw`a=b\,c`, { a: 'b\\' }, { '': 'c' }],
  [String.raw`a="\t\x41\u00e9\xc3\xa9\101"`, { a: '\tA\u00e9\u00e9A' }],
  [',a', { '': 'a' }],
  ['a,', { '': 'a' }],
  [';a=b', { a: 'b' }],
  ['a=b;;c=d', { a: 'b', c: 'd' }],
  ['a=b;,c=d', { a: 'b', c: 'd' }],
  ['a=1;a=2', { a: '2' }],
  ['hdr=Authorization: Bearer x ', { hdr: 'Authorization: Bearer x' }],
  ['{{ GetInterfaceIP "eth0" }}:5', { '': '{{ GetInterfaceIP "eth0" }}:5' }],
  ['__proto__=x;constructor=y', JSON.parse('{"__proto__":"x","constructor":"y"}')],
]

for (const [text, ...maps] of LISTS) {
  test(`'${text}' is a list of ${maps.length} maps`, () => {
    assert.deepEqual(
      parseKeyValueList(text).maps.map(map => [...map]),
      maps.map(map => Object.entries(map)),
    )
  })
}

for (const { text, message } of [
  { text: 'a="b', message: 'unbalanced quotes at column 3' },
  { text: String.raw`a="b\ `.trim(), message: 'unterminated escape sequence at column 3' },
  { text: String.raw`a="\q"`, message: 'invalid escape sequence at column 3' },
  { text: String.raw`a="\ud800"`, message: 'invalid escape sequence at column 3' },
  { text: 'a="b\nc"', message: 'invalid escape sequence at column 3' },
  { text: '=b', message: 'unexpected "=" at column 1; expected key=value pairs' },
  { text: 'a;b;c=d', message: 'unexpected ";" at column 4; expected key=value pairs' },
  { text: 'a;b,c', message: 'unexpected "," at column 4; expected key=value pairs' },
  { text: '"a:5"x;proto=tcp', message: 'unexpected "x" at column 6; expected key=value pairs' },
  { text: ':443;/a/cert.pem;/a/key.pem', message: 'unexpected ";" at column 17; expected key=value pairs' },
]) {
  test(`'${text}' is refused: ${message}`, () => {
    assert.throws(
      () => parseKeyValueList(text),
      error => error instanceof ConfigError && error.message === message,
    )
  })
}

test('a key without a value at the very end is dropped, and told', () => {
  const { maps, danglingKey } = parseKeyValueList(':80;proto')
  assert.deepEqual([...(maps[0] ?? [])], [['', ':80']])
  assert.equal(danglingKey, 'proto')
})

test('keys that nobody reads are told with the ones that are read', () => {
  const [map = new Map<string, string>()] = parseKeyValueList(':80;prto=tcp').maps
  const keys = [
    { key: '', value: '', defaultText: '', since: '', summary: '' },
    { key: 'proto', value: '', defaultText: '', since: '', summary: '' },
  ]
  assert.deepEqual(unknownKeyWarnings(map, keys, 'listener :80'), [
    'listener :80: unknown key "prto" is ignored; known keys are proto',
  ])
})
