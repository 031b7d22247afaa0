import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { canWriteDirectly } from '../../src/socket/direct-write.ts'
import { MarkedStream } from '../harness/marked-stream.ts'
import { until } from '../harness/until.ts'
import { fill, type LinkPair, LinkPairs } from './link-pairs.ts'

// Text is written past the stream of a socket where this Node is known to allow it. Whether it does or not, what a link promises is
// the same: these tests hold on every Node, and on the known one they go that way.

/** More than a connection on loopback takes while nobody reads. */
const MUCH = 12_000_000

let pairs: LinkPairs

before(async () => {
  pairs = await LinkPairs.start()
})

after(() => pairs[Symbol.asyncDispose]())

/** What the peer has got from now on. */
function collect({ peer }: LinkPair): { bytes(): Buffer; size: number; hasEnded: boolean } {
  const pieces: Buffer[] = []
  const collected = { bytes: () => Buffer.concat(pieces), size: 0, hasEnded: false }
  peer.on('data', piece => {
    pieces.push(Buffer.from(piece))
    collected.size += piece.length
  })
  peer.on('end', () => {
    collected.hasEnded = true
  })
  peer.resume()
  return collected
}

for (const { kind, open } of [
  { kind: 'accepted', open: () => pairs.accepted() },
  { kind: 'connecting', open: () => pairs.connecting() },
]) {
  describe(`text written to a link that was ${kind}`, () => {
    test('and that the system does not take at once is counted as pending, and arrives whole', async () => {
      const pair = await open()
      const stream = new MarkedStream(1)
      assert.equal(pair.link.write(stream.bytes(0, MUCH).toString('latin1')), false)
      assert.ok(pair.link.isFull && pair.link.pendingBytes > 0)
      assert.equal(pair.user.drains, 0)
      const got = collect(pair)
      await until('it is drained', () => pair.user.drains === 1)
      assert.deepEqual([pair.link.pendingBytes, pair.link.isFull], [0, false])
      await until('it has arrived', () => got.size === MUCH)
      assert.equal(stream.firstWrong(got.bytes(), 0), -1)
    })

    test('arrives in its place among bytes, whoever has to wait', async () => {
      const pair = await open()
      const { link } = pair
      const stream = new MarkedStream(2)
      let at = 0
      const next = (length: number): Buffer => {
        const bytes = stream.bytes(at, length)
        at += length
        return bytes
      }
      link.write(next(1000).toString('latin1'))
      link.writePiece(next(1000), 0, 1000)
      link.write(next(MUCH).toString('latin1'))
      for (let i = 0; i < 50; i++) {
        link.write(next(700).toString('latin1'))
        link.writePiece(next(50_000), 0, 50_000)
        if (i % 10 === 0) {
          link.hold()
          link.write(next(10).toString('latin1'))
          link.writePiece(next(10), 0, 10)
          link.release()
        }
      }
      const got = collect(pair)
      await until('half of it has arrived', () => got.size > at / 2)
      link.write(next(1234).toString('latin1'))
      await until('it has arrived', () => got.size === at)
      assert.equal(stream.firstWrong(got.bytes(), 0), -1)
      await until('nothing is pending', () => link.pendingBytes === 0 && !link.isFull)
    })

    test('arrives before the end that was sent behind it', async () => {
      const pair = await open()
      pair.link.write('x'.repeat(MUCH))
      pair.link.finish()
      assert.ok(pair.link.isFinished)
      const got = collect(pair)
      await until('the end has arrived', () => got.hasEnded)
      assert.equal(got.size, MUCH)
      assert.ok(pair.link.isOpen, 'the other direction is still open')
    })

    test('arrives before the end also behind bytes that wait', async () => {
      const pair = await open()
      const filled = fill(pair.link)
      pair.link.write('last words')
      pair.link.finish()
      const got = collect(pair)
      await until('the end has arrived', () => got.hasEnded)
      assert.equal(got.size, filled + 10)
      assert.equal(got.bytes().toString('latin1', filled), 'last words')
    })

    test('that waits when the peer resets ends the link once, with the reason', async () => {
      const pair = await open()
      pair.link.write('x'.repeat(MUCH))
      pair.peer.resetAndDestroy()
      await until('it is closed', () => pair.user.closes.length > 0)
      assert.ok(['ECONNRESET', 'EPIPE'].includes(pair.user.closes[0]?.code ?? ''), String(pair.user.closes[0]))
      pair.link.write('nobody')
      await new Promise(resolve => setTimeout(resolve, 20))
      assert.deepEqual([pair.user.closes.length, pair.user.drains], [1, 0])
    })

    test('that waits when the link is destroyed is lost, and nothing is said of it', async () => {
      const pair = await open()
      pair.link.write('x'.repeat(MUCH))
      pair.link.destroy()
      await until('it is closed', () => pair.user.closes.length > 0)
      await new Promise(resolve => setTimeout(resolve, 20))
      assert.deepEqual([pair.user.closes, pair.user.drains], [[undefined], 0])
    })

    test('goes past the stream only while that has nothing to say and the connection can take it', async () => {
      const { link } = await open()
      const isKnown = process.versions.node.startsWith('26.')
      assert.equal(canWriteDirectly(link.socket), isKnown)
      fill(link)
      assert.equal(canWriteDirectly(link.socket), false, 'bytes wait in the stream')
      link.destroy()
      assert.equal(canWriteDirectly(link.socket), false, 'there is no connection any more')
      const other = await open()
      other.link.finish()
      assert.equal(canWriteDirectly(other.link.socket), false, 'the last byte has been sent')
    })
  })
}

test('nothing goes past the stream of a socket that is not connected yet', () => {
  const socket = net.connect({ port: 9, host: '127.0.0.1' }).on('error', () => {})
  assert.equal(canWriteDirectly(socket), false)
  socket.destroy()
})
