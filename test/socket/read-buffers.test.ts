import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Deadlines } from '../../src/socket/deadlines.ts'
import { holdPiece, leaveBuffer, releasePiece, sharedBuffer, takeBuffer } from '../../src/socket/read-buffers.ts'
import { Splice } from '../../src/socket/splice.ts'
import { type LinkPair, LinkPairs } from './link-pairs.ts'

const JOINTS = 8
const BYTES = 6_000_000

let pairs: LinkPairs

before(async () => {
  pairs = await LinkPairs.start()
})

after(() => pairs[Symbol.asyncDispose]())

test('a buffer is given out again only when nothing reads into it and no write of it is under way', () => {
  const buffer = takeBuffer({ isLarge: true })
  const first = holdPiece(buffer, 0, 10)
  const second = holdPiece(buffer, 10, 20)
  leaveBuffer(buffer)
  releasePiece(first.owner)
  const meanwhile = takeBuffer({ isLarge: true })
  assert.notEqual(meanwhile, buffer)
  releasePiece(second.owner)
  assert.equal(takeBuffer({ isLarge: true }), buffer)
})

test('a buffer that is left and released twice is given out once', () => {
  const buffer = takeBuffer({ isLarge: false })
  const { owner } = holdPiece(buffer, 0, 1)
  leaveBuffer(buffer)
  releasePiece(owner)
  leaveBuffer(buffer)
  assert.notEqual(takeBuffer({ isLarge: false }), takeBuffer({ isLarge: false }))
})

test('a piece of the buffer of all is a copy', () => {
  const shared = sharedBuffer()
  shared.write('one')
  const { piece, owner } = holdPiece(shared, 0, 3)
  shared.write('two')
  assert.equal(piece.toString(), 'one')
  releasePiece(owner)
})

test('many streams at once, some read haltingly, keep their bytes apart', async () => {
  using deadlines = new Deadlines()
  const ends: (readonly [LinkPair, LinkPair])[] = []
  for (let n = 0; n < JOINTS; n++) ends.push([await pairs.accepted(), await pairs.connecting()])
  await Promise.all(ends.map(([client, upstream], n) => carry(client, upstream, deadlines, n % 2 === 0)))
})

/** Sends bytes one way through two joined links and compares what arrives. */
async function carry(client: LinkPair, upstream: LinkPair, deadlines: Deadlines, isHalting: boolean): Promise<void> {
  const joined = new Promise<void>(resolve => {
    const none = (): void => {}
    const limits = { halfOpenMs: 10_000, readTimeoutMs: 0, writeTimeoutMs: 0 }
    new Splice(client.link, upstream.link, {
      deadlines,
      ...limits,
      onBytesUp: none,
      onBytesDown: none,
      onDone: resolve,
    }).start(undefined, undefined)
  })
  const sent = randomBytes(BYTES)
  client.peer.end(sent)
  assert.equal(await digest(upstream, isHalting), createHash('sha1').update(sent).digest('hex'))
  upstream.peer.end()
  client.peer.resume()
  await joined
}

function digest({ peer }: LinkPair, isHalting: boolean): Promise<string> {
  const hash = createHash('sha1')
  return new Promise((resolve, reject) => {
    peer.on('data', (piece: Buffer) => {
      hash.update(piece)
      if (!isHalting) return
      peer.pause()
      setImmediate(() => peer.resume())
    })
    peer.on('end', () => resolve(hash.digest('hex')))
    peer.on('error', reject)
    peer.resume()
  })
}
