import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import bcrypt from 'bcryptjs'
import { RawClient, request } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

describe('a route with auth=', () => {
  let folder = ''
  let flags: string[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'auth-'))
    await writeFile(join(folder, 'htpasswd'), `slow:${bcrypt.hashSync('secret', 8)}\nplain:word\n`)
    flags = ['-proxy.auth', `name=mine;type=basic;file=${join(folder, 'htpasswd')};realm=Team area`]
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('asks for credentials, and lets in who has them', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using fabio = await startFabio({ routes: `route add svc / ${upstream.url} opts "auth=mine"`, flags })
    const without = await fetch(fabio.url)
    assert.equal(without.status, 401)
    assert.equal(without.headers.get('www-authenticate'), 'Basic realm="Team area"')
    assert.equal(await without.text(), 'authorization failed\n')
    assert.equal((await fetch(fabio.url, { headers: { authorization: basic('slow', 'wrong') } })).status, 401)
    assert.equal(upstream.connections.length, 0)
    const response = await fetch(fabio.url, { headers: { authorization: basic('slow', 'secret') } })
    assert.deepEqual([response.status, await response.text()], [200, 'ok'])
    assert.match(upstream.received(), /authorization: Basic/i)
  })

  test('keeps a body until the password is verified, however it comes', async () => {
    const body = 'x'.repeat(300_000)
    await using upstream = await startRawUpstream(({ socket, received }) => {
      if (received.endsWith('!')) socket.write(OK)
    })
    await using fabio = await startFabio({ routes: `route add svc / ${upstream.url} opts "auth=mine"`, flags })
    await using client = await RawClient.connect(fabio.port)
    const head = request(
      'POST / HTTP/1.1',
      'Host: a',
      `Authorization: ${basic('slow', 'secret')}`,
      `Content-Length: ${body.length + 1}`,
    )
    client.send(head + body.slice(0, 1000))
    client.send(body.slice(1000))
    client.send('!')
    await client.until(received => received.endsWith('ok'))
    const received = upstream.received()
    assert.equal(received.slice(received.indexOf('\r\n\r\n') + 4), `${body}!`)
  })

  test('refuses a request with a body, and the connection goes on', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url} opts "auth=mine"\nroute add open /open ${upstream.url}`,
      flags,
    })
    await using client = await RawClient.connect(fabio.port)
    const wrong = `Authorization: ${basic('slow', 'wrong')}`
    client.send(`${request('POST / HTTP/1.1', 'Host: a', wrong, 'Content-Length: 5')}hello`)
    client.send(request('GET /open HTTP/1.1', 'Host: a'))
    const received = await client.until(text => text.endsWith('ok'))
    assert.match(received, /^HTTP\/1\.1 401 /)
    assert.match(received, /authorization failed\nHTTP\/1\.1 200 /)
  })

  test('other requests are answered while a password is verified', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url} opts "auth=mine"\nroute add open /open ${upstream.url}`,
      flags: [...flags, '-runtime.gomaxprocs', '1'],
    })
    const order: string[] = []
    const slow = fetch(fabio.url, { headers: { authorization: basic('slow', 'no') } }).then(() => order.push('slow'))
    for (let i = 0; i < 5; i++) {
      await (await fetch(`${fabio.url}/open`)).text()
      order.push('open')
    }
    await slow
    assert.equal(order[0], 'open')
  })

  test('a client that leaves meanwhile costs nothing', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using fabio = await startFabio({ routes: `route add svc / ${upstream.url} opts "auth=mine"`, flags })
    const client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a', `Authorization: ${basic('slow', 'secret')}`))
    await client[Symbol.asyncDispose]()
    const response = await fetch(fabio.url, { headers: { authorization: basic('slow', 'secret') } })
    assert.equal(response.status, 200)
    await until('only the second has reached the upstream', () => upstream.received().split('GET /').length === 2)
  })

  test('a scheme nobody has configured closes the route', async () => {
    await using fabio = await startFabio({ routes: 'route add svc / http://127.0.0.1:9/ opts "auth=other"', flags })
    const response = await fetch(fabio.url)
    assert.deepEqual([response.status, response.headers.get('www-authenticate')], [401, null])
    await until('it is in the log', () => fabio.log().includes("[ERROR] unknown auth scheme 'other'"))
  })

  test('a missing file ends the start with its name', async () => {
    const missing = join(folder, 'nobody')
    await assert.rejects(
      startFabio({ flags: ['-proxy.auth', `name=mine;type=basic;file=${missing}`] }),
      new Error(`open ${missing}: no such file or directory`),
    )
  })
})
