import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RouteCommand, TargetSpec } from '../../src/route/command.ts'
import { formatCommand } from '../../src/route/format-commands.ts'
import { parseRouteCommands, parseRouteLine } from '../../src/route/parse-commands.ts'
import { fuzzRuns } from './fuzz-runs.ts'

const words = [
  'route add ',
  'route del ',
  'route weight ',
  's ',
  '/ ',
  'http://h:1/ ',
  'weight ',
  '0.5 ',
  'tags ',
  '"a,b" ',
  'opts ',
  '"k=v" ',
  '"',
]
const blanks = ['\n', '\r\n', ' ', '\t', '\v', '\u00a0', '\u0085', '# ', '// ']
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...blanks), fc.string({ maxLength: 3 })))
    .map(parts => parts.join('')),
)

test('every line is a command, a comment, blank or a rejection', () => {
  fc.assert(
    fc.property(texts, text => {
      const lines = text.split('\n')
      const kinds = lines.map((line, index) => {
        const parsed = parseRouteLine(line, index + 1)
        if (parsed.kind === 'blank') assert.match(line.replace(/[\u0085\ufeff]/g, ' ').trim(), /^(#|\/\/|$)/)
        if (parsed.kind === 'rejected') {
          const { rejection } = parsed
          assert.equal(rejection.line, index + 1)
          assert.ok(rejection.column >= 1 && rejection.column <= line.length + 1)
          assert.ok(line.startsWith(rejection.text))
          assert.match(rejection.reason, /^syntax error: /)
        }
        return parsed.kind
      })
      const { commands, rejected } = parseRouteCommands(text)
      assert.equal(commands.length, kinds.filter(kind => kind === 'command').length)
      assert.equal(rejected.length, kinds.filter(kind => kind === 'rejected').length)
      for (const command of commands) assertUsable(command)
    }),
    fuzzRuns(4000),
  )
})

function assertUsable(command: RouteCommand): void {
  if (command.kind === 'add') {
    assert.ok(Number.isFinite(command.target.fixedWeight) && command.target.fixedWeight >= 0)
    assert.ok(![command.target.service, command.src, command.target.dst].includes(''))
  }
  if (command.kind === 'weigh') assert.ok(Number.isFinite(command.weight))
}

const field = fc
  .string({
    unit: fc.constantFrom('a', 'Z', '0', '/', '.', ':', '-', '*', '$', 'é', '\u{1f600}', '=', ','),
    minLength: 1,
    maxLength: 8,
  })
  .filter(text => !['tags', 'weight', 'opts'].includes(text))
const tag = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '=', '-', 'é'), maxLength: 5 }).map(text => text.trim())
const tags = fc.array(tag, { maxLength: 3 }).filter(list => list.length !== 1 || list[0] !== '')
const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '/'), minLength: 1, maxLength: 4 })
const value = fc.string({ unit: fc.constantFrom('a', 'b', '=', '/', ':', ','), maxLength: 4 })
const weight = fc.oneof(
  fc.constantFrom(0, 0.5, 1, 1e-7, 1e21),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
)

const targets: fc.Arbitrary<TargetSpec> = fc.record({
  service: field,
  dst: field,
  fixedWeight: weight.map(number => number + 0),
  tags,
  options: fc.array(fc.tuple(name, value), { maxLength: 3 }),
})

const commands: fc.Arbitrary<RouteCommand> = fc
  .oneof(
    fc.record({ kind: fc.constant('add' as const), src: field, target: targets }),
    fc.record({
      kind: fc.constant('remove' as const),
      service: field,
      src: fc.constant(undefined),
      dst: fc.constant(undefined),
      tags,
    }),
    fc.record({
      kind: fc.constant('remove' as const),
      service: field,
      src: field,
      dst: fc.option(field, { nil: undefined }),
      tags: fc.constant([]),
    }),
    fc.record({
      kind: fc.constant('remove' as const),
      service: fc.constant(undefined),
      src: fc.constant(undefined),
      dst: fc.constant(undefined),
      tags: tags.filter(list => list.length > 0),
    }),
    fc.record({
      kind: fc.constant('weigh' as const),
      service: fc.option(field, { nil: undefined }),
      src: field,
      weight,
      tags,
    }),
  )
  .map(command => structuredClone(command)) // records come without prototype

test('a command that is written as text parses back into itself', () => {
  fc.assert(
    fc.property(commands, command => {
      const line = formatCommand(command)
      assert.deepEqual(parseRouteCommands(line), { commands: [command], rejected: [] }, line)
    }),
    fuzzRuns(3000),
  )
})

test('a command with any text in it is written as one line', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 10 })
  const target = fc.record({
    service: anything,
    dst: anything,
    fixedWeight: weight,
    tags: fc.array(anything),
    options: fc.array(fc.tuple(anything, anything)),
  })
  fc.assert(
    fc.property(anything, target, (src, written) => {
      assert.doesNotMatch(formatCommand({ kind: 'add', src, target: written }), /[\p{Cc}]/u)
    }),
    fuzzRuns(1000),
  )
})
