import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Problem, RouteDefinition } from '../../src/registry/route-feed.ts'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import type { AddCommand, TargetSpec } from '../../src/route/command.ts'
import { formatCommand } from '../../src/route/format-commands.ts'
import { parseRouteCommands } from '../../src/route/parse-commands.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'
import { runWholeDocument } from './whole-document.ts'

const service = fc.constantFrom('web', 'api')
const src = fc.constantFrom('/', '/a', 'h.test/', 'H.Test/', 'h.test', ':3306')
const dst = fc.constantFrom('http://a:1/', 'http://b:1/', 'http://c:1')
const badDst = fc.constantFrom('10.0.0.1:80', 'http://h:1$path')
const weight = fc.constantFrom(0, 0, 0.5, 0.25)
const tags = fc.subarray(['x', 'y'])

const definitions: fc.Arbitrary<RouteDefinition> = fc
  .record({ service, src, dst: fc.oneof({ weight: 9, arbitrary: dst }, badDst), weight, tags })
  .map(fields => {
    const options = fields.weight > 0 ? [['register', `alias-${fields.src}`] as const] : []
    const target: TargetSpec = { ...fields, fixedWeight: fields.weight, options }
    const command: AddCommand = { kind: 'add', src: fields.src, target: pickTarget(target) }
    return { origin: { kind: 'service', service: fields.service, instance: 'i', node: 'n', tag: fields.src }, command }
  })

function pickTarget({ service: name, dst: url, fixedWeight, tags: list, options }: TargetSpec): TargetSpec {
  return { service: name, dst: url, fixedWeight, tags: list, options }
}

const quotedTags = fc.constantFrom('""', '"x"', '"x,y"', '"z"')
const lines = fc.oneof(
  fc
    .tuple(service, src, dst, weight, quotedTags)
    .map(([s, p, d, w, t]) => `route add ${s} ${p} ${d} weight ${w} tags ${t}`),
  fc.tuple(service, src, dst).map(([s, p, d]) => `route add ${s} ${p} ${d} opts "register=${s}"`),
  service.map(s => `route del ${s}`),
  fc.tuple(service, src).map(([s, p]) => `route del ${s} ${p}`),
  fc.tuple(service, src, dst).map(([s, p, d]) => `route del ${s} ${p} ${d}`),
  fc.tuple(service, quotedTags).map(([s, t]) => `route del ${s} tags ${t}`),
  quotedTags.map(t => `route del tags ${t}`),
  fc.tuple(service, src, weight, quotedTags).map(([s, p, w, t]) => `route weight ${s} ${p} weight ${w} tags ${t}`),
  fc.tuple(src, weight, quotedTags).map(([p, w, t]) => `route weight ${p} weight ${w} tags ${t}`),
  fc.tuple(service, src, badDst).map(([s, p, d]) => `route add ${s} ${p} ${d}`),
  fc.constantFrom(
    '',
    '# comment',
    'nonsense',
    'route weight web / weight -1',
    'route add web / http://a:1/ weight NaN',
  ),
)
const texts = fc.array(lines, { maxLength: 8 }).map(list => list.join('\n'))

type Stage =
  | { readonly kind: 'instance'; readonly key: string; readonly definitions: readonly RouteDefinition[] | undefined }
  | { readonly kind: 'text'; readonly source: string; readonly text: string | undefined }

const stages: fc.Arbitrary<Stage> = fc.oneof(
  fc.record({
    kind: fc.constant('instance' as const),
    key: fc.constantFrom('n.web-1', 'n.web-2', 'n.api-1'),
    definitions: fc.option(fc.array(definitions, { maxLength: 4 }), { nil: undefined, freq: 4 }),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    source: fc.constantFrom('fabio/config', 'fabio/config/b', 'fabio/config/é'),
    text: fc.option(texts, { nil: undefined, freq: 4 }),
  }),
)

test('the changes of a feed add up to what the whole document says, whatever was staged before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(stages, { maxLength: 4 }), { maxLength: 8 }), commits => {
      const feed = new RouteFeed({ now: () => 0 })
      const instances = new Map<string, readonly RouteDefinition[]>()
      const sources = new Map<string, string>()
      const routes = new Map<string, readonly TargetSpec[]>()
      let document = new Map<string, number>()
      const problems = new Map<string, number>()

      for (const commit of commits) {
        for (const stage of commit) stageIn(feed, instances, sources, stage)
        const change = feed.commit()
        for (const { host, path, targets } of change?.routes ?? []) {
          if (targets.length === 0) assert.ok(routes.delete(`${host} ${path}`))
          else routes.set(`${host} ${path}`, targets)
        }
        assertSameRoutes(routes, instances, sources)
        assert.deepEqual([...feed.instanceKeys()].sort(), [...instances.keys()].sort())

        count(problems, change?.newProblems ?? [], 1)
        count(problems, change?.goneProblems ?? [], -1)
        assert.deepEqual(problems, count(new Map(), feed.problems(), 1))

        const after = countLines(feed.document())
        for (const line of change?.removedLines ?? []) document.set(line, (document.get(line) ?? 0) - 1)
        for (const line of change?.addedLines ?? []) document.set(line, (document.get(line) ?? 0) + 1)
        assert.deepEqual(new Map([...document].filter(([, count]) => count !== 0)), after)
        document = after
        assert.equal(feed.commit(), undefined)
      }
      assertSameProblems(feed, instances, sources)
    }),
    fuzzRuns(600),
  )
})

function stageIn(
  feed: RouteFeed,
  instances: Map<string, readonly RouteDefinition[]>,
  sources: Map<string, string>,
  stage: Stage,
): void {
  if (stage.kind === 'instance') {
    if (stage.definitions === undefined) {
      feed.removeInstance(stage.key)
      instances.delete(stage.key)
    } else {
      feed.setInstance(stage.key, stage.definitions, [])
      instances.set(stage.key, stage.definitions)
    }
    return
  }
  if (stage.text === undefined) {
    feed.removeText(stage.source)
    sources.delete(stage.source)
  } else {
    feed.setText(stage.source, stage.text)
    sources.set(stage.source, stage.text)
  }
}

/** The targets every route has, and the problems, when the whole document is run from scratch. */
function assertSameRoutes(
  routes: ReadonlyMap<string, readonly TargetSpec[]>,
  instances: ReadonlyMap<string, readonly RouteDefinition[]>,
  sources: ReadonlyMap<string, string>,
): void {
  const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const isGood = (url: string | undefined) => url === undefined || /^http:\/\/[abc]:1\/?$/.test(url)
  const services = [...instances.values()]
    .flat()
    .map(definition => definition.command)
    .filter(command => isGood(command.target.dst))
    .sort((a, b) => bytes(formatCommand(b), formatCommand(a)))
  const manual = [...sources]
    .sort(([a], [b]) => bytes(a, b))
    .flatMap(([, text]) => parseRouteCommands(text).commands)
    .filter(command =>
      isGood(command.kind === 'add' ? command.target.dst : command.kind === 'remove' ? command.dst : undefined),
    )
  const expected = runWholeDocument([...services, ...manual])
  const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => bytes(a, b))
  assert.deepEqual(sorted(routes), sorted(expected))
}

/** A feed that was told everything at once has the same problems, in another order. */
function assertSameProblems(
  feed: RouteFeed,
  instances: ReadonlyMap<string, readonly RouteDefinition[]>,
  sources: ReadonlyMap<string, string>,
): void {
  const fresh = new RouteFeed({ now: () => 0 })
  for (const [key, list] of instances) fresh.setInstance(key, list, [])
  for (const [source, text] of sources) fresh.setText(source, text)
  const change = fresh.commit()
  const inOrder = (problems: readonly unknown[]) => problems.map(problem => JSON.stringify(problem)).sort()
  assert.deepEqual(inOrder(feed.problems()), inOrder(fresh.problems()))
  assert.deepEqual(inOrder(fresh.problems()), inOrder(change?.newProblems ?? []))
  assert.equal(feed.document(), fresh.document())
  assert.deepEqual(feed.aliases(), fresh.aliases())
}

/** Counts problems, wherever in their text they are. */
function count(counts: Map<string, number>, problems: readonly Problem[], difference: number): Map<string, number> {
  for (const { origin, text, reason } of problems) {
    const key = JSON.stringify([{ ...origin, line: 0 }, text, reason])
    const total = (counts.get(key) ?? 0) + difference
    if (total === 0) counts.delete(key)
    else counts.set(key, total)
  }
  return counts
}

function countLines(document: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of document.split('\n')) if (line.trim() !== '') counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}
