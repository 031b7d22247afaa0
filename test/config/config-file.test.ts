// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of Fabio has them too

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/config-error.ts'
import { loadConfigFile } from '../../src/config/config-file.ts'
import { loadConfig } from '../../src/config/load.ts'
import { loadFrom, MACHINE } from './load-from.ts'

async function serve(listener: RequestListener): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function messageOf(load: Promise<unknown>): Promise<string> {
  try {
    await load
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

const NOTHING = new Map<string, string>()

for (const { what, headers, bytes, value } of [
  { what: 'no content type', headers: {}, bytes: Buffer.from('a = caf\u00e9'), value: 'caf\u00e9' },
  {
    what: 'text/plain',
    headers: { 'content-type': 'text/plain' },
    bytes: Buffer.from('a = caf\u00e9'),
    value: 'caf\u00e9',
  },
  {
    what: 'any other type',
    headers: { 'content-type': 'application/octet-stream' },
    bytes: Buffer.from('a = caf\u00e9'),
    value: 'caf\u00e9',
  },
  {
    what: 'Latin-1',
    headers: { 'content-type': 'text/plain; charset=ISO-8859-1' },
    bytes: Buffer.from('a = caf\u00e9', 'latin1'),
    value: 'caf\u00e9',
  },
  {
    what: 'UTF-16',
    headers: { 'content-type': 'text/plain;charset="utf-16le"' },
    bytes: Buffer.from('a = caf\u00e9', 'utf16le'),
    value: 'caf\u00e9',
  },
]) {
  test(`a URL with ${what} is read`, async () => {
    await using server = await serve((_request, response) => response.writeHead(200, headers).end(bytes))
    const { properties } = await loadConfigFile(`http://127.0.0.1:${server.port}/x.properties`, NOTHING)
    assert.equal(properties.get('a')?.value, value)
  })
}

test('a redirect is followed, credentials of the URL are sent, and neither appears in places', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/from') return response.writeHead(302, { location: '/to?x=1' }).end()
    return response.end(`seen = ${request.headers.authorization} ${request.url}`)
  })
  const { name, properties } = await loadConfigFile(`http://user:p%40ss@127.0.0.1:${server.port}/from`, NOTHING)
  assert.equal(properties.get('seen')?.value, `Basic ${Buffer.from('user:p@ss').toString('base64')} /to?x=1`)
  assert.equal(name, `http://127.0.0.1:${server.port}/from`)
})

test('a URL that answers anything but 200 is refused', async () => {
  await using server = await serve((_request, response) => response.writeHead(404).end())
  const url = `http://127.0.0.1:${server.port}/x`
  assert.equal(await messageOf(loadConfigFile(url, NOTHING)), `properties: ${url} returned 404`)
})

test('redirects in a circle end', async () => {
  await using server = await serve((_request, response) => response.writeHead(302, { location: '/' }).end())
  const url = `http://127.0.0.1:${server.port}/`
  assert.ok((await messageOf(loadConfigFile(url, NOTHING))).startsWith(`properties: error fetching "${url}". `))
})

test('a server that breaks off is refused, and so is an unknown charset', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/charset')
      return response.writeHead(200, { 'content-type': 'text/plain; charset=nope' }).end('a = b')
    response.writeHead(200, { 'content-length': 100 }).write('a = b')
    return response.destroy()
  })
  const url = `http://127.0.0.1:${server.port}`
  assert.ok((await messageOf(loadConfigFile(`${url}/`, NOTHING))).startsWith(`properties: error fetching "${url}/". `))
  assert.equal(
    await messageOf(loadConfigFile(`${url}/charset`, NOTHING)),
    `properties: invalid content type text/plain; charset=nope of ${url}/charset`,
  )
})

for (const { path, message } of [
  { path: '/does/not/exist', message: 'open /does/not/exist: no such file or directory' },
  { path: '/', message: 'open /: illegal operation on a directory' },
  { path: 'ftp://h/x', message: 'open ftp://h/x: no such file or directory' },
  {
    path: 'http://127.0.0.1:1/x',
    message: 'properties: error fetching "http://127.0.0.1:1/x". connect ECONNREFUSED 127.0.0.1:1',
  },
]) {
  test(`${path} is refused`, async () => assert.equal(await messageOf(loadConfigFile(path, NOTHING)), message))
}

test('the path may refer to the environment', async () => {
  const message = await messageOf(
    loadConfig({ argv: ['-cfg', '${HERE}/none'], env: { HERE: '/nowhere' }, machine: MACHINE }),
  )
  assert.equal(message, 'open /nowhere/none: no such file or directory')
})

test('a syntax error names the file', async () => {
  const message = await messageOf(loadFrom({ file: 'a = b\n= c' }))
  assert.match(message, /^properties: Line 2: "= c" \(.*\/fabio\.properties\)$/)
})
