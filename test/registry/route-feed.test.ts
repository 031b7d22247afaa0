import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem, RouteDefinition } from '../../src/registry/route-feed.ts'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import type { TargetSpec } from '../../src/route/command.ts'
import { spec } from '../route/route-samples.ts'

function definition(src: string, fields: Partial<TargetSpec> = {}, tag = `urlprefix-${src}`): RouteDefinition {
  const target = spec({ service: 'web', dst: 'http://10.0.0.1:80/', ...fields })
  return {
    origin: { kind: 'service', service: target.service, instance: 'web-1', node: 'n1', tag },
    command: { kind: 'add', src, target },
  }
}

test('what is staged takes effect at commit, as one change', () => {
  const feed = new RouteFeed()
  assert.equal(feed.commit(), undefined)
  feed.setInstance('n1.web-1', [definition('Web.Test/A', { tags: ['x'] })], [])
  feed.setText('fabio/config', 'route add man /man http://10.9.9.9:80/')
  assert.deepEqual([...feed.instanceKeys()], ['n1.web-1'])
  assert.deepEqual(feed.commit(), {
    version: 1,
    routes: [
      { host: 'web.test', path: '/A', targets: [spec({ service: 'web', tags: ['x'] })] },
      { host: '', path: '/man', targets: [spec({ service: 'man', dst: 'http://10.9.9.9:80/' })] },
    ],
    removedLines: [],
    addedLines: [
      'route add web Web.Test/A http://10.0.0.1:80/ tags "x"',
      '# --- fabio/config',
      'route add man /man http://10.9.9.9:80/',
    ],
    sources: ['fabio/config'],
    newProblems: [],
    goneProblems: [],
  })
  assert.equal(feed.commit(), undefined)
})

test('what is said again is no change, and neither is what was taken back', () => {
  const feed = loadedFeed()
  feed.setInstance('a', [definition('/a')], [])
  feed.setInstance('b', [definition('/b')], [])
  feed.removeInstance('b')
  feed.setText('t', 'route del nobody')
  feed.removeText('t')
  assert.equal(feed.commit(), undefined)
})

test('a route without targets is a change without targets', () => {
  const feed = loadedFeed()
  feed.removeInstance('a')
  const change = feed.commit()
  assert.deepEqual(change?.routes, [{ host: '', path: '/a', targets: [] }])
  assert.deepEqual(change.removedLines, ['route add web /a http://10.0.0.1:80/'])
  assert.equal(change.version, 2)
  assert.deepEqual([...feed.instanceKeys()], [])
})

test('targets of services come in descending order of their lines, those of texts behind them', () => {
  const feed = new RouteFeed()
  feed.setText('b', 'route add web / http://text:2/')
  feed.setText('a', 'route add web / http://text:9/\nroute add web / http://text:1/')
  for (const port of [2, 10, 1]) feed.setInstance(`i${port}`, [definition('/', { dst: `http://h:${port}/` })], [])
  assert.deepEqual(
    feed.commit()?.routes[0]?.targets.map(target => target.dst),
    ['http://h:2/', 'http://h:10/', 'http://h:1/', 'http://text:9/', 'http://text:1/', 'http://text:2/'],
  )
})

test('a line that moves to another instance, and a comment, change no route', () => {
  const feed = loadedFeed()
  feed.removeInstance('a')
  feed.setInstance('b', [definition('/a')], [])
  assert.equal(feed.commit(), undefined)
  feed.setText('t', '# note')
  const change = feed.commit()
  assert.deepEqual(change?.routes, [])
  assert.deepEqual(change.addedLines, ['# --- t', '# note'])
})

// Each document on one route, `/`, and the targets it ends up with: URL without scheme, and weight where there is one.
const DOCUMENTS: readonly { about: string; text: string; targets: string }[] = [
  { about: 'a target twice', text: 'route add s / http://a\nroute add s / http://a', targets: 'a' },
  { about: 'one target in two spellings', text: 'route add s / http://a\nroute add s / HTTP://a', targets: 'a' },
  { about: 'URLs with and without slash', text: 'route add s / http://a\nroute add s / http://a/', targets: 'a a/' },
  { about: 'other tags', text: 'route add s / http://a tags "x"\nroute add s / http://a tags "y"', targets: 'a a' },
  {
    about: 'tags in another order',
    text: 'route add s / http://a tags "x,y"\nroute add s / http://a tags "y,x"',
    targets: 'a a',
  },
  { about: 'other options', text: 'route add s / http://a opts "a=b"\nroute add s / http://a', targets: 'a' },
  { about: 'another weight', text: 'route add s / http://a\nroute add s / http://a weight 1', targets: 'a a@1' },
  { about: 'a delete before the add', text: 'route del s\nroute add s / http://a', targets: 'a' },
  { about: 'a delete by service', text: 'route add s / http://a\nroute add t / http://b\nroute del s', targets: 'b' },
  {
    about: 'a delete by URL',
    text: 'route add s / http://a\nroute add s / http://a/\nroute del s / http://a',
    targets: 'a/',
  },
  {
    about: 'a delete by tags',
    text: 'route add s / http://a tags "x,y"\nroute add s / http://b tags "x"\nroute del tags "y,x"',
    targets: 'b',
  },
  { about: 'a delete of nothing', text: 'route add s / http://a\nroute del tags ""', targets: 'a' },
  {
    about: 'a weight for two',
    text: 'route add s / http://a\nroute add s / http://b\nroute weight s / weight 0.5',
    targets: 'a@0.25 b@0.25',
  },
  {
    about: 'a weight for one tag',
    text: 'route add s / http://a tags "x"\nroute add s / http://b\nroute weight / weight 0.1 tags "x"',
    targets: 'a@0.1 b',
  },
  { about: 'a weight taken back', text: 'route add s / http://a weight 1\nroute weight s / weight -1', targets: 'a' },
  {
    about: 'an add behind a weight',
    text: 'route add s / http://a\nroute weight s / weight 1\nroute add s / http://b',
    targets: 'a@1 b',
  },
  {
    about: 'a target again behind a weight',
    text: 'route add s / http://a\nroute weight s / weight 1\nroute add s / http://a',
    targets: 'a@1 a',
  },
]

for (const { about, text, targets } of DOCUMENTS) {
  test(`${about} leaves '${targets}'`, () => {
    const feed = new RouteFeed()
    feed.setText('t', text)
    const found = feed.commit()?.routes[0]?.targets ?? []
    const shown = found.map(
      ({ dst, fixedWeight }) => dst.replace('http://', '') + (fixedWeight > 0 ? `@${fixedWeight}` : ''),
    )
    assert.equal(shown.join(' '), targets)
  })
}

test('the host of every command is compared without case', () => {
  const feed = new RouteFeed()
  feed.setText(
    't',
    'route add s Foo.test/ http://a\nroute add s Foo.test/ http://b\nroute weight s FOO.test/ weight 1\nroute del s fOO.test/ http://a',
  )
  const change = feed.commit()
  assert.deepEqual(change?.routes[0]?.targets, [spec({ service: 's', dst: 'http://b', fixedWeight: 0.5 })])
  assert.deepEqual(change.newProblems, [])
})

test('routes with very many targets behave as those with few', () => {
  const feed = new RouteFeed()
  const lines = Array.from({ length: 40 }, (_, index) => `route add s / http://h:${index}`)
  feed.setText(
    't',
    [...lines, 'route del s / http://h:7', ...lines, 'route weight s / weight 1', ...lines.slice(0, 2)].join('\n'),
  )
  const targets = feed.commit()?.routes[0]?.targets ?? []
  assert.equal(targets.length, 42)
  assert.equal(targets.filter(target => target.fixedWeight === 1 / 40).length, 40)
  assert.deepEqual(targets[39]?.dst, 'http://h:7')
})

test('a bad line costs itself, and says where it is', () => {
  const feed = new RouteFeed({ now: () => 5 })
  feed.setText('fabio/config', '# good and bad\n route add s / 10.0.0.1:80\nroute add s / http://h:1/\nroute add s')
  const change = feed.commit()
  assert.deepEqual(change?.routes, [{ host: '', path: '/', targets: [spec({ service: 's', dst: 'http://h:1/' })] }])
  assert.deepEqual(
    change.newProblems.map(({ expected: _, ...problem }) => problem),
    [
      {
        origin: { kind: 'text', source: 'fabio/config', line: 2 },
        text: ' route add s / 10.0.0.1:80',
        column: 16,
        reason: 'route: invalid target. parse "10.0.0.1:80": first path segment in URL cannot contain colon',
        since: 5,
      },
      {
        origin: { kind: 'text', source: 'fabio/config', line: 4 },
        text: 'route add s',
        column: 12,
        reason: "syntax error: 'route add' invalid",
        since: 5,
      },
    ],
  )
  assert.deepEqual(feed.problems(), change.newProblems)
})

test('a problem keeps its time while it stays, wherever its line moves, and is reported once', () => {
  let now = 1
  const feed = new RouteFeed({ now: () => now })
  feed.setText('t', 'bad\nworse')
  feed.commit()
  now = 2
  feed.setText('t', '# moved\nbad')
  const change = feed.commit()
  assert.deepEqual(change?.newProblems, [])
  assert.deepEqual(
    change.goneProblems.map(problem => problem.text),
    ['worse'],
  )
  assert.deepEqual(
    feed.problems().map(({ origin, since }) => ({ origin, since })),
    [{ origin: { kind: 'text', source: 't', line: 2 }, since: 1 }],
  )
})

test('problems found on the way here are kept with the instance, and with their time', () => {
  let now = 1
  const feed = new RouteFeed({ now: () => now })
  const { origin } = definition('/')
  const problem: Omit<Problem, 'since'> = {
    origin,
    text: 'urlprefix-',
    column: 11,
    reason: 'no route',
    expected: 'a path',
  }
  feed.setInstance('a', [], [problem])
  assert.deepEqual(feed.commit()?.newProblems, [{ ...problem, since: 1 }])
  now = 2
  feed.setInstance('a', [definition('/a')], [{ ...problem }])
  assert.deepEqual(feed.commit()?.newProblems, [])
  assert.deepEqual(feed.problems(), [{ ...problem, since: 1 }])
  feed.removeInstance('a')
  assert.deepEqual(feed.commit()?.goneProblems, [{ ...problem, since: 1 }])
  assert.deepEqual(feed.problems(), [])
})

test('a bad definition of a service costs itself, and names the place in its tag', () => {
  const feed = new RouteFeed()
  const bad = definition('/b', { dst: 'https://n.test:1$path' }, 'urlprefix-/b redirect=301,https://n.test:1$path')
  feed.setInstance('a', [definition('/a'), bad], [])
  const change = feed.commit()
  assert.deepEqual(
    change?.routes.map(route => route.path),
    ['/a'],
  )
  const [problem] = change.newProblems
  assert.equal(problem?.text, bad.origin.kind === 'service' ? bad.origin.tag : '')
  assert.equal(problem.column, 27)
  assert.match(problem.reason, /^route: invalid target\. parse "https:\/\/n\.test:1\$path": invalid port/)
  assert.doesNotMatch(feed.document(), /n\.test/)
})

test('options that do not parse are problems of a target that stays', () => {
  const feed = new RouteFeed()
  feed.setText('t', 'route add s / http://h:1/ opts "redirect=200 allow=ip:x"\nroute add s h[x/ http://h:1/')
  const change = feed.commit()
  assert.equal(change?.routes.length, 2)
  assert.deepEqual(
    change.newProblems.map(({ column, reason }) => ({ column, reason })),
    [
      { column: 33, reason: 'redirect status code should be in 3xx range. Got: 200' },
      { column: 46, reason: 'failed to process access rules: failed to parse IP x' },
      { column: 13, reason: 'Compiling glob - unexpected end of input' },
    ],
  )
})

test('a path that is no pattern is refused only where paths are patterns', () => {
  for (const { matcher, routes } of [
    { matcher: 'prefix', routes: 1 },
    { matcher: 'glob', routes: 0 },
  ] as const) {
    const feed = new RouteFeed({ matcher })
    feed.setText('t', 'route add s /[a http://h:1/')
    const change = feed.commit()
    assert.equal(change?.routes.length, routes)
    assert.equal(change.newProblems.length, 1 - routes)
  }
})

test('a weight without target is a problem until there is one', () => {
  const feed = new RouteFeed()
  feed.setText('t', 'route weight web /a weight 0.5 tags "x"')
  const reason = 'weight command for service web not valid - route: no target match'
  assert.deepEqual(
    feed.commit()?.newProblems.map(problem => ({ column: problem.column, reason: problem.reason })),
    [{ column: 1, reason }],
  )
  feed.setInstance('a', [definition('/a', { tags: ['y'] })], [])
  assert.deepEqual(feed.commit()?.goneProblems, [])
  feed.setInstance('b', [definition('/a', { dst: 'http://x/', tags: ['x'] })], [])
  const change = feed.commit()
  assert.equal(change?.goneProblems[0]?.reason, reason)
  assert.equal(change.routes[0]?.targets.find(target => target.dst === 'http://x/')?.fixedWeight, 0.5)
  feed.removeInstance('b')
  assert.equal(feed.commit()?.newProblems[0]?.reason, reason)
  feed.removeText('t')
  assert.equal(feed.commit()?.goneProblems[0]?.reason, reason)
})

test('a tag with a comma is two tags, as it would be in text', () => {
  const feed = new RouteFeed()
  feed.setInstance('a', [definition('/', { tags: ['x, y', ''] })], [])
  assert.deepEqual(feed.commit()?.routes[0]?.targets[0]?.tags, ['x', 'y', ''])
})

test('aliases are the names in all adds that count, each once', () => {
  const feed = new RouteFeed()
  feed.setInstance('a', [definition('/a', { options: [['register', 'two']] })], [])
  feed.setInstance('b', [definition('/b', { options: [['register', 'two']] })], [])
  feed.setText(
    't',
    'route add s / http://h opts "register=one"\nroute del s\nroute add s / h:1 opts "register="\nroute add s / http://h:x opts "register=bad"',
  )
  feed.commit()
  assert.deepEqual(feed.aliases(), ['one', 'two'])
  feed.removeInstance('a')
  feed.removeText('t')
  feed.commit()
  assert.deepEqual(feed.aliases(), ['two'])
})

test('commands that never were text are run like those of a text', () => {
  const feed = new RouteFeed({ textHeadings: false })
  const target = spec({ service: 'two words', tags: ['a'] })
  const add = { kind: 'add', src: 'h.test/', target } as const
  feed.setCommands('http://backend/routes', [
    add,
    { kind: 'weigh', service: 'two words', src: 'h.test/', weight: 0.5, tags: [] },
    { ...add, target: { ...target, dst: '' } },
    { ...add, target: { ...target, fixedWeight: Infinity } },
  ])
  const change = feed.commit()
  assert.deepEqual(change?.routes, [{ host: 'h.test', path: '/', targets: [{ ...target, fixedWeight: 0.5 }] }])
  assert.deepEqual(
    change.newProblems.map(({ origin, reason }) => ({ line: origin.kind === 'text' ? origin.line : 0, reason })),
    [
      { line: 3, reason: 'route: target must not be empty' },
      { line: 4, reason: 'syntax error: weight value invalid' },
    ],
  )
  assert.equal(change.addedLines[0], 'route add "two words" h.test/ http://10.0.0.1:80/ tags "a"')
})

test('the document is the lines of services, descending, and the texts in their order', () => {
  const feed = loadedFeed()
  feed.setInstance('b', [definition('/b')], [])
  feed.setText('fabio/config/extra', 'route add man /man http://10.9.9.9:80/')
  feed.setText('fabio/config', '\nroute weight web /b weight 0.1\n\n# end\n')
  feed.commit()
  assert.equal(
    feed.document(),
    `route add web /b http://10.0.0.1:80/
route add web /a http://10.0.0.1:80/
# --- fabio/config
route weight web /b weight 0.1

# end

# --- fabio/config/extra
route add man /man http://10.9.9.9:80/`,
  )
})

test('the document of a single text without name is that text', () => {
  const feed = new RouteFeed({ textHeadings: false })
  feed.setText('registry.static.routes', '# mine\nroute add s / http://h\n')
  assert.deepEqual(feed.commit()?.addedLines, ['# mine', 'route add s / http://h'])
  assert.equal(feed.document(), '# mine\nroute add s / http://h\n')
})

test('instances may share a line: it is gone when the last of them is', () => {
  const feed = loadedFeed()
  feed.setInstance('b', [definition('/a')], [])
  assert.deepEqual(feed.commit()?.routes, [])
  feed.removeInstance('a')
  assert.deepEqual(feed.commit()?.routes, [])
  feed.removeInstance('b')
  assert.deepEqual(feed.commit()?.routes.length, 1)
})

function loadedFeed(): RouteFeed {
  const feed = new RouteFeed()
  feed.setInstance('a', [definition('/a')], [])
  feed.commit()
  return feed
}
