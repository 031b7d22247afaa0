import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/config-error.ts'
import { inspectFile } from '../../src/config/load.ts'
import { OPTIONS_BY_NAME } from '../../src/config/option-table.ts'
import { FileView } from '../../src/migrate/file-view.ts'
import { RULES_FROM_152 } from '../../src/migrate/from-152.ts'
import { RULES_FROM_173 } from '../../src/migrate/from-173.ts'
import { METRICS_RULES_FROM_173 } from '../../src/migrate/from-173-metrics.ts'
import { REGISTRY_RULES_FROM_173 } from '../../src/migrate/from-173-registry.ts'
import { explainMigration } from '../../src/migrate/migrate.ts'
import type { Rule } from '../../src/migrate/note.ts'
import { spawnFabio } from '../harness/spawn-fabio.ts'

const USERS_OWN = `proxy.addr = :4666,:3021;proto=tcp
proxy.strategy = rr
registry.consul.addr = localhost:8500
registry.consul.register.enabled = false
metrics.statsd.addr = localhost:8125
log.level = ERROR
`

async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fabio-migrate-'))
  try {
    const path = join(folder, 'fabio.properties')
    await writeFile(path, text)
    return await use(path)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function explain(
  text: string,
  options: { width?: number; hasColor?: boolean; env?: Record<string, string> } = {},
) {
  const { width = 200, hasColor = false, env = {} } = options
  return await withFile(text, async path => {
    const report = await explainMigration({ path, env, layout: { width, hasColor } })
    return { ...report, text: report.text.replaceAll(path, 'fabio.properties') }
  })
}

/** The first line of each note, by group. */
function subjectsOf(text: string): { readonly from152: readonly string[]; readonly from173: readonly string[] } {
  const [, from152 = '', from173 = ''] = text.split(/^From Fabio .*$/m)
  const subjects = (group: string) => [...group.matchAll(/^[!?-] .*$/gm)].map(([line]) => line)
  return { from152: subjects(from152), from173: subjects(from173) }
}

test('a file of a Fabio 1.5.2 is told what concerns it, and only that', async () => {
  const { text, isLoadable } = await explain(USERS_OWN)
  assert.ok(isLoadable)
  assert.deepEqual(subjectsOf(text), {
    from152: [
      '? line 1: proxy.addr = :4666,:3021;proto=tcp',
      '? line 6: log.level = ERROR',
      '? not set: registry.consul.kvpath = /fabio/config',
      '? line 1: proxy.addr = :4666,:3021;proto=tcp',
      '? not set: registry.consul.tagprefix = urlprefix-',
      '- not set: proxy.idleconntimeout = 15s',
    ],
    from173: [
      '? line 5: metrics.statsd.addr = localhost:8125',
      '? not set: registry.consul.tagprefix = urlprefix-',
      '- not set: proxy.limit.headertimeout = 60s',
      '- line 1: proxy.addr = :4666,:3021;proto=tcp',
      '- line 1: proxy.addr = :4666,:3021;proto=tcp',
      '- line 2: proxy.strategy = rr',
      '- not set: registry.timeout = 10s',
      '- line 3: registry.consul.addr = localhost:8500',
      '- not set: registry.consul.kvpath = /fabio/config',
    ],
  })
  for (const line of [
    'fabio.properties: 6 options set',
    '    do        behind an ELB or HAProxy that sends it, add ;pxyproto=true to :4666 :3021 (and to ui.addr)',
    '    now       only ERROR and above are logged; changes of routes and of the registration are INFO',
    '    as before log.level = DEBUG',
    '    do        if you want these metrics, write metrics.target = statsd_raw; if not, delete the line',
    '  metrics.statsd.addr is set but nothing is sent there: it takes the line metrics.target = statsd_raw (fabio.properties:5)',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n\n${text}`)
  }
})

test('an empty file is told about defaults', async () => {
  const { text } = await explain('')
  assert.match(text, /^fabio\.properties: 0 options set$/m)
  const { from152, from173 } = subjectsOf(text)
  assert.ok([...from152, ...from173].every(line => line.startsWith('? not set: ') || line.startsWith('- not set: ')))
  assert.ok(from152.includes('- not set: registry.consul.register.enabled = true'))
})

/** One file a rule, with a piece of the note it has to bring; without the lines the note has to be absent. */
for (const { lines, from = '1.7.3', note, without = '' } of [
  {
    from: '1.5.2',
    lines: 'metrics.target = statsd\nmetrics.statsd.addr = h:1',
    note: '! line 1: metrics.target = statsd',
  },
  { from: '1.5.2', lines: 'metrics.target = stdout', note: '! line 1: metrics.target = stdout' },
  { from: '1.5.2', lines: 'proxy.noroutestatus = 42', note: '! line 1: proxy.noroutestatus = 42' },
  {
    from: '1.5.2',
    lines: 'registry.consul.checksRequired = all',
    note: '? line 1: registry.consul.checksRequired = all',
  },
  { from: '1.5.2', lines: 'ui.addr = :9000', note: '? line 1: ui.addr = :9000' },
  { from: '1.5.2', lines: 'proxy.matcher = glob', note: '? line 1: proxy.matcher = glob' },
  {
    from: '1.5.2',
    lines: 'proxy.cs = cs=a;type=http;cert=http://u:pw@h/\nproxy.addr = :443;cs=a',
    note: '? line 2: proxy.addr = :443;cs=a',
  },
  { from: '1.5.2', lines: 'runtime.gogc = 800', note: '- line 1: runtime.gogc = 800' },
  {
    from: '1.5.2',
    lines: 'log.access.target = stdout\nproxy.gzip.contenttype = ^text/',
    note: '- line 1: log.access.target = stdout',
  },
  { from: '1.5.2', lines: '', note: '- not set: proxy.idleconntimeout = 15s', without: 'proxy.idleconntimeout = 1m' },
  { from: '1.5.2', lines: '', note: '? not set: proxy.addr = :9999', without: 'proxy.addr =' },
  {
    from: '1.5.2',
    lines: '',
    note: '? not set: registry.consul.kvpath = /fabio/config',
    without: 'registry.backend = static',
  },
  { lines: 'ui.addr =', note: '! line 1: ui.addr =' },
  { lines: 'proxy.maxconn = 5 ', note: '? line 1: proxy.maxconn = 5' },
  { lines: 'registry.consul.pollInterval = 5s', note: '? line 1: registry.consul.pollInterval = 5s' },
  {
    lines: 'registry.consul.register.addr = 0.0.0.0:9998',
    note: '? line 1: registry.consul.register.addr = 0.0.0.0:9998',
  },
  {
    lines: 'registry.consul.register.addr = lb.test:9998',
    note: '? line 1: registry.consul.register.addr = lb.test:9998',
  },
  { lines: 'registry.backend = file\nregistry.file.path = /x', note: '? line 2: registry.file.path = /x' },
  { lines: 'registry.backend = static', note: '? not set: registry.static.routes =' },
  { lines: 'registry.backend = custom\nregistry.custom.host = h', note: '- line 2: registry.custom.host = h' },
  { lines: 'proxy.matcher = iprefix', note: '? line 1: proxy.matcher = iprefix' },
  { lines: 'profile.mode = cpu', note: '? line 1: profile.mode = cpu' },
  { lines: 'profile.mode = block', note: '? line 1: profile.mode = block' },
  { lines: 'glob.matching.disabled = true', note: '- line 1: glob.matching.disabled = true' },
  { lines: 'registry.consul.kvpath = fabio/config', note: '? line 1: registry.consul.kvpath = fabio/config' },
  { lines: 'registry.consul.serviceMonitors = 100', note: '- line 1: registry.consul.serviceMonitors = 100' },
  { lines: 'log.access.target = stdout', note: '- line 1: log.access.target = stdout' },
  { lines: 'proxy.gzip.contenttype = ^text/', note: '- line 1: proxy.gzip.contenttype = ^text/' },
  { lines: 'runtime.gomaxprocs = 2', note: '- line 1: runtime.gomaxprocs = 2' },
  { lines: 'metrics.names = {{.Service}}', note: '! line 1: metrics.names = {{.Service}}' },
  { lines: 'metrics.prefix = {{if .Exec}}x{{end}}', note: '! line 1: metrics.prefix = {{if .Exec}}x{{end}}' },
  {
    lines: 'metrics.target = graphite\nmetrics.graphite.addr = h:1\nmetrics.prefix = web1',
    note: '! line 3: metrics.prefix = web1',
    without: 'metrics.target = graphite\nmetrics.graphite.addr = h:1\nmetrics.prefix = web1.',
  },
  {
    lines: 'metrics.target = flat\nmetrics.prefix = web1.',
    note: '! line 2: metrics.prefix = web1.',
    without: 'metrics.target = flat\nmetrics.prefix = web1',
  },
  { lines: 'metrics.target = circonus\nmetrics.circonus.apikey = x', note: '! line 1: metrics.target = circonus' },
  { lines: 'metrics.target = prometheus', note: '? line 1: metrics.target = prometheus' },
  {
    lines: 'metrics.target = dogstatsd\nmetrics.dogstatsd.addr = h:1\nmetrics.prefix = x.',
    note: '- line 1: metrics.target = dogstatsd',
  },
  { lines: 'metrics.graphite.addr = h:1', note: '? line 1: metrics.graphite.addr = h:1' },
]) {
  test(`from ${from}, '${lines.replaceAll('\n', '; ')}' is told: ${note}`, async () => {
    const group = from === '1.5.2' ? 'from152' : 'from173'
    const subjects = subjectsOf((await explain(lines)).text)[group]
    assert.ok(subjects.includes(note), subjects.join('\n'))
    const others = subjectsOf((await explain(without)).text)[group]
    assert.ok(!others.includes(note), others.join('\n'))
  })
}

test('secrets are not shown', async () => {
  const { text } = await explain(
    'proxy.cs = cs=a;type=http;cert=http://u:pa55word@h/\nproxy.addr = :443;cs=a\nbgp.peers = address=x;password=pa55word\nregistry.consul.addr = http://u:pa55word@h:8500\nproxy.auth = "pa55word\n',
  )
  assert.ok(!text.includes('pa55word'), text)
})

test('a long value is shown in part', async () => {
  const { text } = await explain(`proxy.gzip.contenttype = ${'x'.repeat(100)}`)
  assert.match(text, /^- line 1: proxy\.gzip\.contenttype = x{60}…$/m)
})

test('lines are broken before the width', async () => {
  const { text } = await explain(USERS_OWN, { width: 60 })
  assert.ok(Math.max(...text.split('\n').map(line => line.length)) <= 60, text)
})

test('colours are only there when they are asked for', async () => {
  assert.ok(!(await explain(USERS_OWN)).text.includes('\x1b'))
  assert.match((await explain(USERS_OWN, { hasColor: true })).text, /^\x1b\[33m\?\x1b\[0m \x1b\[1mline 1: proxy\.addr/m)
})

test('references to the environment are followed, options in the environment are not asked for', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file has it too
  const { text } = await explain('proxy.addr = :${PORT}', { env: { PORT: '4666', FABIO_PROXY_STRATEGY: 'rr' } })
  assert.match(text, /line 1: proxy\.addr = :4666$/m)
  assert.doesNotMatch(text, /proxy\.strategy/)
})

test('a file with mistakes is explained as far as it goes, and its mistakes are told', async () => {
  const { text, isLoadable } = await explain('proxy.strategy = x\nproxy.addr = :80;proto=tcp\nui.adr = :1\n= y')
  assert.ok(!isLoadable)
  assert.match(
    text,
    /^ {2}error: invalid proxy\.strategy: x; expected one of rnd, rr \(proxy\.strategy, fabio\.properties:1\)$/m,
  )
  assert.match(text, /^ {2}error: properties: Line 4: "= y" \(fabio\.properties\)$/m)
  assert.match(text, /^ {2}Unknown option ui\.adr is ignored: did you mean ui\.addr\? \(fabio\.properties:3\)$/m)
  assert.match(text, /line 2: proxy\.addr = :80;proto=tcp/)
})

test('a file that cannot be read is an error', async () => {
  const layout = { width: 80, hasColor: false }
  await assert.rejects(explainMigration({ path: '/no/such/file', env: {}, layout }), ConfigError)
})

test('notes are about options there are, and say what to do', async () => {
  const rules: readonly Rule[] = [
    ...RULES_FROM_152,
    ...RULES_FROM_173,
    ...REGISTRY_RULES_FROM_173,
    ...METRICS_RULES_FROM_173,
  ]
  for (const text of ['', USERS_OWN, 'metrics.target = stdout,statsd,graphite,prometheus,circonus,dogstatsd,label']) {
    const { file, config } = await withFile(text, path => inspectFile(path, {}))
    const view = new FileView(file, config)
    for (const note of rules.map(rule => rule(view))) {
      for (const option of note?.options ?? []) assert.ok(OPTIONS_BY_NAME.has(option), option)
      if (note !== undefined) assert.ok(note.was !== '' && note.now !== '' && note.todo !== '')
      const [option = ''] = note?.line?.split(' = ') ?? ['proxy.addr']
      assert.ok(OPTIONS_BY_NAME.has(option), option)
    }
  }
})

for (const { text, code } of [
  { text: USERS_OWN, code: 0 },
  { text: 'proxy.matcher = x', code: 1 },
]) {
  test(`./fabio -migrate ends with ${code}`, async () => {
    await withFile(text, async path => {
      await using fabio = await spawnFabio(['-migrate', path])
      assert.equal(await fabio.exited, code)
      assert.match(fabio.output(), /^\/.*fabio\.properties: \d options? set\n/)
      assert.ok(!fabio.output().includes('\x1b'))
      assert.equal(fabio.log(), '')
    })
  })
}

test('./fabio -migrate of a file that is not there ends with 1', async () => {
  await using fabio = await spawnFabio(['-migrate', '/no/such/file'])
  assert.equal(await fabio.exited, 1)
  assert.equal(fabio.log(), 'open /no/such/file: no such file or directory\n')
  assert.equal(fabio.output(), '')
})
