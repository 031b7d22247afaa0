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

for (const expression of [
  '(',
  ')',
  '[a',
  'a**',
  '*a',
  'a(?=b)',
  'a(?!b)',
  '(?<=a)b',
  String.raw`(a)\1`,
  String.raw`\k<x>`,
  String.raw`\cA`,
  String.raw`\u0041`,
  String.raw`\p{Greek}`,
  '\\',
  'a{1001}',
  '[[:foo:]]',
  '[z-a]',
  '(?z)a',
]) {
  test(`/${expression}/ is refused`, () =>
    assert.throws(() => translateRe2(expression), /^Error: error parsing regexp: /))
}
