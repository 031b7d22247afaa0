import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { startAdmin } from '../../src/admin/server.ts'
import { startTestAdmin } from './start-test-admin.ts'

const HTML = 'text/html; charset=utf-8'
const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json; charset=utf-8'

interface Row {
  readonly method?: string
  readonly path: string
  readonly status: number
  readonly roStatus?: number
  readonly type?: string
  readonly location?: string
  readonly body?: string
}

// `P` stands for ui.path. What differs with ui.access=ro has its own column, and is always `Forbidden`.
const ROWS: readonly Row[] = [
  { path: '/health', status: 200, type: TEXT, body: 'OK\n' },
  { path: '/health', method: 'POST', status: 200, type: TEXT, body: 'OK\n' },
  { path: '/health?verbose', status: 200, body: 'OK\n' },
  { path: 'P/api/config', status: 200, type: JSON_TYPE },
  { path: 'P/api/routes', status: 200, type: JSON_TYPE, body: 'null' },
  { path: 'P/api/routes', method: 'POST', status: 200, body: 'null' },
  { path: 'P/api/routes', method: 'DELETE', status: 200, body: 'null' },
  { path: 'P/api/routes?raw', status: 200, type: 'text/plain', body: '\n' },
  { path: 'P/api/version', status: 200, type: TEXT, body: '1.7.3' },
  { path: 'P/api/%76ersion', status: 200, body: '1.7.3' },
  { path: 'P/api/paths', status: 200, roStatus: 403, type: JSON_TYPE, body: 'null' },
  { path: 'P/api/paths', method: 'PUT', status: 405, roStatus: 403, type: TEXT, body: 'not allowed\n' },
  { path: 'P/api/manual', status: 200, roStatus: 403, type: JSON_TYPE, body: '{"value":"","version":"40"}' },
  { path: 'P/api/manual/team-a', status: 200, roStatus: 403, type: JSON_TYPE, body: '{"value":"","version":"40"}' },
  { path: 'P/api/manual', method: 'POST', status: 405, roStatus: 403, type: TEXT, body: 'not allowed\n' },
  { path: 'P/api/manual', method: 'DELETE', status: 405, roStatus: 403, type: TEXT, body: 'not allowed\n' },
  { path: 'P/api/status', status: 200, type: JSON_TYPE },
  { path: 'P/api/problems', status: 200, type: JSON_TYPE, body: '[]' },
  { path: 'P/routes', status: 200, type: HTML },
  { path: 'P/config', status: 200, type: HTML },
  { path: 'P/manual', status: 200, roStatus: 403, type: HTML },
  { path: 'P/manual/', status: 200, roStatus: 403, type: HTML },
  { path: 'P/manual/team-a', status: 200, roStatus: 403, type: HTML },
  { path: 'P/assets/logo.svg', status: 200, type: 'image/svg+xml' },
  { path: 'P/assets/logo.bw.svg', status: 200, type: 'image/svg+xml' },
  { path: 'P/assets/accent.css', status: 200, type: 'text/css; charset=utf-8' },
  { path: 'P/assets/app.js', status: 200, type: 'text/javascript; charset=utf-8' },
  { path: 'P/assets/app.css', status: 200, type: 'text/css; charset=utf-8' },
  { path: 'P/assets/theme.js', status: 200, type: 'text/javascript; charset=utf-8' },
  { path: 'P/assets/nope.js', status: 404, type: TEXT, body: '404 page not found\n' },
  { path: 'P/assets/', status: 404, type: TEXT, body: '404 page not found\n' },
  { path: 'P/assets', status: 307, location: 'P/assets/' },
  { path: 'P/favicon.ico', status: 404, type: TEXT, body: '404 page not found\n' },
  { path: 'P/', status: 303, type: HTML, location: 'P/routes', body: '<a href="P/routes">See Other</a>.\n\n' },
  { path: 'P/x/y?z', status: 303, location: 'P/routes' },
  { path: 'P/x', method: 'POST', status: 303, location: 'P/routes', body: '' },
  { path: 'P/routes/', status: 303, location: 'P/routes' },
  { path: 'P/api', status: 303, location: 'P/routes' },
  { path: 'P/api%2froutes', status: 303, location: 'P/routes' },
  {
    path: 'P//api/routes',
    status: 307,
    location: 'P/api/routes',
    body: '<a href="P/api/routes">Temporary Redirect</a>.\n\n',
  },
  { path: 'P/a/../routes?x=1', status: 307, location: 'P/routes?x=1' },
  { path: 'P/./routes', status: 307, location: 'P/routes' },
  { path: 'P/a/b/.', status: 307, location: 'P/a/b' },
  { path: 'P/api/manual//x', status: 307, location: 'P/api/manual/x' },
  { path: 'P//a%2fb', status: 307, location: 'P/a%2fb' },
  { path: 'P//\\evil.test', status: 307, location: 'P/%5Cevil.test' },
]

for (const base of ['', '/fabio']) {
  for (const access of ['rw', 'ro']) {
    test(`every path answers as documented with ui.path='${base}' and ui.access=${access}`, async t => {
      await using admin = await startTestAdmin({ path: base, access })
      for (const row of ROWS) {
        const { method = 'GET', path, status } = row
        const forbidden = access === 'ro' && row.roStatus !== undefined
        await t.test(`${method} ${path}`, async () => {
          const answer = await admin.send(method, path.replace(/^P/, base))
          assert.equal(answer.status, forbidden ? row.roStatus : status)
          if (forbidden) {
            assert.equal(answer.body, 'Forbidden\n')
            assert.equal(answer.headers['content-type'], TEXT)
            return
          }
          const filled = (text: string) => text.replaceAll('P/', `${base}/`)
          if (row.type !== undefined) assert.equal(answer.headers['content-type'], row.type)
          if (row.location !== undefined) assert.equal(answer.headers.location, filled(row.location))
          if (row.body !== undefined) assert.equal(answer.body, filled(row.body))
        })
      }
    })
  }
}

test('below ui.path nothing else is served, except /health', async () => {
  await using admin = await startTestAdmin({ path: '/fabio' })
  for (const { path, status, location } of [
    { path: '/', status: 404, location: undefined },
    { path: '/routes', status: 404, location: undefined },
    { path: '/fabiox', status: 404, location: undefined },
    { path: '/health', status: 200, location: undefined },
    { path: '/fabio', status: 307, location: '/fabio/' },
    { path: '/fabio?x=1', status: 307, location: '/fabio/?x=1' },
    { path: '/fabio/health', status: 303, location: '/fabio/routes' },
    { path: '/fabio/../health', status: 307, location: '/health' },
  ]) {
    const answer = await admin.get(path)
    assert.equal(answer.status, status, path)
    assert.equal(answer.headers.location, location, path)
  }
})

test('a ui.path that needs encoding is found, redirected to and linked', async () => {
  await using admin = await startTestAdmin({ path: '/lb ü' })
  assert.equal((await admin.get('/lb%20%C3%BC/api/version')).body, '1.7.3')
  assert.equal((await admin.get('/lb%20%C3%BC/')).headers.location, '/lb%20%C3%BC/routes')
  assert.match((await admin.get('/lb%20%C3%BC/routes')).body, /href="\/lb%20%C3%BC\/assets\/app.css"/)
})

test('HEAD has the headers of GET and no body', async () => {
  await using admin = await startTestAdmin()
  for (const path of ['/health', '/api/version', '/api/routes', '/api/config', '/routes', '/assets/logo.svg']) {
    const [head, get] = [await admin.send('HEAD', path), await admin.get(path)]
    assert.equal(head.status, 200)
    assert.equal(head.body, '')
    assert.equal(head.headers['content-length'], get.headers['content-length'], path)
    assert.equal(head.headers['content-type'], get.headers['content-type'], path)
  }
  assert.equal((await admin.send('HEAD', '/api/manual')).status, 405)
  assert.equal((await admin.send('HEAD', '/api/paths')).status, 405)
  assert.equal((await admin.send('HEAD', '/')).status, 303)
})

test('/api/config?origin is every option with where its value comes from', async () => {
  const describedOptions = { 'ui.title': { value: '<b>', origin: 'file', place: '/etc/x:7' } } as const
  await using admin = await startTestAdmin({ describedOptions })
  assert.deepEqual(JSON.parse((await admin.get('/api/config?origin')).body), describedOptions)
  assert.match((await admin.get('/api/config?pretty&origin')).body, /^\{\n {4}"ui\.title": \{\n {8}"value": /)
})

test('/api/config is the described configuration, indented by four blanks with ?pretty', async () => {
  const describedConfig = { Proxy: { Expression: '<a>&b', Empty: {}, None: null }, Ports: [1, 2] }
  await using admin = await startTestAdmin({ describedConfig })
  assert.equal(
    (await admin.get('/api/config')).body,
    '{"Proxy":{"Expression":"\\u003ca\\u003e\\u0026b","Empty":{},"None":null},"Ports":[1,2]}',
  )
  assert.match((await admin.get('/api/config?pretty')).body, /^\{\n {4}"Proxy": \{\n {8}"Expression": /)
})

test('/api/status and /api/problems tell what the registry and the route feed know', async () => {
  const origin = { kind: 'text', source: 'fabio/config/x', line: 3 } as const
  const problem = { origin, text: 'route add', column: 10, reason: 'r', expected: 'e', since: 5 }
  await using admin = await startTestAdmin({ problems: () => [problem] })
  assert.deepEqual(JSON.parse((await admin.get('/api/problems')).body), [problem])
  assert.equal(JSON.parse((await admin.get('/api/status')).body).state, 'connected')
})

test('every answer keeps browsers from guessing types and from loading anything from elsewhere', async () => {
  await using admin = await startTestAdmin({ title: '<script>alert(1)</script>' })
  for (const path of ['/routes', '/manual', '/api/routes', '/health', '/nope', '/assets/app.js', '/favicon.ico']) {
    const { headers } = await admin.get(path)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.equal(headers['referrer-policy'], 'no-referrer', path)
    assert.match(
      String(headers['content-security-policy']),
      /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
    )
  }
  const shell = (await admin.get('/routes')).body
  assert.match(shell, /<title>fabio - &#60;script&#62;alert\(1\)&#60;\/script&#62;<\/title>/)
  assert.doesNotMatch(shell, /https?:\/\//, 'the shell names no other host')
})

test('assets are revalidated by their entity tag and compressed for who can read that', async () => {
  await using admin = await startTestAdmin()
  const plain = await admin.get('/assets/app.js')
  assert.equal((await admin.get('/assets/app.js', { 'if-none-match': String(plain.headers.etag) })).status, 304)
  const compressed = await admin.get('/assets/app.js', { 'accept-encoding': 'gzip, br' })
  assert.equal(compressed.headers['content-encoding'], 'gzip')
  assert.ok(Number(compressed.headers['content-length']) < 30_000)
})

test('extra paths are served as they are, before anything else and never below ui.path', async () => {
  const extra = new Map([['/ready', (_req: unknown, res: { end(text: string): unknown }) => void res.end('ready')]])
  await using admin = await startTestAdmin({ path: '/fabio', extra })
  assert.equal((await admin.get('/ready')).body, 'ready')
  assert.equal((await admin.get('/fabio/ready')).status, 303)
})

test('a handler that throws costs its request a 500 and nothing else', async () => {
  const extra = new Map([
    [
      '/broken',
      () => {
        throw new Error('a bug')
      },
    ],
  ])
  await using admin = await startTestAdmin({ extra })
  const answer = await admin.get('/broken')
  assert.equal(answer.status, 500)
  assert.equal(answer.body, 'internal error\n')
  assert.match(admin.logged.join('\n'), /error Admin request GET \/broken failed: Error: a bug\n/)
  assert.equal((await admin.get('/health')).status, 200)
})

test('without ui.addr nothing listens', async () => {
  await using admin = await startAdmin({
    ui: {
      access: 'rw',
      path: '',
      title: '',
      color: '',
      routingTable: { source: { linkEnabled: false, newTab: true, scheme: '', host: '', port: '' } },
      listener: undefined,
    },
    describedConfig: {},
    describedOptions: {},
    version: '',
    routes: { version: 0, targets: () => [], raw: () => '', subscribe: () => () => {} },
    registryStatus: () => ({ backend: 'static', state: 'connected', since: 0, sources: [], requests: 0 }),
    log: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, isOn: () => false },
  })
  assert.equal(admin.port, undefined)
})

test('an address that is taken is an error that names ui.addr', async () => {
  await using first = await startTestAdmin()
  const taken = {
    addr: `127.0.0.1:${first.port}`,
    host: '127.0.0.1',
    port: first.port,
    readTimeoutMs: 0,
    writeTimeoutMs: 0,
    idleTimeoutMs: 0,
  }
  await assert.rejects(
    startAdmin({
      ui: {
        access: 'rw',
        path: '',
        title: '',
        color: '',
        routingTable: { source: { linkEnabled: false, newTab: true, scheme: '', host: '', port: '' } },
        listener: taken,
      },
      describedConfig: {},
      describedOptions: {},
      version: '',
      routes: first.table,
      registryStatus: () => ({ backend: 'static', state: 'connected', since: 0, sources: [], requests: 0 }),
      log: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {}, isOn: () => false },
    }),
    {
      message: `ui: listen: Fail to listen. listen tcp 127.0.0.1:${first.port}: bind: address already in use`,
    },
  )
  assert.equal(first.table.listenerCount, 1, 'the server that did not start listens to no table')
})

test('stopping ends event streams and idle connections and lets go of the table', async () => {
  const admin = await startTestAdmin()
  const stream = await fetch(`http://127.0.0.1:${admin.port}/api/events`)
  assert.equal(stream.status, 200)
  await admin[Symbol.asyncDispose]()
  assert.match(await stream.text(), /event: routes/)
  assert.equal(admin.table.listenerCount, 0)
})

test('stopping cuts connections that have not said anything', async () => {
  const admin = await startTestAdmin()
  const silent = connect(admin.port, '127.0.0.1')
  await once(silent, 'connect')
  const closed = once(silent, 'close')
  await admin[Symbol.asyncDispose]()
  await closed
})
