import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRow, FakeTable } from './fake-table.ts'
import { startTestAdmin } from './start-test-admin.ts'

test('a target has the keys and constants of Fabio, in its order', async () => {
  const row = createRow({
    service: 'web',
    host: 'www.example.com',
    path: '/api',
    dst: 'http://10.0.0.5:8080/',
    options: [
      ['strip', '/api'],
      ['host', 'dst'],
    ],
    tags: ['v2', 'blue'],
    weight: 0.5,
  })
  await using admin = await startTestAdmin({
    table: new FakeTable([row, createRow({ host: ':3306', path: '', weight: 1 / 3 })]),
  })
  assert.equal(
    (await admin.get('/api/routes')).body,
    '[{"service":"web","host":"www.example.com","path":"/api","src":"www.example.com/api","dst":"http://10.0.0.5:8080/",' +
      '"opts":"host=dst strip=/api","cmd":"route add","tags":["v2","blue"],"weight":0.5,"rate1":0,"pct99":0},' +
      '{"service":"web","host":":3306","path":"","src":":3306","dst":"http://10.0.0.5:8080/","opts":"","cmd":"route add",' +
      '"weight":0.3333333333333333,"rate1":0,"pct99":0}]',
  )
})

test('characters that mean something in HTML are escaped as Go does', async () => {
  await using admin = await startTestAdmin({
    table: new FakeTable([createRow({ service: '<x>', path: '/a&b\u2028' })]),
  })
  const { body } = await admin.get('/api/routes')
  assert.match(body, /"service":"\\u003cx\\u003e".*"path":"\/a\\u0026b\\u2028"/)
  assert.equal(JSON.parse(body)[0].service, '<x>')
})

test('?pretty indents by four blanks', async () => {
  await using admin = await startTestAdmin({ table: new FakeTable([createRow({ tags: ['a'] }), createRow({})]) })
  const { body } = await admin.get('/api/routes?pretty=1')
  assert.equal(body, JSON.stringify(JSON.parse(body), null, 4))
})

test('of two options of one name the later one counts', async () => {
  const options = [
    ['strip', '/a'],
    ['strip', '/b'],
  ] as const
  await using admin = await startTestAdmin({ table: new FakeTable([createRow({ options })]) })
  assert.equal(JSON.parse((await admin.get('/api/routes')).body)[0].opts, 'strip=/b')
})

test('?raw is the table in the command language with one line feed at the end', async () => {
  await using admin = await startTestAdmin({
    table: new FakeTable([createRow({ service: 'a' }), createRow({ service: 'b' })]),
  })
  const { body, headers } = await admin.get('/api/routes?raw')
  assert.equal(body, 'route add a / http://10.0.0.5:8080/\nroute add b / http://10.0.0.5:8080/\n')
  assert.equal(headers['content-type'], 'text/plain')
})

test('a client that has the present table is told so, until the table changes', async () => {
  await using admin = await startTestAdmin({ table: new FakeTable([createRow({})]) })
  const etag = String((await admin.get('/api/routes')).headers.etag)
  const unchanged = await admin.get('/api/routes', { 'if-none-match': etag })
  assert.equal(unchanged.status, 304)
  assert.equal(unchanged.body, '')
  admin.table.set([createRow({ service: 'other' })])
  assert.equal((await admin.get('/api/routes', { 'if-none-match': etag })).status, 200)
  assert.equal((await admin.get('/api/routes?raw', { 'if-none-match': etag })).status, 200)
})

test('a large table is compressed for who can read that, and only for them', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => createRow({ path: `/${i}` }))
  await using admin = await startTestAdmin({ table: new FakeTable(rows) })
  const response = await fetch(`http://127.0.0.1:${admin.port}/api/routes`, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(response.headers.get('content-encoding'), 'gzip')
  const decoded: unknown[] = JSON.parse(await response.text())
  assert.equal(decoded.length, 300)
  for (const accepted of ['identity', 'gzip;q=0', 'br']) {
    const plain = await admin.get('/api/routes', { 'accept-encoding': accepted })
    assert.equal(plain.headers['content-encoding'], undefined, accepted)
    assert.equal(JSON.parse(plain.body).length, 300)
  }
})

test('a table that changes while it is written out is shown as it was at the beginning', async () => {
  const before = Array.from({ length: 10_000 }, (_, i) => createRow({ service: 'before', path: `/${i}` }))
  await using admin = await startTestAdmin({ table: new FakeTable(before) })
  const pending = admin.get('/api/routes')
  const change = setInterval(() => admin.table.set([createRow({ service: 'after' })]), 1)
  const rows: readonly { service: string }[] = JSON.parse((await pending).body)
  clearInterval(change)
  assert.ok(rows.every(({ service }) => service === rows[0]?.service))
  assert.equal(rows.length, rows[0]?.service === 'before' ? 10_000 : 1)
})
