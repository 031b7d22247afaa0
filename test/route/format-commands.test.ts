import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteCommand } from '../../src/route/command.ts'
import { formatCommand } from '../../src/route/format-commands.ts'
import { spec } from './route-samples.ts'

const everything = { src: undefined, dst: undefined, tags: [] }

const LINES: readonly { command: RouteCommand; line: string }[] = [
  { command: { kind: 'add', src: '/a', target: spec() }, line: 'route add svc /a http://10.0.0.1:80/' },
  {
    command: { kind: 'add', src: '/a', target: spec({ tags: ['blue', 'x y'] }) },
    line: 'route add svc /a http://10.0.0.1:80/ tags "blue,x y"',
  },
  {
    command: {
      kind: 'add',
      src: '/a',
      target: spec({
        fixedWeight: 0.2,
        tags: ['b'],
        options: [
          ['strip', '/a'],
          ['prepend', '/b'],
          ['foo', ''],
        ],
      }),
    },
    line: 'route add svc /a http://10.0.0.1:80/ weight 0.2 tags "b" opts "strip=/a prepend=/b foo"',
  },
  {
    command: { kind: 'add', src: '/a', target: spec({ options: [['foo', '"b']] }) },
    line: 'route add svc /a http://10.0.0.1:80/ opts "foo=\\"b"',
  },
  {
    command: { kind: 'add', src: '/a', target: spec({ service: 'two words', tags: ['line\nbreak'] }) },
    line: 'route add "two words" /a http://10.0.0.1:80/ tags "line\\nbreak"',
  },
  { command: { kind: 'remove', service: 's', ...everything }, line: 'route del s' },
  { command: { kind: 'remove', service: 's', src: '/', dst: 'http://h', tags: [] }, line: 'route del s / http://h' },
  { command: { kind: 'remove', service: undefined, ...everything, tags: ['a', 'b'] }, line: 'route del tags "a,b"' },
  { command: { kind: 'remove', service: '', ...everything }, line: 'route del tags ""' },
  { command: { kind: 'weigh', service: 's', src: '/', weight: 0.5, tags: [] }, line: 'route weight s / weight 0.5' },
  {
    command: { kind: 'weigh', service: undefined, src: '/', weight: 1, tags: ['x'] },
    line: 'route weight / weight 1 tags "x"',
  },
]

for (const { command, line } of LINES) {
  test(`a command is written as '${line}'`, () => assert.equal(formatCommand(command), line))
}
