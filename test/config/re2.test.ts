import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translateRe2 } from '../../src/config/re2.ts'

for (const { expression, yes, no = [] } of [
  { expression: '', yes: ['', 'x'] },
  {
    expression: String.raw`^(text/.*|application/(javascript|json|font-woff|xml)|.*\+(json|xml))(;.*)?$`,
    yes: ['text/html; charset=utf-8', 'application/json', 'image/svg+xml'],
    no: ['image/png', 'application/jsonx'],
  },
  { expression: '(?i)^TEXT/', yes: ['text/plain'], no: ['xtext/plain'] },
  { expression: 'a(?i)b|c', yes: ['aB', 'C'], no: ['AB'] },
  { expression: '(a(?i)b)c', yes: ['aBc'], no: ['aBC'] },
  { expression: '(?i:a)b', yes: ['Ab'], no: ['AB'] },
  { expression: '(?s-i)a.b', yes: ['a\nb'] },
  { expression: '(?U)a+', yes: ['a'] },
  { expression: 'a.b', yes: ['axb'], no: ['a\nb'] },
  { expression: String.raw`\Aa\z`, yes: ['a'], no: ['a\n', 'ba'] },
  { expression: String.raw`\Qa.b\E+`, yes: ['a.b'], no: ['axb'] },
  { expression: '[]a]', yes: [']', 'a'], no: ['b'] },
  { expression: '[^]a]', yes: ['b'], no: [']'] },
  { expression: '^[a-c-b^-_]$', yes: ['b', '-', '_'], no: ['d'] },
  { expression: '^(a|b)*?c+$', yes: ['abc'], no: ['ab'] },
  { expression: '^[[:alpha:]_]+$', yes: ['ab_'], no: ['a1'] },
  { expression: '^[[:^digit:]]$', yes: ['a'], no: ['1'] },
  { expression: String.raw`^\s$`, yes: [' ', '\t'], no: ['\v', '\u00a0'] },
  { expression: String.raw`^[\s]$`, yes: ['\n'], no: ['\u00a0'] },
  { expression: String.raw`\bfoo\b`, yes: ['a foo b'], no: ['food'] },
  { expression: String.raw`^\x41\x{42}\103$`, yes: ['ABC'] },
  { expression: 'a{,2}', yes: ['a{,2}'], no: ['aa'] },
  { expression: '^a{2}$', yes: ['aa'], no: ['a{2}'] },
  { expression: '^a{2,}b{1,2}$', yes: ['aaab'] },
  { expression: '(?P<x>a)(?<y>b)', yes: ['ab'] },
  { expression: String.raw`^a\-\/\"b$`, yes: ['a-/"b'] },
]) {
  test(`/${expression}/ matches as RE2 does`, () => {
    const pattern = new RegExp(translateRe2(expression))
    for (const text of yes) assert.ok(pattern.test(text), `${pattern} should match ${JSON.stringify(text)}`)
    for (const text of no) assert.ok(!pattern.test(text), `${pattern} should not match ${JSON.stringify(text)}`)
  })
}

const PERL = 'invalid or unsupported Perl syntax: '
const ESCAPE = 'invalid escape sequence: '
const ARGUMENT = 'missing argument to repetition operator: '
const NESTED = 'invalid nested repetition operator: '

for (const { expression, reason } of [
  { expression: '^text/(', reason: 'missing closing ): `^text/(`' },
  { expression: 'a)', reason: 'unexpected ): `a)`' },
  { expression: 'b[a', reason: 'missing closing ]: `[a`' },
  { expression: 'a**', reason: `${NESTED}\`**\`` },
  { expression: 'a+?{2}b', reason: `${NESTED}\`+?{2}\`` },
  { expression: '*a', reason: `${ARGUMENT}\`*\`` },
  { expression: 'a|+?b', reason: `${ARGUMENT}\`+?\`` },
  { expression: '(?i)?a', reason: `${ARGUMENT}\`?\`` },
  { expression: '({2})', reason: `${ARGUMENT}\`{2}\`` },
  { expression: 'a(?=b)', reason: `${PERL}\`(?=\`` },
  { expression: 'a(?!b)', reason: `${PERL}\`(?!\`` },
  { expression: '(?<=a)b', reason: `${PERL}\`(?<\`` },
  { expression: String.raw`(a)\1`, reason: `${ESCAPE}\`\\1\`` },
  { expression: String.raw`\k<x>`, reason: `${ESCAPE}\`\\k\`` },
  { expression: String.raw`\cA`, reason: `${ESCAPE}\`\\c\`` },
  { expression: String.raw`\u0041`, reason: `${ESCAPE}\`\\u\`` },
  { expression: String.raw`\p{Greek}`, reason: `${ESCAPE}\`\\p\`` },
  { expression: '\\', reason: ESCAPE },
  { expression: 'a{1001}', reason: 'invalid repeat count: `{1001}`' },
  { expression: 'a{3,2}', reason: 'invalid repeat count: `{3,2}`' },
  { expression: '[[:foo:]]', reason: 'invalid or unsupported character class range: `[:foo:]`' },
  { expression: '[az-b]', reason: 'invalid character class range: `z-b`' },
  { expression: '(?z)a', reason: `${PERL}\`(?z\`` },
]) {
  test(`/${expression}/ is refused: ${reason}`, () =>
    assert.throws(
      () => translateRe2(expression),
      ({ message }: Error) => message.startsWith(`error parsing regexp: ${reason}`),
    ))
}
