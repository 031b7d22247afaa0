import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { OverridePreview } from '../../src/admin/override-preview.ts'
import type { SourceFacts } from '../../src/cert/certificate-collection.ts'
import type { Explanation, ServiceExplanation } from '../../src/explain/explanation.ts'
import type { RecordedChange } from '../../src/history/route-history.ts'
import type { Problem } from '../../src/registry/route-feed.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { createRow, FakeTable } from './fake-table.ts'
import { startTestAdmin, type TestAdmin, type TestAdminOptions } from './start-test-admin.ts'

const executablePath = realPart('chromium')
const skip = executablePath === undefined && missingPart('chromium')
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'

let browser: Browser | undefined

interface OpenPage extends AsyncDisposable {
  readonly page: Page
  readonly admin: TestAdmin
}

interface OpenOptions extends TestAdminOptions {
  readonly url: string
  readonly scheme?: 'light' | 'dark'
  readonly width?: number
  /** For axe, which has to be put into the page. */
  readonly bypassCsp?: boolean
  /** The browser reports an answer such as 409 as an error. */
  readonly expectedErrors?: RegExp
}

/** A page of a fresh server. Whatever the browser complains of, a violation of the policy above all, fails the test at its end. */
async function openPage(options: OpenOptions): Promise<OpenPage> {
  const { url, scheme = 'light', width = 1280, bypassCsp = false, expectedErrors, ...adminOptions } = options
  assert.ok(browser !== undefined)
  const admin = await startTestAdmin(adminOptions)
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: scheme,
    bypassCSP: bypassCsp,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    // Asked for when a page is left before its own icon has come; a 404 by design.
    if (message.location().url.endsWith('/favicon.ico')) return
    if (expectedErrors?.test(message.text()) !== true) complaints.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', error => complaints.push(String(error.stack)))
  page.on('request', request => {
    if (!request.url().startsWith(`http://127.0.0.1:${admin.port}/`)) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(`http://127.0.0.1:${admin.port}${url}`)
  return {
    page,
    admin,
    async [Symbol.asyncDispose]() {
      await context.close()
      await admin[Symbol.asyncDispose]()
      assert.deepEqual(complaints, [])
    },
  }
}

const SHOP = createRow({
  service: 'shop',
  host: 'www.example.com',
  path: '/shop',
  dst: 'http://10.0.0.1:8080/',
  tags: ['blue'],
  options: [['strip', '/shop']],
  weight: 0.75,
})
const ROWS = [
  createRow({ service: 'db', host: ':3306', path: '', dst: 'tcp://10.0.0.9:3306' }),
  createRow({ service: 'wrong', host: 'http:', path: '//old.example.com/' }),
  SHOP,
  createRow({ ...SHOP, dst: 'http://10.0.0.2:8080/', tags: ['green'], weight: 0.25 }),
]

const PROBLEMS: readonly Problem[] = [
  {
    origin: { kind: 'service', service: 'billing', instance: 'billing-1', node: 'n7', tag: 'urlprefix-billing strip' },
    text: 'urlprefix-billing strip',
    column: 19,
    reason: 'no value',
    expected: 'strip=/x',
    since: 1,
  },
  {
    origin: { kind: 'text', source: 'fabio/config/team-a', line: 3 },
    text: 'route ad web /web http://10.0.0.1:8080/',
    column: 7,
    reason: "syntax error: 'route' expected",
    expected: 'a line that starts with route add, route del or route weight, or a comment',
    since: 1,
  },
  {
    origin: { kind: 'route', host: 'www.example.com', path: '/shop', services: ['shop', 'store'] },
    text: 'www.example.com/shop',
    column: 1,
    reason: 'different options on one route: shop with strip=/shop, store with no options',
    expected: 'the same options on all targets of a route',
    since: 1,
  },
]

const EXPLAINED: Explanation = {
  request: { method: 'GET', host: 'www.example.com', path: '/shop', query: '', isTls: false, client: '127.0.0.1' },
  outcome: 'The route www.example.com/shop is taken, to http://10.0.0.1:8080/.',
  status: 0,
  hosts: [
    {
      key: 'www.example.com',
      fits: true,
      note: 'the host itself',
      outcome: 'wins',
      paths: [
        { path: '/shop', fits: true, wins: true },
        { path: '/', fits: true, wins: false },
      ],
      unlisted: 3,
    },
    { key: '', fits: true, note: 'fits every host', outcome: 'no path', paths: [], unlisted: 0 },
  ],
  route: {
    host: 'www.example.com',
    path: '/shop',
    skipped: [],
    targets: [
      {
        service: 'shop',
        dst: 'http://10.0.0.1:8080/',
        weight: 1,
        tags: ['blue'],
        options: [['strip', '/shop']],
        health: 'passing: instance shop-1 on node n1',
        access: { rules: 'allow=ip:10.0.0.0/8', allows: true },
        auth: 'staff',
        redirect: undefined,
        sent: ['GET / HTTP/1.1', 'Host: www.example.com'],
        note: 'after a user of staff has been let in, else 401',
      },
    ],
  },
}

const EXPLAINED_SERVICE: ServiceExplanation = {
  service: 'shop',
  outcome: 'Service shop: 0 of 1 instances routed.',
  instances: [
    {
      service: 'shop',
      instance: 'shop-2',
      node: 'n2',
      address: '10.0.0.2:8080',
      tags: ['urlprefix-/shop'],
      out: 'Skipping service "shop-2" since it is in maintenance mode: rolling out',
      checks: [{ id: '_service_maintenance:shop-2', status: 'critical', output: 'rolling out' }],
      definitions: [
        {
          place: 'tag',
          text: 'urlprefix-/shop weight=lots',
          route: '',
          dst: '',
          weight: 0,
          state: 'rejected',
          note: 'syntax error: weight value invalid',
          column: 24,
        },
      ],
    },
  ],
  lines: [],
}
const EXPLAIN = { request: () => EXPLAINED, service: () => EXPLAINED_SERVICE }

const PREVIEW: OverridePreview = {
  rejections: [],
  routes: [
    {
      host: 'www.example.com',
      path: '/shop',
      change: 'changed',
      moved: 0.25,
      requests: 4000,
      targets: [
        { service: 'shop', dst: 'http://10.0.0.1:8080/', tags: [], change: 'reweighted', before: 0.5, after: 0.75 },
        { service: 'shop', dst: 'http://10.0.0.2:8080/', tags: [], change: 'removed', before: 0.5, after: 0 },
        { service: 'shop', dst: 'http://10.0.0.3:8080/', tags: [], change: 'added', before: 0, after: 0.25 },
      ],
    },
  ],
  totals: { routes: 1, added: 1, removed: 1, reweighted: 1 },
  requests: { seconds: 300, total: 8000, moved: 1000 },
}

const HISTORY = {
  at: () => undefined,
  list: (): readonly RecordedChange[] => [
    {
      version: 3,
      time: 1_000_000,
      causes: [{ kind: 'instance', name: 'shop-1 of shop on n1', event: 'service:shop-1 is critical' }],
      count: 1,
      routes: [
        {
          host: 'www.example.com',
          path: '/shop',
          before: [{ service: 'shop', dst: 'http://10.0.0.1:8080/', fixedWeight: 0, tags: [], options: [] }],
          after: [],
        },
      ],
    },
  ],
}

const DAY_MS = 86_400_000
const certificate = (name: string, serverNames: readonly string[], days: number) => ({
  name,
  serverNames,
  issuer: 'C=US, O=Let’s Encrypt, CN=R11',
  serial: '04A1',
  fingerprint256: 'AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89',
  notBefore: new Date(Date.now() - 60 * DAY_MS).toISOString(),
  notAfter: new Date(Date.now() + (days + 0.5) * DAY_MS).toISOString(),
})
/** Two sources, in all states that there are. */
class FakeCertificates {
  version = 1
  readonly hasSources = true
  readonly edge = [
    certificate('/etc/certs/www.pem', ['www.example.com', 'example.com'], 80),
    certificate('/etc/certs/old.pem', ['old.example.com'], -3),
    certificate('/etc/certs/wild.pem', ['*.example.com'], 9),
  ]

  facts(): readonly SourceFacts[] {
    return [
      {
        source: 'edge',
        type: 'path',
        certificates: this.edge,
        clientAuthorities: null,
        problems: [{ name: '/etc/certs/new.pem', reason: 'the key does not belong to the certificate' }],
        error: null,
      },
      {
        source: 'inner',
        type: 'vault',
        certificates: [],
        clientAuthorities: 0,
        problems: [],
        error: 'https://vault.example.com:8200: 503 Service Unavailable',
      },
    ]
  }
}

const serviceNames = (page: Page) => page.locator('.routes .open').allTextContents()

const AXE = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

describe('in a browser', { skip }, () => {
  before(async () => {
    if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: FLAGS.split(' ') })
  })
  after(() => browser?.close())

  test('the table shows every target and follows changes by itself', async () => {
    await using opened = await openPage({ url: '/routes', table: new FakeTable(ROWS) })
    const { page, admin } = opened
    await page.getByText('live', { exact: true }).waitFor()
    assert.deepEqual(await serviceNames(page), ['db', 'wrong', 'shop', 'shop'])
    const row = page.locator('.routes tr', { hasText: '10.0.0.1' })
    assert.deepEqual(await row.locator('td').allTextContents(), [
      '3',
      'shop',
      'www.example.com/shop',
      'http://10.0.0.1:8080/',
      'strip=/shop',
      '75.00%',
      'blue',
    ])
    assert.match((await page.locator('.counts').textContent()) ?? '', /3 services 3 routes 4 targets/)
    assert.match(
      (await page.locator('tr.wrong .badge').getAttribute('aria-label')) ?? '',
      /No request matches one that starts with http/,
    )

    admin.table.set([...ROWS.slice(1), createRow({ service: 'fresh', path: '/fresh' })])
    await page.locator('tr.touched', { hasText: 'fresh' }).waitFor()
    assert.deepEqual(await serviceNames(page), ['wrong', 'shop', 'shop', 'fresh'])
    await page.getByText('Targets: 1 added, 1 removed').waitFor({ state: 'attached' })
  })

  test('the filter narrows the table, is kept in the address and survives a reload', async () => {
    await using opened = await openPage({ url: '/routes', table: new FakeTable(ROWS) })
    const { page } = opened
    await page.locator('.routes').waitFor()
    await page.keyboard.type('shop tag:green') // The field has the focus.
    await page.getByText('1 target').waitFor()
    assert.equal(new URL(page.url()).search, '?filter=shop+tag%3Agreen')
    await page.reload()
    await page.locator('.routes').waitFor()
    assert.deepEqual(await page.locator('.dst a').allTextContents(), ['http://10.0.0.2:8080/'])
    await page.fill('#filter', "o'clock & <b>")
    await page.getByText('No route matches the filter').waitFor()
    await page.getByRole('button', { name: 'Show all 4 targets' }).click()
    assert.equal((await serviceNames(page)).length, 4)
    assert.equal(new URL(page.url()).search, '')
  })

  test('a column sorts up, down and not at all', async () => {
    await using opened = await openPage({ url: '/routes?sort=-service', table: new FakeTable(ROWS) })
    const { page } = opened
    await page.locator('.routes').waitFor()
    assert.deepEqual(await serviceNames(page), ['wrong', 'shop', 'shop', 'db'])
    const heading = page.getByRole('columnheader', { name: 'Service' })
    assert.equal(await heading.getAttribute('aria-sort'), 'descending')
    await heading.getByRole('button').click()
    assert.deepEqual(await serviceNames(page), ['db', 'wrong', 'shop', 'shop'])
    assert.equal(await heading.getAttribute('aria-sort'), 'none')
  })

  test('60,000 targets can be walked by keyboard while a few are in the document', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => createRow({ service: `s${i + 1}`, path: `/${i}` }))
    await using opened = await openPage({ url: '/routes', table: new FakeTable(rows) })
    const { page } = opened
    await page.locator('.routes .open').first().waitFor()
    assert.ok((await page.locator('.routes tr').count()) < 100)
    const focused = () => page.evaluate('document.activeElement.textContent')
    await page.keyboard.press('ArrowDown')
    assert.equal(await focused(), 's1')
    for (const { key, expected } of [
      { key: 'ArrowDown', expected: 's2' },
      { key: 'End', expected: 's60000' },
      { key: 'ArrowUp', expected: 's59999' },
      { key: 'Home', expected: 's1' },
    ]) {
      await page.keyboard.press(key)
      await page.waitForFunction(`document.activeElement.textContent === '${expected}'`)
      const box = await page.locator('.open:focus').boundingBox()
      assert.ok(box !== null && box.y >= 0 && box.y + box.height <= 800, `${expected} is on the screen`)
    }
    await page.fill('#filter', 's59999')
    assert.deepEqual(await serviceNames(page), ['s59999'])
  })

  test('Enter opens the details of a target, Escape closes them and gives the focus back', async () => {
    await using opened = await openPage({ url: '/routes', table: new FakeTable(ROWS) })
    const { page } = opened
    await page.locator('.routes').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'wrong' })
    await dialog.getByText('The source starts with a scheme').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'wrong')
  })

  test('the raw view shows the commands and copies them', async () => {
    await using opened = await openPage({ url: '/routes', table: new FakeTable(ROWS) })
    const { page, admin } = opened
    await page.getByRole('button', { name: 'Raw' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('4 lines').waitFor()
    assert.equal(await dialog.locator('pre').textContent(), admin.table.raw())
    await dialog.getByRole('button', { name: 'Copy' }).click()
    await dialog.getByText('Copied').waitFor()
  })

  test('an empty table explains how to get a first route', async () => {
    await using opened = await openPage({ url: '/routes', tagPrefix: 'edge-' })
    await opened.page.getByText('"edge-/hello"').waitFor()
  })

  test('a registry that cannot be reached, and definitions with mistakes, are told of', async () => {
    const origin = {
      kind: 'service',
      service: 'billing',
      instance: 'billing-1',
      node: 'n7',
      tag: 'urlprefix-billing',
    } as const
    await using opened = await openPage({
      url: '/routes',
      table: new FakeTable(ROWS),
      problems: () => [
        { origin, text: 'urlprefix-billing strip', column: 19, reason: 'no value', expected: 'strip=/x', since: 1 },
      ],
      registryStatus: () => ({
        backend: 'consul',
        state: 'stale',
        since: Date.now(),
        reason: 'connect ECONNREFUSED',
        sources: [],
        requests: 0,
      }),
    })
    const { page } = opened
    await page.getByText('The last good table stays in service. connect ECONNREFUSED').waitFor()
    await page.getByText('One route definition has a mistake.').click()
    await page.getByText('instance billing-1 on n7').waitFor()
    assert.equal(await page.locator('.problems mark').textContent(), 'strip')
  })

  test('routes that are from a snapshot, and routes that are held back, are told of on every page', async () => {
    const [writtenAt, since, until] = [Date.UTC(2026, 4, 3, 10, 30), Date.now() - 5000, Date.now() + 25_000]
    for (const { url, scheme, width } of [
      { url: '/routes', scheme: 'light', width: 1280 },
      { url: '/config', scheme: 'dark', width: 390 },
    ] as const) {
      await using opened = await openPage({
        ...{ url, scheme, width, table: new FakeTable(ROWS) },
        registryStatus: () => ({
          ...{ backend: 'consul', state: 'stale', since, reason: undefined, sources: [], requests: 0 },
          snapshot: { writtenAt },
          held: { since, until, instances: 1, routes: 1200 },
        }),
      })
      const { page } = opened
      await page.getByText('Routes from a snapshot').waitFor()
      const told = (await page.locator('.state-notices').textContent()) ?? ''
      assert.match(told, /written .*2026/)
      assert.match(
        told,
        /withdrawal of 1,200 routes is held back since .*: the registry no longer lists 1 instance\. They are served until/,
      )
      const fits = await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
      assert.equal(fits, true, 'nothing sticks out')
    }
  })

  test('the page of problems says whose each is and what would be right, and the bar counts them', async () => {
    await using opened = await openPage({ url: '/problems', problems: () => PROBLEMS })
    const { page } = opened
    await page.getByRole('heading', { name: 'Mistakes 2' }).waitFor()
    await page.getByText('billing instance billing-1 on n7, column 19').waitFor()
    await page.getByText('fabio/config/team-a line 3, column 7').waitFor()
    await page.getByText('Different options on one route').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Problems' }).textContent(), 'Problems3')
    await page.getByRole('searchbox').fill('team-a')
    await page.getByText('1 of 3').waitFor()
    assert.equal(await page.locator('.problem-list li').count(), 1)
  })

  test('the history says when the table changed, what, and why', async () => {
    await using opened = await openPage({ url: '/history', history: HISTORY })
    const { page } = opened
    await page.getByText('shop-1 of shop on n1').waitFor()
    await page.getByText('service:shop-1 is critical').waitFor()
    await page.locator('summary', { hasText: 'www.example.com/shop' }).click()
    await page.getByText('route removed').waitFor()
    assert.equal(
      await page.getByRole('link', { name: 'table at that time' }).getAttribute('href'),
      '/api/routes?raw&at=1000000',
    )
  })

  test('the certificates are those that end first, and what becomes of them is seen by itself', async () => {
    const certificates = new FakeCertificates()
    await using opened = await openPage({ url: '/certs', certificates })
    const { page } = opened
    await page.getByText('wild.pem').waitFor()
    assert.deepEqual(await page.locator('.certificate-head').allTextContents(), [
      'old.example.comhas ended',
      '*.example.com9 days left',
      'www.example.com, example.com80 days left',
    ])
    await page.getByText('new.pem the key does not belong to the certificate').waitFor()
    await page.getByText('Nothing newer can be had: https://vault.example.com:8200: 503').waitFor()
    await page.getByText('no authority for them is known: nobody gets in').waitFor()
    certificates.edge[1] = certificate('/etc/certs/old.pem', ['old.example.com'], 90)
    certificates.version = 2
    await page.getByText('90 days left').waitFor()
    await page.getByRole('searchbox').fill('WILD')
    await page.getByText('1 of 3').waitFor()
  })

  test('a request and a service are explained, and the question stays in the address', async () => {
    await using opened = await openPage({ url: '/explain', explain: EXPLAIN })
    const { page } = opened
    await page.getByLabel('URL').fill('http://www.example.com/shop')
    await page.getByLabel('Headers, one a line').fill('Accept: */*\nX-One: 1')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('The route www.example.com/shop is taken').waitFor()
    await page.getByText('The request as it is sent').click()
    assert.match((await page.locator('pre').textContent()) ?? '', /^GET \/ HTTP\/1\.1/)
    assert.equal(
      new URL(page.url()).search,
      '?url=http%3A%2F%2Fwww.example.com%2Fshop&method=GET&header=Accept%3A+*%2F*&header=X-One%3A+1',
    )
    await page.reload()
    await page.getByText('The route www.example.com/shop is taken').waitFor()
    await page.getByLabel('Service').fill('shop')
    await page.getByRole('button', { name: 'Explain the service' }).click()
    await page.getByText('since it is in maintenance mode').waitFor()
    await page.getByText('Column 24: syntax error').waitFor()
  })

  test('an override is edited, checked, stored, and follows others as long as it is not edited', async () => {
    const rejection = { line: 2, column: 3, text: 'rout', reason: 'no command', expected: 'route add' }
    await using opened = await openPage({
      url: '/manual/team%20a',
      checkCommands: text => (text.includes('rout\n') ? [rejection] : []),
    })
    const { page, admin } = opened
    await page.getByRole('heading', { name: 'Manual Routes /team a' }).waitFor()
    const field = page.getByRole('textbox', { name: 'Route commands of /team a' })
    const save = page.getByRole('button', { name: 'Save' })
    assert.ok(await save.isDisabled())
    await field.fill('route del a\nrout\n')
    await page.getByRole('button', { name: 'Line 2, column 3' }).click()
    assert.equal(await field.evaluate((area: { selectionStart: number }) => area.selectionStart), 14)
    await field.fill('route del a')
    await page.getByText('Line 2').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+s')
    await page.getByText('Stored as version 41.').waitFor()
    assert.equal((await admin.store.read('/team a')).value, 'route del a')
    await page.getByRole('link', { name: '/team a' }).waitFor()
    assert.equal(
      await page.locator('.paths .badge', { hasText: 'new' }).count(),
      1,
      'the default override is still new',
    )

    await admin.store.write('/team a', 'route del b', '41')
    admin.table.set([])
    await page.getByText('Somebody else changed this override; this is version 42.').waitFor()
    assert.equal(await field.inputValue(), 'route del b')
  })

  test('while one edits, the page says what saving would change, and does not save what is no command', async () => {
    const rejection = { line: 1, column: 1, text: 'rout', reason: 'no command', expected: 'route add' }
    await using opened = await openPage({
      url: '/manual',
      previewOverride: () => PREVIEW,
      checkCommands: text => (text === 'rout' ? [rejection] : []),
    })
    const { page, admin } = opened
    const field = page.getByRole('textbox', { name: 'Route commands' })
    await field.fill('route del shop')
    await page.getByText('1 route: 1 targets added, 1 removed, 1 re-weighted.').waitFor()
    await page.getByText('12.5% of the requests of the last 5 minutes (1,000 of 8,000) would go elsewhere.').waitFor()
    await page.getByText('25.0% of its requests move (4,000 requests)').waitFor()
    await field.fill('rout')
    await page.getByText('What is not a command cannot be stored.').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Save' }).isDisabled())
    await field.fill('route del shop')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Stored as version 41.').waitFor()
    assert.equal((await admin.store.read('')).value, 'route del shop')
    await page.getByText('What saving would change').waitFor({ state: 'detached' })
  })

  test('when somebody else was faster, both texts are shown and nothing is lost', async () => {
    await using opened = await openPage({ url: '/manual', expectedErrors: /409/ })
    const { page, admin } = opened
    const field = page.getByRole('textbox', { name: 'Route commands of the default override' })
    await field.fill('# one\nroute del mine')
    await admin.store.write('', '# one\nroute del theirs', '0')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Somebody else changed this override' }).waitFor()
    assert.equal(await page.locator('td.theirs').textContent(), '−route del theirs')
    assert.equal(await page.locator('td.mine').textContent(), '+route del mine')
    assert.equal((await admin.store.read('')).value, '# one\nroute del theirs')

    await page.getByRole('button', { name: 'Edit mine further' }).click()
    assert.equal(await field.inputValue(), '# one\nroute del mine')
    await admin.store.write('', 'route del theirs too', '41')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Store mine over theirs' }).click()
    await page.getByText('Stored as version 43.').waitFor()
    assert.equal((await admin.store.read('')).value, '# one\nroute del mine')

    await field.fill('other')
    await admin.store.write('', 'last word', '43')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Take theirs, drop mine' }).click()
    assert.equal(await field.inputValue(), 'last word')
  })

  test('while one edits, a change by somebody else is told of before saving', async () => {
    await using opened = await openPage({ url: '/manual' })
    const { page, admin } = opened
    await page.getByRole('textbox', { name: 'Route commands' }).fill('mine')
    await admin.store.write('', 'theirs', '0')
    admin.table.set([])
    await page.getByText('Somebody else stored version 41 while you were editing.').waitFor()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.locator('td.theirs').waitFor()
  })

  test('leaving with unsaved changes is asked about, leaving without is not', async () => {
    await using opened = await openPage({ url: '/manual' })
    const { page } = opened
    const questions: string[] = []
    page.on('dialog', async dialog => {
      questions.push(dialog.type())
      await dialog.accept()
    })
    await page.getByRole('textbox', { name: 'Route commands' }).fill('mine')
    await page.getByRole('link', { name: 'Routes' }).click()
    await page.getByRole('heading', { name: 'Routing Table' }).waitFor()
    assert.deepEqual(questions, ['beforeunload'])
    await page.getByRole('link', { name: 'Config' }).click()
    await page.getByRole('heading', { name: 'Configuration' }).waitFor()
    assert.equal(questions.length, 1)
  })

  test('what the server says about a failed save stands on the page', async () => {
    await using opened = await openPage({ url: '/manual', expectedErrors: /500|413/ })
    const { page, admin } = opened
    await page.getByRole('textbox', { name: 'Route commands' }).fill('mine')
    admin.store.failure = new Error('Permission denied')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('Not stored: Permission denied').waitFor()
  })

  test('a new override is opened by name, and a name that cannot be is explained', async () => {
    await using opened = await openPage({ url: '/fabio/manual', path: '/fabio' })
    const { page } = opened
    await page.getByLabel('New override').fill('../x')
    await page.keyboard.press('Enter')
    await page.getByText('The parts . and .. are not names.').waitFor()
    await page.getByLabel('New override').fill('team b')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/fabio/manual/team%20b')
  })

  test('a backend without overrides and ui.access=ro explain themselves', async () => {
    await using noStore = await openPage({ url: '/manual', overrides: undefined })
    await noStore.page.getByText('This registry backend keeps no overrides').waitFor()
    assert.ok(await noStore.page.getByRole('textbox', { name: 'Route commands' }).isDisabled())

    await using readOnly = await openPage({ url: '/routes', access: 'ro' })
    await readOnly.page.getByText('Read-only').click()
    await readOnly.page.getByText('With ui.access = rw they can').waitFor()
    assert.equal(await readOnly.page.getByRole('link', { name: 'Overrides' }).count(), 0)
  })

  test('the configuration says where each value comes from', async () => {
    await using opened = await openPage({ url: '/config' })
    const { page } = opened
    const line = (name: string) => page.locator('.card dl > div', { hasText: name })
    await page.getByText('Set: 1 in the environment, 1 in the file.').waitFor()
    assert.equal(await line('proxy.addr').locator('.place').textContent(), '/etc/fabio.properties:3')
    assert.equal(await line('proxy.dialtimeout').locator('.place').count(), 0)
    assert.equal(await line('registry.consul.token').count(), 0)
    await page.getByLabel('Empty ones too').check()
    assert.equal(await line('registry.consul.token').locator('dd').textContent(), 'empty')
    await page.getByLabel('Only what is set').check()
    assert.deepEqual(await page.locator('.card dt').allTextContents(), ['proxy.addr', 'ui.title'])
    await page.getByRole('searchbox').fill('FABIO_UI')
    assert.deepEqual(await page.locator('.card dt').allTextContents(), ['ui.title'])
    await page.getByRole('searchbox').fill('nothing like it')
    await page.getByText('No setting matches.').waitFor()
  })

  test('the choice of colours is remembered', async () => {
    await using opened = await openPage({ url: '/config', scheme: 'light', title: 'Staging' })
    const { page } = opened
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await background()
    await page.getByRole('button', { name: /^Colours: as the system/ }).click()
    await page.getByRole('button', { name: /^Colours: light/ }).click()
    await page.getByRole('button', { name: /^Colours: dark/ }).waitFor()
    assert.notEqual(await background(), light)
    await page.reload()
    await page.getByRole('button', { name: /^Colours: dark/ }).waitFor()
    assert.notEqual(await background(), light)
    assert.equal(await page.title(), 'Config · fabio - Staging')
  })

  test('a page whose server comes back goes on by itself', async () => {
    await using opened = await openPage({ url: '/routes', table: new FakeTable(ROWS), expectedErrors: /ERR_/ })
    const { page } = opened
    await page.getByText('live', { exact: true }).waitFor()
    await page.context().setOffline(true)
    await page.evaluate(`dispatchEvent(new Event('pagehide'))`) // An open connection outlives setOffline.
    await page.evaluate(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`)
    await page.getByText('reconnecting').waitFor()
    await page.context().setOffline(false)
    await page.getByText('live', { exact: true }).waitFor()
  })

  const VISITS: readonly { readonly url: string; readonly settle: (page: Page) => Promise<unknown> }[] = [
    { url: '/routes', settle: page => page.locator('.routes').waitFor() },
    {
      url: '/routes?sort=dst',
      settle: async page => {
        await page.locator('.routes .open').last().click()
        await page.getByRole('dialog').waitFor()
      },
    },
    { url: '/routes?filter=nothing', settle: page => page.getByText('No route matches').waitFor() },
    { url: '/manual', settle: page => page.locator('textarea:enabled').waitFor() },
    { url: '/problems', settle: page => page.getByText('Mistakes').waitFor() },
    { url: '/history', settle: page => page.getByText('is critical').waitFor() },
    { url: '/certs', settle: page => page.getByText('old.example.com').waitFor() },
    { url: '/explain?url=http://h/', settle: page => page.getByText('is taken').waitFor() },
    { url: '/explain?service=shop', settle: page => page.getByText('rolling out').first().waitFor() },
    { url: '/config', settle: page => page.getByText('30s').waitFor() },
    {
      // The last: leaving it is asked about.
      url: '/manual/x',
      settle: async page => {
        await page.locator('textarea:enabled').fill('route del shop')
        await page.getByText('What saving would change').waitFor()
      },
    },
  ]

  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 360]) {
      test(`axe finds nothing wrong in ${scheme}, ${width} wide, and no page scrolls sideways`, async () => {
        await using opened = await openPage({
          url: '/health',
          scheme,
          width,
          bypassCsp: true,
          table: new FakeTable(ROWS),
          title: 'Test',
          problems: () => PROBLEMS,
          explain: EXPLAIN,
          history: HISTORY,
          certificates: new FakeCertificates(),
          previewOverride: () => PREVIEW,
          checkCommands: () => [],
        })
        const { page, admin } = opened
        for (const { url, settle } of VISITS) {
          await page.goto(`http://127.0.0.1:${admin.port}${url}`)
          await settle(page)
          await page.getByText('live', { exact: true }).waitFor()
          await page.evaluate(AXE)
          const violations = await page.evaluate(
            'axe.run().then(({ violations }) => violations.map(v => v.id + ": " + v.nodes[0].html))',
          )
          assert.deepEqual(violations, [], url)
          assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${url} fits`)
        }
      })
    }
  }
})
