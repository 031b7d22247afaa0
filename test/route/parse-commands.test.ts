import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteCommand } from '../../src/route/command.ts'
import { parseRouteCommands } from '../../src/route/parse-commands.ts'
import { spec } from './route-samples.ts'

function add(src: string, fields: Parameters<typeof spec>[0] = {}): RouteCommand {
  return { kind: 'add', src, target: spec({ service: 's', dst: 'http://h:1/', ...fields }) }
}

const everything = { src: undefined, dst: undefined, tags: [] }

const ACCEPTED: readonly { line: string; command: RouteCommand }[] = [
  { line: 'route add s / http://h:1/', command: add('/') },
  { line: '  route\tadd  s   /a\thttp://h:1/ \r', command: add('/a') },
  { line: 'route add s Foo.Test/A http://h:1/ weight 0.25', command: add('Foo.Test/A', { fixedWeight: 0.25 }) },
  { line: 'route add s / http://h:1/ tags "a, b c ,"', command: add('/', { tags: ['a', 'b c', ''] }) },
  { line: 'route add s / http://h:1/ tags ""', command: add('/') },
  {
    line: 'route add s / http://h:1/ weight 1 tags "x" opts "strip=/a  foo k=v=w strip=/b"',
    command: add('/', {
      fixedWeight: 1,
      tags: ['x'],
      options: [
        ['strip', '/a'],
        ['foo', ''],
        ['k', 'v=w'],
        ['strip', '/b'],
      ],
    }),
  },
  { line: 'route add s / http://h:1/ opts "a=b"', command: add('/', { options: [['a', 'b']] }) },
  { line: 'route add s / http://h:1/ weight -1', command: add('/') },
  { line: 'route add s / http://h:1/ weight NaN', command: add('/') },
  { line: 'route add s / http://h:1/ weight .5', command: add('/', { fixedWeight: 0.5 }) },
  { line: 'route add s / http://h:1/ weight 1e-1', command: add('/', { fixedWeight: 0.1 }) },
  { line: 'route add s / http://h:1/ weight 0x1p-2', command: add('/', { fixedWeight: 0.25 }) },
  { line: 'route add s / http://h:1/ weight 1_0', command: add('/', { fixedWeight: 10 }) },
  { line: 'route add s / foo', command: add('/', { dst: 'foo' }) },
  { line: 'route add s "/x" foo', command: add('"/x"', { dst: 'foo' }) },
  { line: 'route add s :3306 tcp://h:1', command: add(':3306', { dst: 'tcp://h:1' }) },
  { line: 'route del s', command: { kind: 'remove', service: 's', ...everything } },
  { line: 'route del s /a', command: { kind: 'remove', service: 's', ...everything, src: '/a' } },
  { line: 'route del s /a http://h', command: { kind: 'remove', service: 's', src: '/a', dst: 'http://h', tags: [] } },
  { line: 'route del s tags "a,b"', command: { kind: 'remove', service: 's', ...everything, tags: ['a', 'b'] } },
  { line: 'route del s tags ""', command: { kind: 'remove', service: 's', ...everything } },
  { line: 'route del tags "a b"', command: { kind: 'remove', service: undefined, ...everything, tags: ['a b'] } },
  { line: 'route del tags ""', command: { kind: 'remove', service: '', ...everything } }, // of nobody
  { line: 'route del tags', command: { kind: 'remove', service: 'tags', ...everything } },
  { line: 'route del s tags x', command: { kind: 'remove', service: 's', src: 'tags', dst: 'x', tags: [] } },
  { line: 'route del s tags "a', command: { kind: 'remove', service: 's', src: 'tags', dst: '"a', tags: [] } },
  { line: 'route weight s / weight 0.5', command: { kind: 'weigh', service: 's', src: '/', weight: 0.5, tags: [] } },
  { line: 'route weight s / weight -2', command: { kind: 'weigh', service: 's', src: '/', weight: -2, tags: [] } },
  {
    line: 'route weight s / weight 1 tags "x,y"',
    command: { kind: 'weigh', service: 's', src: '/', weight: 1, tags: ['x', 'y'] },
  },
  {
    line: 'route weight / weight 1 tags "x"',
    command: { kind: 'weigh', service: undefined, src: '/', weight: 1, tags: ['x'] },
  },
  {
    line: 'route weight / weight 1 tags ""',
    command: { kind: 'weigh', service: undefined, src: '/', weight: 1, tags: [] },
  },
]

for (const { line, command } of ACCEPTED) {
  test(`'${line}' is a command`, () => {
    assert.deepEqual(parseRouteCommands(line), { commands: [command], rejected: [] })
  })
}

const ADD = "syntax error: 'route add' invalid"
const DEL = "syntax error: 'route del' invalid"
const WEIGHT = "syntax error: 'route weight' invalid"
const ROUTE = "syntax error: 'route' expected"
const NUMBER = 'syntax error: weight value invalid'

const REJECTED: readonly { line: string; reason: string; column: number }[] = [
  { line: 'route add s / http://h:1/ tags "x" weight 1', reason: ADD, column: 36 },
  { line: 'route add s / http://h:1/ opts "a=b" tags "x"', reason: ADD, column: 38 },
  { line: 'route add s / http://h:1/ # note', reason: ADD, column: 27 },
  { line: 'route add s  http://h:1/', reason: ADD, column: 25 },
  { line: 'route add', reason: ADD, column: 10 },
  { line: 'route addx s / http://h:1/', reason: ADD, column: 7 },
  { line: '  route add s / http://h:1/ tags "x', reason: ADD, column: 34 },
  { line: 'route add s / http://h:1/ tags x', reason: ADD, column: 32 },
  { line: 'route add s / http://h:1/ tags "x"opts "a=b"', reason: ADD, column: 35 },
  { line: "route add s / http://h:1/ tags 'x'", reason: ADD, column: 32 },
  { line: 'route add s / http://h:1/ opts "foo=\\"b c\\""', reason: ADD, column: 39 },
  { line: 'route add s / http://h:1/ weight', reason: ADD, column: 33 },
  { line: 'route add s / http://h:1/ weight x', reason: NUMBER, column: 34 },
  { line: 'route add s / http://h:1/ weight Inf', reason: NUMBER, column: 34 },
  { line: 'route add s / http://h:1/ weight -Infinity', reason: NUMBER, column: 34 },
  { line: 'route add s / http://h:1/ weight 1e999', reason: NUMBER, column: 34 },
  { line: 'route del', reason: DEL, column: 10 },
  { line: 'route del a b c d', reason: DEL, column: 17 },
  { line: 'route weight / weight 0.5', reason: WEIGHT, column: 26 },
  { line: 'route weight s / weight', reason: WEIGHT, column: 24 },
  { line: 'route weight s / weight x', reason: NUMBER, column: 25 },
  { line: 'Route add s / http://h:1/', reason: ROUTE, column: 1 },
  { line: ' routeadd s', reason: ROUTE, column: 2 },
  { line: 'route delete', reason: DEL, column: 7 },
  { line: 'route frobnicate', reason: ROUTE, column: 1 },
  { line: 'nonsense', reason: ROUTE, column: 1 },
]

for (const { line, reason, column } of REJECTED) {
  test(`'${line}' is rejected at column ${column}: ${reason}`, () => {
    const { commands, rejected } = parseRouteCommands(line)
    assert.deepEqual(commands, [])
    assert.deepEqual(
      rejected.map(rejection => ({ reason: rejection.reason, column: rejection.column, text: rejection.text })),
      [{ reason, column, text: line }],
    )
    assert.notEqual(rejected[0]?.expected, '')
  })
}

test('blank lines and comments are no commands, and are counted', () => {
  const text = '\n# comment\n  // comment\n \t\nroute add s / http://h:1/\r\nbad\r\n'
  const { commands, rejected } = parseRouteCommands(text)
  assert.deepEqual(commands, [add('/')])
  assert.deepEqual(
    rejected.map(({ line, text: bad }) => ({ line, bad })),
    [{ line: 6, bad: 'bad' }],
  )
})

test('a line longer than 64 KiB is parsed like any other, and so are those behind it', () => {
  const path = `/${'a'.repeat(100_000)}`
  const { commands } = parseRouteCommands(`route add s ${path} http://h:1/\nroute add s / http://h:1/`)
  assert.deepEqual(commands, [add(path), add('/')])
})
