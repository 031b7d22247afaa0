import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandContext, CommandFault } from '../../src/route/check-command.ts'
import { checkRouteText, findFaults } from '../../src/route/check-command.ts'
import { parseRouteCommands } from '../../src/route/parse-commands.ts'
import { spec } from './route-samples.ts'

const PREFIX: CommandContext = { matcher: 'prefix', globHosts: true }
const GLOB: CommandContext = { matcher: 'glob', globHosts: true }

interface Example {
  readonly line: string
  readonly context?: CommandContext
  readonly faults: readonly Partial<CommandFault>[]
}

const EXAMPLES: readonly Example[] = [
  { line: 'route add s / http://h:1/', faults: [] },
  { line: 'route add s / foo', faults: [] },
  {
    line: 'route add s / 10.0.0.1:80',
    faults: [
      {
        part: '10.0.0.1:80',
        reason: 'route: invalid target. parse "10.0.0.1:80": first path segment in URL cannot contain colon',
        isFatal: true,
      },
    ],
  },
  { line: 'route del s / 10.0.0.1:80', faults: [{ part: '10.0.0.1:80', isFatal: true }] },
  { line: 'route add s h.test/[a http://h:1/', context: PREFIX, faults: [] },
  {
    line: 'route add s h.test/[a http://h:1/',
    context: GLOB,
    faults: [{ part: '/[a', reason: 'unexpected end of input', isFatal: true }],
  },
  {
    line: 'route add s h[x/ http://h:1/',
    faults: [{ part: 'h[x/', reason: 'Compiling glob - unexpected end of input', isFatal: false }],
  },
  { line: 'route add s h[x/ http://h:1/', context: { matcher: 'prefix', globHosts: false }, faults: [] },
  {
    line: 'route add s / http://h:1/ opts "redirect=200 allow=x"',
    faults: [
      { part: 'redirect=200', reason: 'redirect status code should be in 3xx range. Got: 200', isFatal: false },
      {
        part: 'allow=x',
        reason: 'failed to process access rules: invalid access item, expected <type>:<data>, got [x]',
        isFatal: false,
      },
    ],
  },
]

for (const { line, context = PREFIX, faults } of EXAMPLES) {
  test(`'${line}' with matcher ${context.matcher} has ${faults.length} faults`, () => {
    const [command] = parseRouteCommands(line).commands
    assert.ok(command !== undefined)
    const found = findFaults(command, context)
    assert.equal(found.length, faults.length)
    for (const [index, fault] of found.entries()) assert.deepEqual({ ...fault, ...faults[index] }, fault)
  })
}

test('what text cannot say is checked as well', () => {
  const reasons = (fields: Parameters<typeof spec>[0], src = '/') =>
    findFaults({ kind: 'add', src, target: spec(fields) }, PREFIX).map(({ reason }) => reason)
  assert.deepEqual(reasons({ dst: '' }), ['route: target must not be empty'])
  assert.deepEqual(reasons({}, ''), ['route: prefix must not be empty'])
  assert.deepEqual(reasons({ fixedWeight: Infinity }), ['syntax error: weight value invalid'])
  assert.deepEqual(
    findFaults({ kind: 'weigh', service: 's', src: '', weight: 1, tags: [] }, PREFIX).map(({ reason }) => reason),
    ['route: prefix must not be empty'],
  )
})

test('a text is checked before it counts: what would be left out is told with its place', () => {
  const text =
    '# note\nroute add s / http://h:1/ opts "redirect=1"\n  route add s /[a h:1:$path\nroute ad\nroute add s / 1:2'
  assert.deepEqual(
    checkRouteText(text, GLOB).map(({ line, column, reason }) => ({ line, column, reason })),
    [
      { line: 3, column: 15, reason: 'unexpected end of input' },
      { line: 4, column: 1, reason: "syntax error: 'route' expected" },
      {
        line: 5,
        column: 15,
        reason: 'route: invalid target. parse "1:2": first path segment in URL cannot contain colon',
      },
    ],
  )
  assert.deepEqual(checkRouteText('route add s / http://h:1/\n', PREFIX), [])
})
