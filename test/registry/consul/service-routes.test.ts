import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogInstance } from '../../../src/consul/decode.ts'
import { buildServiceRoutes } from '../../../src/registry/consul/service-routes.ts'
import { formatCommand } from '../../../src/route/format-commands.ts'

function instance(tags: readonly string[], changes: Partial<CatalogInstance> = {}): CatalogInstance {
  return {
    node: 'n',
    nodeAddress: '10.9.9.9',
    serviceId: 'svc-1',
    serviceName: 'svc',
    serviceAddress: '10.0.0.1',
    servicePort: 80,
    serviceTags: tags,
    modifyIndex: 1,
    ...changes,
  }
}

function routesOf(tags: readonly string[], changes: Partial<CatalogInstance> = {}, datacenter = 'DC1') {
  return buildServiceRoutes(instance(tags, changes), { tagPrefix: 'urlprefix-', datacenter })
}

const LINES: readonly (readonly [tags: readonly string[], line: string])[] = [
  [['urlprefix-/a'], 'route add svc /a http://10.0.0.1:80/'],
  [['urlprefix-/a', 'blue', 'x y'], 'route add svc /a http://10.0.0.1:80/ tags "blue,x y"'],
  [['urlprefix-/a', 'a, b'], 'route add svc /a http://10.0.0.1:80/ tags "a,b"'],
  [['urlprefix-/a strip=/a  prepend=/b foo'], 'route add svc /a http://10.0.0.1:80/ opts "strip=/a prepend=/b foo"'],
  [['urlprefix- /a strip=/a'], 'route add svc /a http://10.0.0.1:80/ opts "strip=/a"'],
  [['  urlprefix-/a '], 'route add svc /a http://10.0.0.1:80/'],
  [
    ['urlprefix-/a proto=https host=dst tlsskipverify=true'],
    'route add svc /a https://10.0.0.1:80 opts "host=dst tlsskipverify=true"',
  ],
  [['urlprefix-:3306 proto=tcp'], 'route add svc :3306 tcp://10.0.0.1:80'],
  [['urlprefix-/a proto=grpc'], 'route add svc /a grpc://10.0.0.1:80'],
  [['urlprefix-/a proto=grpcs'], 'route add svc /a grpcs://10.0.0.1:80'],
  [['urlprefix-/a proto=http'], 'route add svc /a http://10.0.0.1:80/ opts "proto=http"'],
  [['urlprefix-/a proto=HTTPS'], 'route add svc /a http://10.0.0.1:80/ opts "proto=HTTPS"'],
  [['urlprefix-/a weight=0.1 weight=0.2'], 'route add svc /a http://10.0.0.1:80/ weight 0.2'],
  [['urlprefix-/a weight='], 'route add svc /a http://10.0.0.1:80/'],
  [['urlprefix-/a weight=-1'], 'route add svc /a http://10.0.0.1:80/'],
  [['urlprefix-/a weight=NaN'], 'route add svc /a http://10.0.0.1:80/'],
  [['urlprefix-/a redirect=301,https://n.test/$path'], 'route add svc /a https://n.test/$path opts "redirect=301"'],
  [['urlprefix-/a redirect=301,https://n.test/a,b'], 'route add svc /a https://n.test/a,b opts "redirect=301"'],
  [['urlprefix-/a redirect=301,https://n.test/ proto=https'], 'route add svc /a https://n.test/ opts "redirect=301"'],
  [['urlprefix-/a proto=https redirect=301,https://n.test/'], 'route add svc /a https://n.test/ opts "redirect=301"'],
  [['urlprefix-/a,b'], 'route add svc /a,b http://10.0.0.1:80/'],
  [['urlprefix-Www.Test/Img'], 'route add svc www.test/Img http://10.0.0.1:80/'],
  [['urlprefix-www.test:8080/'], 'route add svc www.test:8080/ http://10.0.0.1:80/'],
  [['urlprefix-host'], 'route add svc host http://10.0.0.1:80/'],
  [['urlprefix-10.0.0.9:3306 proto=tcp'], 'route add svc 10.0.0.9:3306 tcp://10.0.0.1:80'],
  [['urlprefix-*.test/'], 'route add svc *.test/ http://10.0.0.1:80/'],
  [['urlprefix-$DC.test/'], 'route add svc dc1.test/ http://10.0.0.1:80/'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: tags look like this
  [['urlprefix-/at/${DC}'], 'route add svc /at/DC1 http://10.0.0.1:80/'],
  [['urlprefix-/a$b/c'], 'route add svc /a/c http://10.0.0.1:80/'],
  [['urlprefix-/a$$y'], 'route add svc /ay http://10.0.0.1:80/'],
  [['urlprefix-/a$1b'], 'route add svc /ab http://10.0.0.1:80/'],
  [['urlprefix-/a$/b$.c~$~$'], 'route add svc /a$/b$.c~$~$ http://10.0.0.1:80/'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: tags look like this
  [['urlprefix-/a${}b${c'], 'route add svc /abc http://10.0.0.1:80/'],
  [['urlprefix-:$DC'], 'route add svc :$DC http://10.0.0.1:80/'],
  [['urlprefix-$DC'], 'route add svc $DC http://10.0.0.1:80/'],
]

for (const [tags, line] of LINES) {
  test(`${JSON.stringify(tags)} is ${line}`, () => {
    const { definitions, problems } = routesOf(tags)
    assert.deepEqual(
      definitions.map(({ command }) => formatCommand(command)),
      [line],
    )
    assert.deepEqual(problems, [])
  })
}

test('a tag in another case is a service tag, and without a route tag there is no route', () => {
  assert.deepEqual(routesOf(['URLPREFIX-/a', 'blue']), { definitions: [], problems: [] })
})

for (const { changes, dst } of [
  { changes: { serviceAddress: '' }, dst: 'http://10.9.9.9:80/' },
  { changes: { serviceAddress: '::1' }, dst: 'http://[::1]:80/' },
  { changes: { serviceAddress: 'fe80::1%eth0' }, dst: 'http://[fe80::1%eth0]:80/' },
  { changes: { serviceAddress: 'web.test', servicePort: 0 }, dst: 'http://web.test:0/' },
]) {
  test(`${JSON.stringify(changes)} is reached at ${dst}`, () => {
    assert.equal(routesOf(['urlprefix-/'], changes).definitions[0]?.command.target.dst, dst)
  })
}

test('a route tells where it comes from', () => {
  const [definition] = routesOf([' urlprefix-/a']).definitions
  assert.deepEqual(definition?.origin, {
    kind: 'service',
    service: 'svc',
    instance: 'svc-1',
    node: 'n',
    tag: ' urlprefix-/a',
  })
})

for (const { tag, column, reason, remains } of [
  { tag: 'urlprefix-', column: 11, reason: "syntax error: 'route add' invalid", remains: 0 },
  { tag: ' urlprefix-', column: 12, reason: "syntax error: 'route add' invalid", remains: 0 },
  { tag: 'urlprefix-/a weight=abc', column: 21, reason: 'syntax error: weight value invalid', remains: 0 },
  { tag: 'urlprefix-/a weight=Inf', column: 21, reason: 'syntax error: weight value invalid', remains: 0 },
  { tag: 'urlprefix-/a\nroute del other', column: 13, reason: 'control character in a tag', remains: 0 },
  { tag: 'urlprefix-/a\tstrip=/a', column: 13, reason: 'control character in a tag', remains: 0 },
  {
    tag: 'urlprefix-/a redirect=301',
    column: 14,
    reason: 'Invalid syntax for redirect: redirect=301. should be redirect=<code>,<url>',
    remains: 1,
  },
]) {
  test(`${JSON.stringify(tag)} is a problem, and the other tags remain`, () => {
    const { definitions, problems } = routesOf(['urlprefix-/other', tag])
    assert.equal(definitions.length, 1 + remains)
    assert.deepEqual(definitions[0]?.command.target.tags, [])
    assert.deepEqual(
      problems.map(problem => [problem.text, problem.column, problem.reason]),
      [[tag, column, reason]],
    )
  })
}

test('a tag that is no route can hold anything, and one that no command could name is left out', () => {
  const { definitions, problems } = routesOf(['urlprefix-/a', 'blue\u0007', 'a\nroute del b', '{"x": 1}', '\ud800'])
  assert.deepEqual(problems, [])
  assert.deepEqual(definitions[0]?.command.target.tags, ['{"x": 1}', '\ud800'])
})

test('quotes, backslashes and odd service names are characters like others', () => {
  const { definitions, problems } = routesOf(['urlprefix-/a foo="b c"', 'say "hi"', 'a\\b'], {
    serviceName: 'my service',
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(definitions[0]?.command.target, {
    service: 'my service',
    dst: 'http://10.0.0.1:80/',
    fixedWeight: 0,
    tags: ['say "hi"', 'a\\b'],
    options: [
      ['foo', '"b'],
      ['c"', ''],
    ],
  })
})
