// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the file has them too
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/config-error.ts'
import { parseProperties } from '../../src/config/properties.ts'
import { expandEnvironment } from '../../src/config/properties-expansion.ts'

const ENVIRONMENT = new Map([
  ['DC', 'east'],
  ['NESTED', '${DC}-1'],
])

function valuesOf(text: string): Record<string, string> {
  return Object.fromEntries([...parseProperties(text, ENVIRONMENT).properties].map(([key, { value }]) => [key, value]))
}

for (const { what, text, values } of [
  { what: 'blank lines and comments are ignored', text: '\n # a = b\n\t! c\n\n', values: {} },
  { what: 'there are no comments behind a value', text: 'a = b # c', values: { a: 'b # c' } },
  {
    what: 'the separator is =, : or a blank',
    text: 'a = 1\nb:2\nc 3\nd\t4',
    values: { a: '1', b: '2', c: '3', d: '4' },
  },
  { what: 'only one separator is taken', text: 'a = = b\nc : :80\nd :80', values: { a: '= b', c: ':80', d: '80' } },
  { what: 'blanks behind a value belong to it', text: 'a = b  ', values: { a: 'b  ' } },
  { what: 'a key without a value is empty', text: 'a\nb =\nc:', values: { a: '', b: '', c: '' } },
  { what: 'the last of equal keys wins', text: 'a = 1\na = 2', values: { a: '2' } },
  { what: 'keys differ by case', text: 'a = 1\nA = 2', values: { a: '1', A: '2' } },
  { what: 'CR and CRLF end lines too', text: 'a = 1\rb = 2\r\nc = 3', values: { a: '1', b: '2', c: '3' } },
  {
    what: 'escapes are replaced in keys and values',
    text: String.raw`a\ b\:\= = \t\n\u00e9\\+\+\$`,
    values: { 'a b:=': '\t\n\u00e9\\++$' },
  },
  {
    what: 'a backslash continues a value without a line break',
    text: 'a = b,\\\n   c\\\n# d',
    values: { a: 'b,c# d' },
  },
  { what: 'a continued line may end in CRLF', text: 'a = b,\\\r\n  c\r\nd = e', values: { a: 'b,c', d: 'e' } },
  { what: 'a byte order mark is not part of the first key', text: '\ufeffa = b', values: { a: 'b' } },
  { what: 'a line that is only a backslash is nothing', text: 'a = b\n\\\n', values: { a: 'b' } },
  {
    what: 'a reference is replaced',
    text: 'a = x\nb = ${a}-${DC}-${NESTED}-${nowhere}${}',
    values: { a: 'x', b: 'x-east-east-1-' },
  },
  { what: 'dollars without braces stay', text: 'a = $DC $$ $ {x} $', values: { a: '$DC $$ $ {x} $' } },
  { what: 'a backslash does not save a reference', text: 'a = \\${DC}', values: { a: 'east' } },
  {
    what: 'names of object members are keys as any other',
    text: '__proto__ = x\nconstructor = y',
    values: JSON.parse('{"__proto__":"x","constructor":"y"}'),
  },
]) {
  test(what, () => assert.deepEqual(valuesOf(text), values))
}

test('the line of a property is where it begins', () => {
  const { properties } = parseProperties('# one\n\na = b\\\n  c\nd = e\n', ENVIRONMENT)
  assert.equal(properties.get('a')?.line, 3)
  assert.equal(properties.get('d')?.line, 5)
})

test('names that references use are known', () => {
  assert.deepEqual([...parseProperties('own = 1\nproxy.addr = :${own}${DC}', ENVIRONMENT).referenced].sort(), [
    'DC',
    'own',
  ])
})

const CHAIN = Array.from({ length: 66 }, (_, i) => `k${i} = \${k${i + 1}}`).join('\n')

for (const { text, message } of [
  { text: 'a = b\n= c', message: 'properties: Line 2: "= c"' },
  { text: ': c', message: 'properties: Line 1: ": c"' },
  { text: 'a = b\n\nc = \\u12g4\nd = e', message: 'properties: Line 3: invalid unicode literal' },
  { text: 'a = \\u12', message: 'properties: Line 1: invalid unicode literal' },
  { text: 'a = b\\', message: 'properties: Line 1: premature EOF' },
  { text: 'a = ${a}', message: 'circular reference in: a -> a' },
  { text: 'a = ${b}\nb = ${c}\nc = ${a}', message: 'circular reference in: a -> b -> c -> a' },
  { text: 'unknown = ${a', message: 'malformed expression in unknown: ${ without }' },
  { text: CHAIN, message: 'expansion too deep in k0' },
]) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => parseProperties(text, ENVIRONMENT),
      error => error instanceof ConfigError && error.message === message,
    )
  })
}

test('references may be nested 63 deep', () => {
  const lines = Array.from({ length: 63 }, (_, i) => `k${i} = \${k${i + 1}}`)
  assert.equal(valuesOf([...lines, 'k63 = end'].join('\n')).k0, 'end')
})

test('a few lines cannot ask for more text than there is memory', () => {
  const lines = Array.from({ length: 60 }, (_, i) => `k${i} = \${k${i + 1}}\${k${i + 1}}`)
  assert.throws(() => valuesOf([...lines, 'k60 = xxxxxxxxxx'].join('\n')), ConfigError)
})

test('a path has the environment only', () => {
  assert.equal(expandEnvironment('/etc/${DC}/${none}fabio.properties', ENVIRONMENT), '/etc/east/fabio.properties')
})
