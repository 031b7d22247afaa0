import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { timeLeft } from '../../src/admin/ui/app/certs/time-left.ts'
import { buildSections, countOrigins, isWanted } from '../../src/admin/ui/app/config/setting.ts'
import { formatSince } from '../../src/admin/ui/app/format-time.ts'
import { diffLines } from '../../src/admin/ui/app/manual/line-diff.ts'
import { pageOf } from '../../src/admin/ui/app/page.ts'
import { buildFilter } from '../../src/admin/ui/app/routes/filter.ts'
import { buildRows, compareRows, formatPercent } from '../../src/admin/ui/app/routes/row.ts'
import { formatOrder, nextOrder, parseOrder, sortRows } from '../../src/admin/ui/app/routes/sort.ts'
import { buildSourceLink } from '../../src/admin/ui/app/routes/source-link.ts'
import type { PageSettings } from '../../src/admin/ui/page-settings.ts'

const SHOP = {
  service: 'shop',
  host: 'www.example.com',
  path: '/Cart',
  src: 'www.example.com/Cart',
  dst: 'http://10.0.0.5:8080/',
  opts: 'strip=/Cart',
  tags: ['blue', 'v2'],
  weight: 0.5,
}
const DATABASE = {
  service: 'db',
  host: ':3306',
  path: '',
  src: ':3306',
  dst: 'tcp://10.0.0.9:3306',
  opts: '',
  weight: 1,
}

for (const { filter, found } of [
  { filter: '', found: ['shop', 'db'] },
  { filter: '   ', found: ['shop', 'db'] },
  { filter: 'shop', found: ['shop'] },
  { filter: 'cart', found: ['shop'] },
  { filter: 'Cart', found: ['shop'] },
  { filter: 'CART', found: [] },
  { filter: '10.0.0. 3306', found: ['db'] },
  { filter: 'shop 3306', found: [] },
  { filter: "o'clock", found: [] },
  { filter: 'strip=', found: ['shop'] },
  { filter: 'tag:v2', found: ['shop'] },
  { filter: 'tag:shop', found: [] },
  { filter: 'service:d', found: ['db'] },
  { filter: 'host:example', found: ['shop'] },
  { filter: 'dst:tcp:', found: ['db'] },
  { filter: 'src:3306', found: ['db'] },
  { filter: 'opt:strip', found: ['shop'] },
  { filter: 'tcp://10', found: ['db'] },
  { filter: 'constructor:x', found: [] },
]) {
  test(`the filter '${filter}' finds ${found.join(' and ') || 'nothing'}`, () => {
    const matches = buildFilter(filter)
    const rows = buildRows([SHOP, DATABASE]).filter(matches)
    assert.deepEqual(
      rows.map(row => row.service),
      found,
    )
  })
}

test('rows are new, gone or of another weight from one table to the next', () => {
  const before = buildRows([SHOP, DATABASE])
  const after = buildRows([
    { ...SHOP, weight: 0.25 },
    { ...SHOP, service: 'new' },
  ])
  const changes = compareRows(before, after)
  assert.deepEqual([changes.added, changes.removed, changes.reweighed, changes.touched.size], [1, 1, 1, 2])
  assert.equal(compareRows(before, buildRows([SHOP, DATABASE])).touched.size, 0)
})

test('equal targets are two rows', () => {
  const [first, second] = buildRows([DATABASE, DATABASE])
  assert.notEqual(first?.key, second?.key)
  assert.deepEqual([first?.number, second?.number], [1, 2])
})

test('a source with a scheme is marked, a host that begins alike is not', () => {
  const sources = ['http://foo/', 'HTTPS:/foo', 'http.example.com/', '/http://x']
  const rows = buildRows(sources.map(src => ({ ...SHOP, src })))
  assert.deepEqual(
    rows.map(row => row.hasScheme),
    [true, true, false, false],
  )
})

test('shares are shown with two decimals', () => {
  assert.deepEqual([1, 0.5, 1 / 3, 0, 0.00001].map(formatPercent), ['100.00%', '50.00%', '33.33%', '0.00%', '0.00%'])
})

test('sorting goes up, down and back to the order of the table', () => {
  const rows = buildRows([SHOP, DATABASE, { ...SHOP, service: 'a' }])
  const up = nextOrder(undefined, 'service')
  const down = nextOrder(up, 'service')
  const services = (order: typeof up) => sortRows(rows, order).map(row => row.service)
  assert.deepEqual(services(up), ['a', 'db', 'shop'])
  assert.deepEqual(services(down), ['shop', 'db', 'a'])
  assert.equal(nextOrder(down, 'service'), undefined)
  assert.deepEqual(nextOrder(down, 'weight'), { key: 'weight', descending: false })
  assert.deepEqual(services(undefined), ['shop', 'db', 'a'])
  for (const order of [undefined, up, down]) assert.deepEqual(parseOrder(formatOrder(order)), order)
  assert.equal(parseOrder('constructor'), undefined)
})

const SOURCE = { linkEnabled: true, newTab: true, scheme: 'http', host: '', port: '' }
const PAGE = { protocol: 'https:', hostname: 'lb.test' }
for (const { src, dst = 'http://10.0.0.5/', source = {}, link } of [
  { src: 'www.example.com/a', link: 'http://www.example.com/a' },
  { src: 'www.example.com:8080/a', link: 'http://www.example.com:8080/a' },
  { src: 'www.example.com/a', source: { scheme: '' }, link: '//www.example.com/a' },
  { src: '/a', link: 'http://lb.test/a' },
  { src: '/a', source: { scheme: '' }, link: 'https://lb.test/a' },
  { src: '/a', source: { host: 'www.test', port: '9999' }, link: 'http://www.test:9999/a' },
  { src: '/a', source: { linkEnabled: false }, link: undefined },
  { src: '/a', dst: 'tcp://10.0.0.5:1', link: undefined },
  { src: 'http://www.example.com/a', link: undefined },
  { src: '*.example.com/a', link: undefined },
  { src: '/a', source: { scheme: 'javascript' }, link: undefined },
] as readonly { src: string; dst?: string; source?: Partial<PageSettings['source']>; link: string | undefined }[]) {
  test(`the source ${src} of ${dst} with ${JSON.stringify(source)} links to ${link}`, () => {
    assert.equal(buildSourceLink({ src, dst }, { ...SOURCE, ...source }, PAGE), link)
  })
}

test('an address says which page it is', () => {
  const settings = { base: '/lb%20x' } as PageSettings
  assert.deepEqual(pageOf('/lb%20x/routes', settings), { name: 'routes' })
  assert.deepEqual(pageOf('/lb%20x/config', settings), { name: 'config' })
  assert.deepEqual(pageOf('/lb%20x/manual', settings), { name: 'manual', path: '' })
  assert.deepEqual(pageOf('/lb%20x/manual/team%20a', settings), { name: 'manual', path: '/team a' })
  assert.deepEqual(pageOf('/lb%20x/manual/%ff', settings), { name: 'manual', path: '/%ff' })
})

test('a comparison shows changed lines side by side and leaves long equal parts out', () => {
  const equal = Array.from({ length: 20 }, (_, i) => `same ${i}`)
  const lines = diffLines([...equal, 'left', 'end'].join('\n'), [...equal, 'right', 'more', 'end'].join('\n'))
  assert.deepEqual(lines[0], { kind: 'hidden', count: 17 })
  const changed = lines.filter(({ kind }) => kind === 'changed')
  assert.deepEqual(changed, [
    { kind: 'changed', left: { number: 21, text: 'left' }, right: { number: 21, text: 'right' } },
    { kind: 'changed', right: { number: 22, text: 'more' } },
  ])
  assert.deepEqual(lines.at(-1), {
    kind: 'same',
    left: { number: 22, text: 'end' },
    right: { number: 23, text: 'end' },
  })
})

test('a comparison has every line of both texts once, in order, and calls only equal ones the same', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map(lines => lines.join('\n'))
  const property = fc.property(text, text, (left, right) => {
    const lines = diffLines(left, right)
    const hidden = lines.filter(({ kind }) => kind === 'hidden').reduce((sum, { count = 0 }) => sum + count, 0)
    for (const [side, whole] of [
      ['left', left],
      ['right', right],
    ] as const) {
      const shown = lines.flatMap(line => line[side] ?? [])
      assert.equal(shown.length + hidden, whole.split('\n').length)
      for (const { number, text: shownText } of shown) assert.equal(shownText, whole.split('\n')[number - 1])
      assert.deepEqual(
        shown.map(({ number }) => number),
        shown.map(({ number }) => number).toSorted((a, b) => a - b),
      )
    }
    for (const line of lines) if (line.kind === 'same') assert.equal(line.left?.text, line.right?.text)
  })
  fc.assert(property, { seed: Number(process.env.FUZZ_SEED ?? 3), numRuns: Number(process.env.FUZZ_RUNS ?? 300) })
})

test('texts too long to align are shown as replaced', () => {
  const left = Array.from({ length: 3000 }, (_, i) => `l${i}`).join('\n')
  const right = Array.from({ length: 3000 }, (_, i) => `r${i}`).join('\n')
  assert.equal(diffLines(left, right).length, 3000)
})

const OPTIONS = {
  'proxy.addr': { value: ':9999', origin: 'default', place: 'default' },
  'proxy.header.tls': { value: '', origin: 'default', place: 'default' },
  'registry.backend': { value: 'static', origin: 'flag', place: 'command line' },
  'registry.consul.addr': { value: 'Hub:8500', origin: 'file', place: '/etc/fabio.properties:4' },
  'registry.consul.tagprefix': { value: '', origin: 'file', place: '/etc/fabio.properties:5' },
  'registry.custom.pollinginterval': { value: '10s', origin: 'default', place: 'default' },
  'proxy.log.routes': { value: '', origin: 'env', place: 'environment variable PROXY_LOG_ROUTES' },
  'tracing.Topic': { value: '', origin: 'default', place: 'default' },
  insecure: { value: 'false', origin: 'default', place: 'default' },
} as const

test('options are shown by section, those of older releases only when they are set', () => {
  assert.deepEqual(
    buildSections(OPTIONS).map(({ name, settings }) => [name, ...settings.map(setting => setting.name)]),
    [
      ['proxy', 'proxy.addr', 'proxy.header.tls', 'proxy.log.routes'],
      ['registry', 'registry.backend'],
      ['registry.consul', 'registry.consul.addr', 'registry.consul.tagprefix'],
      ['process', 'insecure'],
    ],
  )
  assert.equal(countOrigins(buildSections(OPTIONS)), '1 on the command line, 1 in the environment, 2 in the file')
  assert.equal(countOrigins([]), '')
})

for (const { wanted, names } of [
  {
    wanted: {},
    names: [
      'proxy.addr',
      'proxy.log.routes',
      'registry.backend',
      'registry.consul.addr',
      'registry.consul.tagprefix',
      'insecure',
    ],
  },
  {
    wanted: { onlySet: true },
    names: ['proxy.log.routes', 'registry.backend', 'registry.consul.addr', 'registry.consul.tagprefix'],
  },
  { wanted: { text: 'hub' }, names: ['registry.consul.addr'] },
  { wanted: { text: 'properties:5' }, names: ['registry.consul.tagprefix'] },
  { wanted: { text: 'header' }, names: ['proxy.header.tls'] },
  { wanted: { text: 'header', onlySet: true }, names: [] },
  { wanted: { text: 'default' }, names: [] },
]) {
  test(`${JSON.stringify(wanted)} shows ${names.length} options`, () => {
    const settings = buildSections(OPTIONS).flatMap(section => section.settings)
    const shown = settings.filter(setting =>
      isWanted(setting, { text: '', onlySet: false, emptyToo: false, ...wanted }),
    )
    assert.deepEqual(
      shown.map(({ name }) => name),
      names,
    )
  })
}

test('a time of today has no date', () => {
  const now = new Date(2026, 5, 1, 12)
  assert.doesNotMatch(formatSince(new Date(2026, 5, 1, 9).getTime(), now), /2026/)
  assert.match(formatSince(new Date(2026, 4, 31, 9).getTime(), now), /2026/)
})

for (const { left, text, mark } of [
  { left: -1, text: 'has ended', mark: 'danger' },
  { left: 59 * 60_000, text: 'less than an hour left', mark: 'warn' },
  { left: 3_600_000, text: '1 hour left', mark: 'warn' },
  { left: 47.5 * 3_600_000, text: '47 hours left', mark: 'warn' },
  { left: 2 * 86_400_000, text: '2 days left', mark: 'warn' },
  { left: 14 * 86_400_000, text: '14 days left', mark: 'warn' },
  { left: 15 * 86_400_000, text: '15 days left', mark: 'ok' },
]) {
  test(`a certificate that ends in ${left} ms: ${text}`, () => {
    assert.deepEqual(timeLeft(1000 + left, 1000), { text, mark })
  })
}
