import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { until } from '../harness/until.ts'

const MAX_DESCRIPTORS = 128
const CLIENTS = 300

async function isServed(port: number): Promise<boolean> {
  try {
    await using client = await RawClient.connect(port)
    return (await client.ask(request('GET / HTTP/1.1', 'Host: a'), 2000)).body === 'ok'
  } catch {
    return false
  }
}

test('more clients than the process may have descriptors end nothing: when they have left, the next are served', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  const [port = 0, uiPort = 0] = await findPorts(2)
  const fabio = join(import.meta.dirname, '../../fabio')
  const flags = [
    ...['-proxy.addr', `127.0.0.1:${port}`, '-ui.addr', `127.0.0.1:${uiPort}`, '-runtime.gomaxprocs', '1'],
    ...['-registry.backend', 'static', '-registry.static.routes', `route add svc / ${upstream.url}`],
  ]
  const child = spawn('sh', ['-c', `ulimit -n ${MAX_DESCRIPTORS}; exec "$0" "$@"`, fabio, ...flags], {
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const sockets: Socket[] = []
  try {
    await until('it serves', () => isServed(port), 60_000)
    for (let i = 0; i < CLIENTS; i++) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      socket.write('GET / HTTP/1.1\r\n')
      sockets.push(socket)
    }
    await Promise.all(
      sockets.map(
        socket => socket.connecting && Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {}),
      ),
    )
    for (const socket of sockets) socket.destroy()
    await until('it serves again', () => isServed(port), 60_000)
    assert.equal(child.exitCode, null)
  } finally {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await exited
  }
})
