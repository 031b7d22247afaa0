import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startConsulAgent } from '../harness/consul-agent.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'
import { both, follow, put } from './follow-source.ts'

describe('type=path', () => {
  test('follows a directory; what is broken costs only itself, and its last good form stays', async () => {
    await using authority = await TestAuthority.create()
    const directory = join(authority.directory, 'certs')
    const [a, b, c] = await Promise.all([
      authority.issue('a.test'),
      authority.issue('b.test'),
      authority.issue('c.test'),
    ])
    await put(directory, '2.pem', both(b))
    await put(join(directory, 'deep'), 'c-cert.pem', c.cert)
    await put(join(directory, 'deep'), 'c-key.pem', c.key)
    await put(directory, 'ignored.txt', 'nothing')
    await using source = await follow({ type: 'path', cert: directory })
    assert.equal(source.names(), 'b.test c.test')

    await put(directory, '1.pem', both(a))
    await until('a new one is there, and the default', () => source.names() === 'a.test b.test c.test')

    await put(directory, '1.pem', a.cert + b.key)
    await put(join(directory, 'deep'), 'lone-cert.pem', a.cert)
    await source.log.until(/ERROR cert: Cannot make certificates: .*1\.pem: .*private key does not match/)
    await source.log.until(/ERROR cert: .*lone-cert\.pem: there is no .*lone-key\.pem/)
    assert.equal(source.names(), 'a.test b.test c.test')
    const problems = source.certificates.facts()[0]?.problems.map(({ name }) => name.split('/').at(-1))
    assert.deepEqual(problems?.sort(), ['1.pem', 'lone-cert.pem'])

    await rm(join(directory, '2.pem'))
    await until('one is gone', () => source.names() === 'a.test c.test')
    await rm(directory, { recursive: true })
    await source.log.until(/has no certificate any more; those from before stay/)
    assert.equal(source.names(), 'a.test c.test')
  })

  test('authorities of clients follow too; asked for and not there, nobody gets in', async () => {
    await using authority = await TestAuthority.create()
    const certs = join(authority.directory, 'certs')
    const cas = join(authority.directory, 'cas')
    await put(certs, 'a.pem', both(await authority.issue('a.test')))
    await using source = await follow({ type: 'path', cert: certs, clientca: cas })
    assert.deepEqual(source.set?.clientAuthorities, [])
    assert.equal(source.log.count(/no client authority in .*: every client is refused/), 1)
    await put(cas, 'ca.pem', authority.ca)
    await until('it is there', () => source.set?.clientAuthorities?.length === 1)
    await put(cas, 'bad.pem', 'nonsense')
    await source.log.until(/Cannot use client authority .*bad\.pem/)
    assert.equal(source.set?.clientAuthorities?.length, 1)
  })

  test('warns of what ends within 14 days', async () => {
    await using authority = await TestAuthority.create()
    const directory = join(authority.directory, 'certs')
    await put(directory, 'soon.pem', both(await authority.issue('soon.test', { days: 13 })))
    await put(directory, 'late.pem', both(await authority.issue('late.test', { days: 16 })))
    await using source = await follow({ type: 'path', cert: directory })
    assert.equal(source.log.count(/WARN cert: .*soon\.pem for soon\.test ends in 1[23]\.\d days/), 1)
    assert.equal(source.log.count(/late\.test ends/), 0)
    assert.equal(source.certificates.expiries().length, 2)
  })
})

test('type=file is read again when it changes, and a half-written file changes nothing', async () => {
  await using authority = await TestAuthority.create()
  const file = join(authority.directory, 'both.pem')
  const [a, b] = await Promise.all([authority.issue('a.test'), authority.issue('b.test')])
  await writeFile(file, both(a))
  await using source = await follow({ type: 'file', cert: file })
  assert.equal(source.names(), 'a.test')
  await writeFile(file, both(b).slice(0, 300))
  await source.log.until(/Cannot make certificates/)
  assert.equal(source.names(), 'a.test')
  await writeFile(file, both(b))
  await until('the new one is there', () => source.names() === 'b.test')
})

test('type=http takes the files of a list, and keeps what it has when the server fails', async () => {
  await using authority = await TestAuthority.create()
  const [a, b] = await Promise.all([authority.issue('a.test'), authority.issue('b.test')])
  const files = new Map([
    ['/x/list?token=1', 'a-cert.pem\n\n/a-key.pem\r\n'],
    ['/x/a-cert.pem?token=1', a.cert],
    ['/x/a-key.pem?token=1', a.key],
    ['/x/b.pem?token=1', both(b)],
  ])
  let isDown = false
  const server = createServer((request, response) => {
    const text = files.get(request.url ?? '')
    const isKnown = request.headers['x-token'] === 'secret' && request.headers.authorization === `Basic ${btoa('u:p')}`
    if (isDown || text === undefined || !isKnown) response.writeHead(isDown ? 500 : 404).end('<html>')
    else response.end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    const cert = `http://u:p@127.0.0.1:${port}/x/list?token=1`
    await using source = await follow({ type: 'http', cert, hdr: 'X-Token: secret' })
    assert.equal(source.names(), 'a.test')
    files.set('/x/list?token=1', 'a-cert.pem\na-key.pem\nb.pem')
    await until('both are there', () => source.names() === 'a.test b.test')
    isDown = true
    await source.log.until(
      /WARN cert: Error fetching certificates of a\. http:\/\/127\.0\.0\.1:\d+\/x\/list: status 500$/,
    )
    assert.equal(source.names(), 'a.test b.test')
    assert.match(source.certificates.facts()[0]?.error ?? '', /500/)
    isDown = false
    await source.log.until(/INFO cert: Fetching certificates of a again/)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

const consulIsMissing = realPart('consul') === undefined && missingPart('consul')

test('type=consul follows the keys below a prefix', { skip: consulIsMissing }, async () => {
  await using authority = await TestAuthority.create()
  await using consul = await startConsulAgent()
  const [a, b] = await Promise.all([authority.issue('a.test'), authority.issue('b.test')])
  await consul.put('/v1/kv/fabio/cert/a-cert.pem', a.cert)
  await consul.put('/v1/kv/fabio/cert/a-key.pem', a.key)
  const url = `http://${consul.addr}/v1/kv/fabio`
  await using source = await follow({ type: 'consul', cert: `${url}/cert`, clientca: `${url}/ca` })
  await until('a is there', () => source.names() === 'a.test')
  await consul.put('/v1/kv/fabio/ca/ca.pem', authority.ca)
  await consul.put('/v1/kv/fabio/cert/b.pem', both(b))
  await until('b is there', () => source.names() === 'a.test b.test')
  await until('so is the authority', () => source.set?.clientAuthorities?.length === 1)
  await consul.kill()
  await source.log.until(/WARN cert: Error fetching certificates/)
  assert.equal(source.names(), 'a.test b.test')
})

test('a source that cannot be one ends the start', async () => {
  for (const [options, reason] of [
    [{ type: 'consul', cert: 'http://127.0.0.1:1/path' }, /missing prefix: \/v1\/kv\//],
    [{ type: 'consul', cert: 'what' }, /invalid url/],
    [{ type: 'http', cert: '/etc/list' }, /invalid url/],
    [{ type: 'file', cert: '/none.pem' }, /cert: Error loading certificate\. open \/none\.pem: no such file/],
  ] as const) {
    await assert.rejects(follow(options), reason)
  }
})
