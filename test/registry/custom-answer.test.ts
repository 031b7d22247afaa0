import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CustomAnswerError, decodeCommands } from '../../src/registry/custom-answer.ts'
import { formatCommand } from '../../src/route/format-commands.ts'

const ADD = { cmd: 'route add', service: 'web', src: 'Shop.test/', dst: 'http://10.0.0.1:80/' }

for (const { element, line } of [
  { element: ADD, line: 'route add web Shop.test/ http://10.0.0.1:80/' },
  {
    element: { ...ADD, weight: 0.5, tags: ['a', 'b'], opts: { strip: '/x', host: 'dst' } },
    line: 'route add web Shop.test/ http://10.0.0.1:80/ weight 0.5 tags "a,b" opts "strip=/x host=dst"',
  },
  { element: { ...ADD, weight: -1 }, line: 'route add web Shop.test/ http://10.0.0.1:80/' },
  { element: { ...ADD, service: 'two words' }, line: 'route add "two words" Shop.test/ http://10.0.0.1:80/' },
  {
    element: { CMD: 'route add', Service: 'web', SRC: '/', dSt: 'http://h/', extra: [1] },
    line: 'route add web / http://h/',
  },
  { element: { ...ADD, DST: 'http://later/' }, line: 'route add web Shop.test/ http://later/' },
  {
    element: { ...ADD, weight: null, tags: null, opts: null },
    line: 'route add web Shop.test/ http://10.0.0.1:80/',
  },
  { element: { ...ADD, opts: { strip: null } }, line: 'route add web Shop.test/ http://10.0.0.1:80/ opts "strip"' },
  { element: { cmd: 'route del', service: 'web' }, line: 'route del web' },
  { element: { cmd: 'route del', service: 'web', src: '/a' }, line: 'route del web /a' },
  { element: { cmd: 'route del', service: 'web', src: '/a', dst: 'http://h' }, line: 'route del web /a http://h' },
  { element: { cmd: 'route del', tags: ['a', 'b'] }, line: 'route del tags "a,b"' },
  { element: { cmd: 'route del', service: 'web', tags: ['a'] }, line: 'route del web tags "a"' },
  { element: { cmd: 'route del' }, line: 'route del tags ""' },
  {
    element: { cmd: 'route weight', service: 'web', src: '/a', weight: 0.25 },
    line: 'route weight web /a weight 0.25',
  },
  {
    element: { cmd: 'route weight', src: '/a', weight: 1, tags: ['x'] },
    line: 'route weight /a weight 1 tags "x"',
  },
]) {
  test(`${JSON.stringify(element)} is '${line}'`, () => {
    const [decoded] = decodeCommands(JSON.stringify([element]))
    assert.ok(decoded !== undefined && decoded.kind !== 'rejected')
    assert.equal(formatCommand(decoded), line)
  })
}

for (const { element, part, reason, expected } of [
  {
    element: { ...ADD, weight: '0.5' },
    part: '"weight":"0.5"}',
    reason: 'weight is a text',
    expected: 'weight to be a number such as 0.25',
  },
  {
    element: { ...ADD, cmd: 'route Add' },
    part: '"cmd":',
    reason: 'route: invalid command: route Add',
    expected: 'cmd to be "route add", "route del" or "route weight"',
  },
  { element: {}, part: '{}', reason: 'route: invalid command: ' },
  { element: { ...ADD, cmd: 7 }, part: '"cmd":7', reason: 'cmd is a number' },
  { element: { ...ADD, SERVICE: ['x'] }, part: '"service":', reason: 'service is a list' },
  { element: { ...ADD, src: true }, part: '"src":true', reason: 'src is true' },
  { element: { ...ADD, dst: {} }, part: '"dst":{}', reason: 'dst is an object' },
  { element: { ...ADD, tags: 'a,b' }, part: '"tags":"a,b"', reason: 'tags is a text' },
  { element: { ...ADD, tags: ['a', 1] }, part: '"tags":["a",1]', reason: 'tag 2 is a number' },
  { element: { ...ADD, opts: ['strip=/x'] }, part: '"opts":["strip=/x"]', reason: 'opts is a list' },
  { element: { ...ADD, opts: { strip: 1 } }, part: '"opts":{"strip":1}', reason: 'option "strip" is a number' },
  {
    element: 'route add',
    part: '"route add"',
    reason: 'the element is a text',
    expected: 'an object with cmd, service, src and so on',
  },
  { element: null, part: 'null', reason: 'the element is null' },
  { element: [ADD], part: '[{', reason: 'the element is a list' },
]) {
  test(`${JSON.stringify(element)} costs itself: ${reason}`, () => {
    const [first, bad, last] = decodeCommands(JSON.stringify([ADD, element, ADD]))
    assert.ok(bad?.kind === 'rejected')
    assert.deepEqual([first?.kind, last?.kind], ['add', 'add'])
    assert.equal(bad.reason, reason)
    assert.ok(
      bad.text
        .slice(bad.column - 1)
        .toLowerCase()
        .startsWith(part),
      `${bad.text}, column ${bad.column}`,
    )
    if (expected !== undefined) assert.equal(bad.expected, expected)
  })
}

test('a weight that is no finite number costs its element', () => {
  const [bad] = decodeCommands('[{"cmd":"route add","weight":1e999}]')
  assert.ok(bad?.kind === 'rejected')
  assert.equal(bad.reason, 'weight is too large a number')
})

test('a long element is shown in part', () => {
  const [bad] = decodeCommands(JSON.stringify(['x'.repeat(10_000)]))
  assert.ok(bad?.kind === 'rejected')
  assert.equal(bad.text.length, 301)
})

for (const { body, count } of [
  { body: '[]', count: 0 },
  { body: ' [ ] \n', count: 0 },
  { body: `[${JSON.stringify(ADD)}] and text behind it`, count: 1 },
  { body: `[${JSON.stringify({ ...ADD, service: 'a]}"\\' })}]]]`, count: 1 },
]) {
  test(`${body} has ${count} elements`, () => assert.equal(decodeCommands(body).length, count))
}

for (const body of [
  '',
  'null',
  '{}',
  '{"cmd":"route add"}[]',
  '"[]"',
  '7',
  '[',
  '[{"cmd":"route add"}',
  '["',
  '<html>',
  ']',
  '[1,]x',
]) {
  test(`${JSON.stringify(body)} is no list of commands`, () =>
    assert.throws(() => decodeCommands(body), CustomAnswerError))
}
