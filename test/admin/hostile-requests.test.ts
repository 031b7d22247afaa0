import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startTestAdmin } from './start-test-admin.ts'

for (const { name, bytes, answer } of [
  { name: 'no HTTP at all', bytes: 'hello\r\n\r\n', answer: /^HTTP\/1\.1 400 / },
  { name: 'a TLS client hello', bytes: '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1', answer: /^HTTP\/1\.1 400 / },
  {
    name: 'two lengths of the body',
    bytes: 'PUT /api/manual HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
    answer: /^HTTP\/1\.1 400 /,
  },
  {
    name: 'a length and chunks',
    bytes: 'PUT /api/manual HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    answer: /^HTTP\/1\.1 400 /,
  },
  {
    name: 'a head of 20 kB',
    bytes: `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    answer: /^HTTP\/1\.1 431 /,
  },
  {
    name: 'a target of 20 kB',
    bytes: `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    answer: /^HTTP\/1\.1 431 /,
  },
  {
    name: 'a target that is no path',
    bytes: 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    answer: /^HTTP\/1\.1 400 .*must be a path\n$/s,
  },
  { name: 'a CONNECT', bytes: 'CONNECT evil.test:443 HTTP/1.1\r\nhost: evil.test\r\n\r\n', answer: /^$/ },
  { name: 'no host', bytes: 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n', answer: /^HTTP\/1\.1 400 / },
  {
    name: 'a full URL as target',
    bytes: 'GET http://other.test/api/version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    answer: /1\.7\.3$/,
  },
  {
    name: 'bytes that are not ASCII in the path',
    bytes: 'GET /\xff\xfe/.. HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    answer: /^HTTP\/1\.1 400 /,
  },
  {
    name: 'an upgrade',
    bytes: 'GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n',
    answer: /^HTTP\/1\.1 200 .*OK\n$/s,
  },
  {
    name: 'an expectation nobody meets',
    bytes: 'PUT /api/manual HTTP/1.1\r\nhost: x\r\nexpect: magic\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}',
    answer: /^HTTP\/1\.1 417 /,
  },
]) {
  test(`${name} does no harm`, async () => {
    await using admin = await startTestAdmin()
    assert.match(await admin.sendBytes(bytes), answer)
    assert.equal((await admin.get('/health')).status, 200)
    assert.deepEqual(
      admin.logged.filter(line => line.startsWith('error')),
      [],
    )
  })
}

test('a client that leaves in the middle of its body is nobody’s error', async () => {
  await using admin = await startTestAdmin()
  const aborted = new AbortController()
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{"value":'))
      setImmediate(() => aborted.abort())
    },
  })
  const put = fetch(`http://127.0.0.1:${admin.port}/api/manual`, {
    method: 'PUT',
    body,
    duplex: 'half',
    signal: aborted.signal,
  })
  await assert.rejects(put)
  assert.equal((await admin.get('/health')).status, 200)
  assert.deepEqual(
    admin.logged.filter(line => line.startsWith('error')),
    [],
  )
})

test('a request that does not arrive within the read timeout is answered with 408', async () => {
  await using admin = await startTestAdmin({ readTimeoutMs: 50 })
  assert.match(await admin.sendBytes('GET /health HTTP/1.1\r\nhost:'), /^HTTP\/1\.1 408 /)
})

test('whatever the target, the answer is a known one and no redirect leaves this host', async () => {
  await using admin = await startTestAdmin({ path: '/fabio', access: 'ro' })
  const piece = fc.constantFrom(
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2F',
    '\\',
    'fabio',
    'api',
    'manual',
    'routes',
    '%00',
    '%ff',
    '?',
    '#',
    ';',
    '@evil.test',
    ':',
    '%0d%0a',
  )
  const target = fc.array(piece, { maxLength: 12 }).map(pieces => `/${pieces.join('')}`)
  await fc.assert(
    fc.asyncProperty(target, async path => {
      const { status, headers } = await admin.get(path)
      assert.ok([200, 303, 307, 400, 403, 404].includes(status), `${path} ${status}`)
      const location = headers.location ?? '/'
      assert.equal(new URL(location, 'http://lb.test').host, 'lb.test', location)
    }),
    { seed: Number(process.env.FUZZ_SEED ?? 7), numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
  )
  assert.deepEqual(
    admin.logged.filter(line => line.startsWith('error')),
    [],
  )
})
