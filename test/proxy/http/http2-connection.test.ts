import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Http2Connection, type Http2Host } from '../../../src/proxy/http/http2-connection.ts'
import { Deadlines } from '../../../src/socket/deadlines.ts'
import { Link } from '../../../src/socket/link.ts'
import { FRAME, frame, PREFACE, uint } from '../../harness/http2-frames.ts'

const LIMITS = {
  maxHeadBytes: 10_000,
  maxHeaders: 100,
  maxStreams: 10,
  maxResets: 100,
  headerTimeoutMs: 10_000,
  idleTimeoutMs: 0,
}
const PIECE = Buffer.alloc(65_536, 'x')

/** A connection to a client that reads nothing, with so much to be sent that the kernel does not take it all. */
async function startStuck() {
  const stack = new DisposableStack()
  const deadlines = stack.use(new Deadlines())
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = connect(address.port, '127.0.0.1').pause()
  const [socket] = (await once(server, 'connection')) as [Socket]
  const closed = Promise.withResolvers<void>()
  const host: Http2Host = {
    deadlines,
    onStream: () => {},
    closed: () => closed.resolve(),
    failed: cause => assert.fail(String(cause)),
  }
  // Read by nobody until the session has it.
  const idle = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }
  const link = Link.accepted(socket, idle)
  const connection = new Http2Connection(link, { address: '127.0.0.1', port: 1, tls: undefined }, host, LIMITS)
  link.user = connection.session
  let sent = 0
  while (link.pendingBytes < 4 * PIECE.length) {
    link.writePiece(PIECE, 0, PIECE.length)
    sent += PIECE.length
    await sleep(0)
  }
  stack.defer(() => {
    client.destroy()
    link.destroy()
    server.close()
  })
  return { client, sent, closed: closed.promise, [Symbol.dispose]: () => stack.dispose() }
}

/** All that comes until the end, read after a while. */
async function readLate(client: Socket): Promise<number> {
  let received = 0
  client.on('error', () => {})
  await sleep(2500)
  client.on('data', (bytes: Buffer) => {
    received += bytes.length
  })
  client.resume()
  await once(client, 'close')
  return received
}

const SETTINGS = frame(FRAME.settings, 0, 0)

test('after an orderly goodbye a client may take its time with what it is owed', async () => {
  using stuck = await startStuck()
  stuck.client.end(PREFACE + SETTINGS + frame(FRAME.goaway, 0, 0, uint(0, 4) + uint(0, 4)), 'latin1')
  const late = readLate(stuck.client)
  assert.ok((await late) > stuck.sent, 'all, and the goodbye')
  await stuck.closed
})

test('a client that breaks the protocol is not waited for', async () => {
  using stuck = await startStuck()
  stuck.client.write(`${PREFACE}${SETTINGS}${frame(FRAME.data, 0, 0, 'x')}`, 'latin1')
  const late = readLate(stuck.client)
  await stuck.closed
  assert.ok((await late) < stuck.sent)
})
