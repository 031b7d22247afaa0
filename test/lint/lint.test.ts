import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { kindOf, lintText } from '../../src/lint/lint.ts'
import { readStructure, StructureError } from '../../src/lint/structured-text.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const CONTEXT = { matcher: 'prefix', globHosts: true, tagPrefix: 'urlprefix-', live: [] } as const

function lint(text: string, live: Parameters<typeof lintText>[1]['live'] = []): readonly string[] {
  return lintText(text, { ...CONTEXT, live }).map(
    ({ line, column, severity, message }) => `${line}:${column} ${severity} ${message}`,
  )
}

const NOMAD = `# A job
job "shop" {
  datacenters = ["dc1"]
  group "web" {
    count = var.count + 1
    task "web" {
      template {
        data = <<EOH
{{ range service "x" }} "unbalanced {{ end }}
EOH
      }
      env { TAGS = "urlprefix-" }
    }
    service {
      name = "shop-\${NOMAD_META_color}"
      port = "http"
      tags = [
        "urlprefix-\${meta.host}/shop strip=/shop", // fine
        "urlprefix-/shop weight=lots",
        "urlprefix-/cart strp=/cart",
        "URLPREFIX/api", /* no */
      ]
      canary_tags = concat(var.tags, ["x"])
    }
  }
}
`

describe('-lint finds in', () => {
  for (const { name, text, findings } of [
    {
      name: 'a list of tags',
      text: '# tags of shop\nurlprefix-/shop\n  urlprefix-/a redirect=301\nblue\nurlprefix-/shop\nurl-prefix-/b\r\n',
      findings: [
        '3:16 error Invalid syntax for redirect: redirect=301. should be redirect=<code>,<url>',
        '5:1 warning the tag stands in line 2 already',
        '6:1 warning the tag does not begin with urlprefix-: it is no route',
      ],
    },
    {
      name: 'a routes file',
      text: 'route add web / http://10.0.0.1/ opts "strp=/a"\nrout\n\nroute add x :99 tcp://a:1\nroute add y :99 tcp://b:1\n',
      findings: [
        '1:40 warning there is no option strp: it has no effect',
        "2:1 error syntax error: 'route' expected",
        '4:13 warning route :99: 2 services claim TCP port 99: x, y',
      ],
    },
    {
      name: 'a Consul service definition in JSON',
      text: '{\n  "service": {\n    "name": "web", "port": 80,\n    "tags": ["urlprefix-/caf\\u00e9 weight=x", "a\\"b"]\n  }\n}\n',
      findings: ['4:43 error syntax error: weight value invalid'],
    },
    {
      name: 'several services in JSON',
      text: '{"services":[{"name":"a","tags":["urlprefix-"]},{"name":"b","tags":["urlprefix-/b allow=ip:x"]}]}',
      findings: [
        "1:45 error syntax error: 'route add' invalid",
        '1:83 error failed to process access rules: failed to parse IP x',
      ],
    },
    {
      name: 'a Consul service definition in HCL',
      text: 'service {\n  name = "web"\n  tags = ["urlprefix-/a", "urlprefix-/b weight=1e999"]\n}\n',
      findings: ['3:48 error syntax error: weight value invalid'],
    },
    {
      name: 'a Nomad job in HCL',
      text: NOMAD,
      findings: [
        '19:33 error syntax error: weight value invalid',
        '20:26 warning there is no option strp: it has no effect',
        '21:10 warning the tag does not begin with urlprefix-: it is no route',
      ],
    },
    {
      name: 'a Nomad job in JSON',
      text: '{"Job":{"TaskGroups":[{"Services":[{"Name":"x","Tags":["urlprefix-/x weight=?"]}]}]}}',
      findings: ['1:77 error syntax error: weight value invalid'],
    },
    {
      name: 'a JSON list',
      text: '["urlprefix-/a", "urlprefix-"]',
      findings: ["1:29 error syntax error: 'route add' invalid"],
    },
    { name: 'a file without services', text: 'job "x" {\n}\n', findings: ['1:1 error there is no service in it'] },
    {
      name: 'a file that is neither',
      text: 'service {\n  tags = ["urlprefix-/a"\n}\n',
      findings: ['3:1 error "}" where , or ] was expected'],
    },
    { name: 'a file without mistakes', text: 'service {\n  tags = ["urlprefix-/a strip=/a", "v1"]\n}\n', findings: [] },
  ]) {
    test(name, () => {
      assert.deepEqual(lint(text), findings)
    })
  }
})

test('routes are held to a live table, but not to what they replace there', () => {
  const live = [
    { service: 'web', host: 'h.test', path: '/a', options: [['strip', '/x']] as const },
    { service: 'other', host: 'h.test', path: '/a', options: [['strip', '/a']] as const },
    { service: 'other', host: '', path: '/same', options: [] },
    { service: 'db', host: ':3306', path: '', options: [] },
  ]
  const text =
    'route add web h.test/a http://10.0.0.1/\nroute add web /same http://10.0.0.1/\nroute add web :3306 tcp://10.0.0.1:1\nroute add web /own http://10.0.0.1/\n'
  assert.deepEqual(lint(text, live), [
    '1:15 warning the route h.test/a is served by other with strip=/a already, and would be by web with no options',
    '2:15 warning the route /same is served by other already: requests would be shared',
    '3:15 warning TCP port 3306 is served by db already',
  ])
})

test('what a file is, is told by its first line that says something', () => {
  assert.equal(kindOf('\n# x\nroute add', 'urlprefix-'), 'routes')
  assert.equal(kindOf('urlprefix-/a x=1', 'urlprefix-'), 'tags')
  assert.equal(kindOf('blue\nurlprefix-/a', 'urlprefix-'), 'tags')
  assert.equal(kindOf('variable "x" {', 'urlprefix-'), 'structure')
  assert.equal(kindOf('{', 'urlprefix-'), 'structure')
})

test('JSON is read as JSON.parse reads it, and any text ends in findings', () => {
  const plain = (node: ReturnType<typeof readStructure>): unknown => {
    if (node.kind === 'text') return node.value
    if (node.kind === 'list') return node.items.map(plain)
    if (node.kind === 'object') return node.entries.map(({ key, value }) => [key, plain(value)])
    return 'other'
  }
  const json = fc.letrec(tie => ({
    value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.array(tie('value')), fc.dictionary(fc.string(), tie('value'))),
  })).value
  const entries = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(entries)
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).map(([key, each]) => [key, entries(each)])
    return value
  }
  fc.assert(
    fc.property(fc.oneof(fc.array(json), fc.dictionary(fc.string(), json)), fc.constantFrom(0, 2), (value, indent) => {
      // A key of a dictionary may be a number: its place among the others is JSON's.
      assert.deepEqual(
        plain(readStructure(JSON.stringify(value, undefined, indent))),
        entries(JSON.parse(JSON.stringify(value))),
      )
    }),
    fuzzRuns(300),
  )
  const piece = fc.constantFrom(
    'service',
    ' "x" ',
    '{',
    '}',
    '[',
    ']',
    '=',
    ':',
    ',',
    '\n',
    '"',
    '<<E\n',
    'E\n',
    '#',
    '/*',
    'tags',
    'urlprefix-',
    '${',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), pieces => {
      const text = pieces.join('')
      for (const { line, column } of lintText(text, CONTEXT)) {
        const found = text.split('\n')[line - 1]
        assert.ok(found !== undefined && column >= 1 && column <= found.length + 1, `${line}:${column}`)
      }
      try {
        readStructure(text)
      } catch (cause) {
        assert.ok(cause instanceof StructureError)
      }
    }),
    fuzzRuns(1000),
  )
})
