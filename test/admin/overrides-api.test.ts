import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestAdmin } from './start-test-admin.ts'

test('an override that is stored is listed and read back with its new version', async () => {
  await using admin = await startTestAdmin()
  const put = await admin.send('PUT', '/api/manual/team-a', { body: '{"value":"\\nroute del a\\n","version":"0"}' })
  assert.equal(put.status, 200)
  assert.equal(put.body, '')
  assert.equal(
    (await admin.get('/api/manual/team-a')).body,
    '{"value":"route del a","version":"41"}',
    'the value is trimmed',
  )
  assert.equal((await admin.get('/api/paths')).body, '["/team-a"]')
  assert.match(admin.logged.join('\n'), /info Override '\/team-a' stored, 13 bytes, from 127\.0\.0\.1/)
})

test('the query is no part of the path, and percent-encoding is decoded', async () => {
  await using admin = await startTestAdmin({ path: '/fabio' })
  await admin.send('PUT', '/fabio/api/manual/team%20a%2Fb?x=1', { body: '{"value":"v","version":"0"}' })
  assert.deepEqual(await admin.store.list(), ['/team a/b'])
  assert.equal(
    (await admin.get('/fabio/api/manual/team%20a/b?pretty')).body,
    '{\n    "value": "v",\n    "version": "41"\n}',
  )
})

for (const { name, body, status, answer } of [
  {
    name: 'a version that is not current',
    body: '{"value":"b","version":"7"}',
    status: 409,
    answer: /^version mismatch\n$/,
  },
  { name: 'the current version', body: '{"value":"b","version":"41"}', status: 200, answer: /^$/ },
  { name: 'names in other cases', body: '{"VALUE":"b","Version":"41"}', status: 200, answer: /^$/ },
  {
    name: 'a version as a number',
    body: '{"value":"b","version":41}',
    status: 400,
    answer: /^'version' must be a string, not 41\n$/,
  },
  {
    name: 'a version that is no number',
    body: '{"value":"b","version":"x"}',
    status: 400,
    answer: /'version' must be a whole number.*not "x"\n$/,
  },
  { name: 'a negative version', body: '{"value":"b","version":"-1"}', status: 400, answer: /not "-1"\n$/ },
  {
    name: 'a version of 65 bits',
    body: '{"value":"b","version":"18446744073709551616"}',
    status: 400,
    answer: /not "18446744073709551616"/,
  },
  {
    name: 'a value that is no string',
    body: '{"value":["b"],"version":"41"}',
    status: 400,
    answer: /^'value' must be a string, not \["b"\]\n$/,
  },
  { name: 'no version', body: '{"value":"b"}', status: 409, answer: /^version mismatch\n$/ },
  { name: 'no JSON', body: '{bad', status: 400, answer: /^the body is not JSON: .*position/ },
  { name: 'an empty body', body: '', status: 400, answer: /^the body is not JSON/ },
  { name: 'an array', body: '[]', status: 400, answer: /^the body must be a JSON object/ },
  { name: 'null', body: 'null', status: 400, answer: /^the body must be a JSON object/ },
  {
    name: 'names that every object has',
    body: '{"__proto__":{"value":"b"},"version":"41"}',
    status: 200,
    answer: /^$/,
  },
]) {
  test(`a write with ${name} is answered with ${status}`, async () => {
    await using admin = await startTestAdmin()
    await admin.store.write('', 'a', '0')
    const put = await admin.send('PUT', '/api/manual', { body })
    assert.equal(put.status, status)
    assert.match(put.body, answer)
    if (status !== 200) assert.equal((await admin.store.read('')).value, 'a', 'what was stored stays')
    else assert.equal(put.headers['content-length'], '0')
  })
}

for (const { path, status, answer } of [
  { path: '/api/manual/%2e%2e/%2e%2e/other', status: 400, answer: /no dot segments/ },
  { path: '/api/manual/a%2F..%2Fb', status: 400, answer: /no dot segments/ },
  { path: '/api/manual/a%00b', status: 400, answer: /no control characters/ },
  { path: '/api/manual/a%0Ab', status: 400, answer: /no control characters/ },
  { path: '/api/manual/%ff', status: 400, answer: /'%ff' in the path is not UTF-8/ },
  { path: '/api/manual/%zz', status: 400, answer: /invalid percent-encoding/ },
]) {
  test(`${path} is refused`, async () => {
    await using admin = await startTestAdmin()
    for (const method of ['GET', 'PUT']) {
      const reply = await admin.send(method, path, { body: method === 'PUT' ? '{"value":"v","version":"0"}' : '' })
      assert.equal(reply.status, status)
      assert.match(reply.body, answer)
    }
    assert.deepEqual(await admin.store.list(), [])
  })
}

test('a value may have 512 KiB and not a byte more', async () => {
  await using admin = await startTestAdmin()
  const put = (bytes: number) =>
    admin.send('PUT', '/api/manual', { body: JSON.stringify({ value: 'ü'.repeat(bytes / 2), version: '41' }) })
  assert.equal((await put(524_288)).status, 200)
  const tooLarge = await put(524_290)
  assert.equal(tooLarge.status, 413)
  assert.equal(tooLarge.body, 'the value has 524290 bytes; an override may have at most 524288\n')
})

test('a body that is announced too large is refused before it arrives, and one that becomes too large when it does', async () => {
  await using admin = await startTestAdmin()
  const announced = await admin.sendBytes('PUT /api/manual HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n')
  assert.match(announced, /^HTTP\/1\.1 413 /)
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const chunked = await admin.sendBytes(
    `PUT /api/manual HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`,
  )
  assert.match(chunked, /^HTTP\/1\.1 413 /)
  assert.equal((await admin.get('/health')).status, 200)
})

for (const { name, headers, status } of [
  { name: 'no Origin, as programs send', headers: {}, status: 200 },
  {
    name: 'the origin of the page itself',
    headers: { host: 'lb.test:9998', origin: 'http://lb.test:9998' },
    status: 200,
  },
  {
    name: 'the same host in other cases',
    headers: { host: 'LB.test:9998', origin: 'http://lb.TEST:9998' },
    status: 200,
  },
  { name: 'the scheme’s own port left out', headers: { host: 'lb.test:443', origin: 'https://lb.test' }, status: 200 },
  {
    name: 'the host that a reverse proxy was asked for',
    headers: { host: '10.0.0.1:9998', 'x-forwarded-host': 'ops.test', origin: 'https://ops.test' },
    status: 200,
  },
  { name: 'another host', headers: { host: 'lb.test:9998', origin: 'http://evil.test' }, status: 403 },
  { name: 'another port', headers: { host: 'lb.test:9998', origin: 'http://lb.test:9999' }, status: 403 },
  { name: 'a host that begins alike', headers: { host: 'lb.test', origin: 'http://lb.test.evil.test' }, status: 403 },
  { name: 'the origin of a sandboxed page', headers: { host: 'lb.test', origin: 'null' }, status: 403 },
  { name: 'an origin that is no URL', headers: { host: 'lb.test', origin: 'lb.test' }, status: 403 },
  {
    name: 'no Origin but a browser’s word that the page is foreign',
    headers: { 'sec-fetch-site': 'cross-site' },
    status: 403,
  },
]) {
  test(`a write with ${name} is answered with ${status}`, async () => {
    await using admin = await startTestAdmin()
    const put = await admin.send('PUT', '/api/manual', { body: '{"value":"v","version":"0"}', headers })
    assert.equal(put.status, status)
    assert.equal((await admin.store.list()).length, status === 200 ? 1 : 0)
  })
}

test('without a store there are no overrides, and none can be stored', async () => {
  await using admin = await startTestAdmin({ overrides: undefined })
  assert.equal((await admin.get('/api/paths')).body, 'null')
  assert.equal((await admin.get('/api/manual/x')).body, '{"value":"","version":"0"}')
  const put = await admin.send('PUT', '/api/manual', { body: '{"value":"v","version":"0"}' })
  assert.equal(put.status, 409)
  assert.equal(put.body, 'version mismatch\n')
})

test('what the store says when it fails is the answer, and in the log', async () => {
  await using admin = await startTestAdmin()
  admin.store.failure = new Error('Unexpected response code: 500')
  for (const [method, path] of [
    ['GET', '/api/paths'],
    ['GET', '/api/manual/x'],
    ['PUT', '/api/manual/x'],
  ] as const) {
    const reply = await admin.send(method, path, { body: method === 'PUT' ? '{"value":"v","version":"0"}' : '' })
    assert.equal(reply.status, 500)
    assert.equal(reply.body, 'Unexpected response code: 500\n')
  }
  assert.deepEqual(
    admin.logged.filter(line => line.startsWith('error')),
    [
      'error Error listing the overrides: Unexpected response code: 500',
      "error Error reading override '/x': Unexpected response code: 500",
      "error Error storing override '/x': Unexpected response code: 500",
    ],
  )
})

test('/api/check says what is wrong with commands and stores nothing', async () => {
  const rejection = {
    line: 2,
    column: 1,
    text: 'rout',
    reason: "syntax error: 'route' expected",
    expected: 'route add …',
  }
  await using admin = await startTestAdmin({ checkCommands: text => (text.includes('rout\n') ? [rejection] : []) })
  const wrong = await admin.send('POST', '/api/check', { body: 'route del a\nrout\n' })
  assert.deepEqual(JSON.parse(wrong.body), [rejection])
  assert.equal((await admin.send('POST', '/api/check', { body: 'route del a' })).body, '[]')
  assert.equal((await admin.get('/api/check')).status, 405)
  assert.equal((await admin.send('POST', '/api/check', { body: 'x'.repeat(600_000) })).status, 413)
  assert.deepEqual(await admin.store.list(), [])
})
