import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Link } from '../../src/socket/link.ts'
import { MarkedStream } from '../harness/marked-stream.ts'
import { until } from '../harness/until.ts'
import { fill, LinkPairs, Recorder } from './link-pairs.ts'

let pairs: LinkPairs

before(async () => {
  pairs = await LinkPairs.start()
})

after(() => pairs[Symbol.asyncDispose]())

for (const { kind, open } of [
  { kind: 'accepted', open: () => pairs.accepted() },
  { kind: 'connecting', open: () => pairs.connecting() },
]) {
  describe(`a link that was ${kind}`, () => {
    test('reads, writes, and knows both addresses', async () => {
      const pair = await open()
      const { link, user, peer } = pair
      assert.deepEqual([link.remoteAddress, link.localAddress], ['127.0.0.1', '127.0.0.1'])
      assert.deepEqual([link.remotePort, link.localPort], [peer.localPort, peer.remotePort])
      peer.write('hello')
      await until('it arrives', () => user.received.toString() === 'hello')
      link.write('caf\xe9')
      const [piece] = await once(peer.resume(), 'data')
      assert.equal(Buffer.from(piece).toString('latin1'), 'caf\xe9')
    })

    test('tells of an end once, and can still write', async () => {
      const pair = await open()
      pair.peer.end('bye')
      await until('the end arrives', () => pair.user.ends === 1)
      assert.equal(pair.user.received.toString(), 'bye')
      pair.link.write('still here')
      pair.link.finish()
      pair.link.finish()
      assert.ok(pair.link.isFinished)
      const [piece] = await once(pair.peer.resume(), 'data')
      assert.equal(Buffer.from(piece).toString(), 'still here')
      await until('it is closed', () => pair.user.closes.length === 1)
      assert.deepEqual([pair.user.closes, pair.user.ends, pair.link.isOpen], [[undefined], 1, false])
    })

    test('tells once that it is gone, and why', async () => {
      const pair = await open()
      pair.peer.resetAndDestroy()
      await until('it is closed', () => pair.user.closes.length > 0)
      assert.equal(pair.user.closes[0]?.code, 'ECONNRESET')
      pair.link.write('nobody')
      pair.link.destroy()
      pair.link.reset()
      pair.link.finish()
      await new Promise(resolve => setTimeout(resolve, 20))
      assert.equal(pair.user.closes.length, 1)
    })

    test('does not read while it is paused', async () => {
      const pair = await open()
      const { link, user, peer } = pair
      link.pause()
      peer.write('later')
      await new Promise(resolve => setTimeout(resolve, 50))
      assert.equal(user.received.length, 0)
      link.resume()
      link.resume()
      await until('it arrives', () => user.received.toString() === 'later')
    })

    test('reads once a turn of the loop while its user stands back, all of it in the end, and nothing while it is paused', async () => {
      const { link, user, peer } = await open()
      const events: string[] = []
      user.onPiece = () => {
        if (events.at(-1) !== 'read') setImmediate(() => events.push('turn'))
        events.push('read')
        link.standBack()
      }
      const all = Buffer.alloc(3_000_000, 'abc')
      peer.write(all)
      await until('all has come', () => user.received.length === all.length)
      assert.ok(user.received.equals(all))
      assert.equal(
        events.findIndex((event, i) => event === 'read' && events[i - 1] === 'read'),
        -1,
      )
      link.standBack()
      link.pause()
      peer.write('later')
      await new Promise(resolve => setTimeout(resolve, 50))
      assert.equal(user.received.length, all.length)
      link.standBack()
      link.resume()
      await until('the rest comes', () => user.received.length === all.length + 5)
    })

    test('says when it is full and when it is not any more', async () => {
      const pair = await open()
      const { link, user, peer } = pair
      const block = Buffer.alloc(1_000_000)
      while (link.writePiece(block, 0, block.length)) {}
      assert.ok(link.isFull && link.pendingBytes > 0)
      peer.resume()
      await until('it is drained', () => user.drains > 0)
      assert.deepEqual([link.isFull, link.pendingBytes], [false, 0])
    })
  })
}

for (const { name, pieceBytes } of [
  { name: 'small pieces, which come through the buffer of all', pieceBytes: 10_000 },
  { name: 'large pieces, which come through a buffer of its own', pieceBytes: 65_536 },
]) {
  test(`bytes that wait to be sent are not overwritten by what is read after: ${name}`, async () => {
    const from = await pairs.accepted()
    const to = await pairs.accepted()
    const stranger = await pairs.accepted()
    const filled = fill(to.link)
    from.user.onPiece = (bytes, length) => {
      to.link.writePiece(bytes, 0, length)
      if (to.link.pendingBytes > 0) from.link.keepBytes()
    }
    const stream = new MarkedStream(7)
    const other = new MarkedStream(8)
    const rounds = 20
    for (let i = 0; i < rounds; i++) {
      from.peer.write(stream.bytes(i * pieceBytes, pieceBytes))
      await until('it is read', () => from.user.received.length === (i + 1) * pieceBytes)
      stranger.peer.write(other.bytes(i * pieceBytes, pieceBytes))
      await until('the other is read', () => stranger.user.received.length === (i + 1) * pieceBytes)
    }
    const arrived: Buffer[] = []
    let size = 0
    to.peer.on('data', piece => {
      arrived.push(Buffer.from(piece))
      size += piece.length
    })
    await until('all has arrived', () => size === filled + rounds * pieceBytes)
    assert.equal(stream.firstWrong(Buffer.concat(arrived).subarray(filled), 0), -1)
  })
}

test('a link that comes to rest reads into the buffer of all again, and what waits from before is safe', async () => {
  const from = await pairs.accepted()
  const to = await pairs.accepted()
  const filled = fill(to.link)
  from.user.onPiece = (bytes, length) => {
    to.link.writePiece(bytes, 0, length)
    from.link.share()
  }
  const stream = new MarkedStream(9)
  for (let i = 0; i < 10; i++) {
    from.peer.write(stream.bytes(i * 65_536, 65_536))
    await until('it is read', () => from.user.received.length === (i + 1) * 65_536)
  }
  const arrived: Buffer[] = []
  let size = 0
  to.peer.on('data', piece => {
    arrived.push(Buffer.from(piece))
    size += piece.length
  })
  await until('all has arrived', () => size === filled + 655_360)
  assert.equal(stream.firstWrong(Buffer.concat(arrived).subarray(filled), 0), -1)
})

test('several writes between hold and release arrive in their order', async () => {
  const pair = await pairs.accepted()
  pair.link.hold()
  pair.link.write('one ')
  pair.link.writePiece(Buffer.from('two '), 0, 4)
  pair.link.write('three')
  pair.link.release()
  let text = ''
  pair.peer.on('data', piece => {
    text += String(piece)
  })
  await until('it arrives', () => text === 'one two three')
})

test('a connection that does not come about ends with the reason', async () => {
  const user = new Recorder()
  Link.connecting({ port: 9, host: '127.0.0.1' }, user, () => assert.fail('nobody is there'))
  await until('it is closed', () => user.closes.length === 1)
  assert.equal(user.closes[0]?.code, 'ECONNREFUSED')
})

test('an answer that came before a write failed is read', async () => {
  const pair = await pairs.connecting()
  const { link, user, peer } = pair
  link.write('asked for much')
  await until('it is there to be read', () => link.pendingBytes === 0)
  // It is not read: the system answers what is sent from now on with a reset.
  peer.write('no')
  peer.destroy()
  for (let i = 0; i < 3; i++) link.writePiece(Buffer.alloc(100_000), 0, 100_000)
  await until('it is closed', () => user.closes.length === 1)
  assert.equal(user.received.toString(), 'no')
  assert.equal(user.closes[0]?.syscall, 'write')
})
