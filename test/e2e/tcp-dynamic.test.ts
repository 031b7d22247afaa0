import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { wantedPorts } from '../../src/plane/dynamic-ports.ts'
import { RawClient } from '../harness/raw-client.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'
import { tableFromText } from '../route/table-from-text.ts'

const isOpen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

test('tcp-dynamic opens the ports of TCP routes and closes those that are gone, with their connections', async () => {
  await using upstream = await startRawUpstream(({ socket }, piece) => socket.write(piece.toUpperCase()))
  await using scratch = await TestAuthority.create()
  const [first = 0, second = 0, outside = 0] = (await findPorts(3)).sort((a, b) => a - b)
  const file = join(scratch.directory, 'routes')
  const to = `tcp://127.0.0.1:${upstream.port}`
  const routes = (...hosts: string[]): Promise<void> =>
    writeFile(file, hosts.map(host => `route add svc ${host} ${to} opts "proto=tcp"\n`).join(''))
  await routes(`:${first}`, `:${outside}`)
  await using fabio = await startFabio({
    addr: `127.0.0.1:0;proto=tcp-dynamic;refresh=100ms;ports=${first}-${second}`,
    flags: ['-registry.backend', 'file', '-registry.file.path', file],
  })
  await until('the first port is open', () => isOpen(first))
  await using client = await RawClient.connect(first)
  client.send('hello')
  await client.until(received => received === 'HELLO')
  assert.equal(await isOpen(outside), false)

  await routes(`127.0.0.1:${second}`)
  await until('the second port is open', () => isOpen(second))
  assert.equal(await client.ended(), 'HELLO')
  await until('the first port is closed in all workers', async () => !(await isOpen(first)))
  await using other = await RawClient.connect(second)
  other.send('again')
  await other.until(received => received === 'AGAIN')
  await until('the log says so', () =>
    new RegExp(`Starting dynamic TCP listener on port :${second} `).test(fabio.log()),
  )
  await until('the log says so', () =>
    new RegExp(`Dynamic TCP listener on :${first} has been terminated`).test(fabio.log()),
  )
})

test('ports are those of host keys whose targets are all of TCP, within the range', () => {
  const table = tableFromText(
    [
      'route add a :1000 tcp://h:1',
      'route add a 10.1.2.3:1001 tcp://h:1',
      'route add a [::1]:1002 tcp://h:1',
      'route add a :1003 tcp://h:1\nroute add b :1003 http://h:1',
      'route add a web.test:1004/ http://h:1',
      'route add a :3000 tcp://h:1',
      'route add a plain.test/ tcp://h:1',
    ].join('\n'),
  )
  assert.deepEqual([...wantedPorts(table.routes(), { from: 1, to: 2000 })].sort(), [1000, 1001, 1002])
})
