import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadlines } from '../../src/socket/deadlines.ts'
import { Splice, type SpliceOptions } from '../../src/socket/splice.ts'
import { until } from '../harness/until.ts'
import { fill, type LinkPair, LinkPairs } from './link-pairs.ts'

let pairs: LinkPairs

before(async () => {
  pairs = await LinkPairs.start()
})

after(() => pairs[Symbol.asyncDispose]())

interface Spliced extends Disposable {
  readonly splice: Splice
  readonly client: LinkPair
  readonly upstream: LinkPair
  readonly counts: { up: number; down: number; done: number }
}

async function join(options: Partial<SpliceOptions> = {}): Promise<Spliced> {
  const deadlines = new Deadlines()
  const client = await pairs.accepted()
  const upstream = await pairs.connecting()
  const counts = { up: 0, down: 0, done: 0 }
  const splice = new Splice(client.link, upstream.link, {
    deadlines,
    halfOpenMs: 10_000,
    readTimeoutMs: 0,
    writeTimeoutMs: 0,
    onBytesUp: count => {
      counts.up += count
    },
    onBytesDown: count => {
      counts.down += count
    },
    onDone: () => {
      counts.done++
    },
    ...options,
  })
  return { splice, client, upstream, counts, [Symbol.dispose]: () => deadlines[Symbol.dispose]() }
}

/** Everything a peer gets, as text. */
function collect({ peer }: LinkPair): { text: string; hasEnded: boolean } {
  const got = { text: '', hasEnded: false }
  peer.on('data', piece => {
    got.text += String(piece)
  })
  peer.on('end', () => {
    got.hasEnded = true
  })
  peer.resume()
  return got
}

test('bytes pass both ways and are counted, those first that had been read before', async () => {
  using spliced = await join()
  const { splice, client, upstream, counts } = spliced
  const atClient = collect(client)
  const atUpstream = collect(upstream)
  splice.start(Buffer.from('early '), Buffer.from('hello '))
  client.peer.write('ping')
  upstream.peer.write('pong')
  await until('both arrive', () => atUpstream.text === 'early ping' && atClient.text === 'hello pong')
  assert.deepEqual([counts.up, counts.down, counts.done], [10, 10, 0])
})

test('it is done once, when both directions have ended in good order', async () => {
  using spliced = await join()
  const { splice, client, upstream, counts } = spliced
  const atClient = collect(client)
  splice.start(undefined, undefined)
  client.peer.end('request')
  await until('the end is passed on', () => upstream.peer.readableEnded || upstream.peer.resume().readableEnded)
  assert.equal(counts.done, 0)
  upstream.peer.end('answer')
  await until('it is done', () => counts.done === 1)
  await until('the last bytes arrive', () => atClient.text === 'answer' && atClient.hasEnded)
})

for (const { name, breaks } of [
  { name: 'client', breaks: (spliced: Spliced) => spliced.client.peer },
  { name: 'upstream', breaks: (spliced: Spliced) => spliced.upstream.peer },
]) {
  test(`when the ${name} breaks, so does the other side`, async () => {
    using spliced = await join()
    const { splice, client, upstream, counts } = spliced
    splice.start(undefined, undefined)
    breaks(spliced).resetAndDestroy()
    await until('it is done', () => counts.done === 1)
    assert.deepEqual([client.link.isOpen, upstream.link.isOpen], [false, false])
  })
}

test('a full receiver stops its source, and only that', async () => {
  using spliced = await join()
  const { splice, client, upstream, counts } = spliced
  const atUpstream = collect(upstream)
  splice.start(undefined, undefined)
  fill(client.link)
  const block = Buffer.alloc(1_000_000, 'x')
  let isFlooding = true
  const flood = (): void => {
    if (isFlooding && upstream.peer.writable && upstream.peer.writableLength < 10_000_000) upstream.peer.write(block)
  }
  const flooding = setInterval(flood, 1)
  client.peer.write('the other way is free')
  await until('the other direction goes on', () => atUpstream.text === 'the other way is free')
  await sleep(300)
  isFlooding = false
  clearInterval(flooding)
  const taken = counts.down
  assert.ok(client.link.pendingBytes < 500_000, `${client.link.pendingBytes} bytes wait`)
  client.peer.resume()
  await until('the source goes on', () => counts.down > taken + 2_000_000)
  splice.destroy()
})

test('a direction that stays open and silent after the other has ended is ended after a while', async () => {
  using spliced = await join({ halfOpenMs: 200 })
  const { splice, client, upstream, counts } = spliced
  splice.start(undefined, undefined)
  client.peer.end()
  for (let i = 0; i < 4; i++) {
    await sleep(100)
    upstream.peer.write('still speaking')
  }
  assert.equal(counts.done, 0)
  await until('it is done', () => counts.done === 1)
})

test('a client that is silent for longer than its limit is cut', async () => {
  using spliced = await join({ readTimeoutMs: 200 })
  const { splice, client, upstream, counts } = spliced
  splice.start(undefined, undefined)
  for (let i = 0; i < 4; i++) {
    await sleep(100)
    client.peer.write('ping')
  }
  assert.equal(counts.done, 0)
  // What comes from the upstream does not count.
  const speaking = setInterval(() => upstream.peer.write('pong'), 50)
  await until('it is done', () => counts.done === 1)
  clearInterval(speaking)
})

test('a client that ended its direction is not cut for its silence', async () => {
  using spliced = await join({ readTimeoutMs: 100 })
  const { splice, client, upstream, counts } = spliced
  const atClient = collect(client)
  splice.start(undefined, undefined)
  client.peer.end('all I have to say')
  await sleep(400)
  assert.equal(counts.done, 0)
  upstream.peer.end('answer')
  await until('the answer arrives', () => atClient.text === 'answer')
})

test('a client that does not take what is sent to it is cut', async () => {
  using spliced = await join({ writeTimeoutMs: 200 })
  const { splice, client, upstream, counts } = spliced
  splice.start(undefined, undefined)
  fill(client.link)
  upstream.peer.write('one more')
  await until('it is done', () => counts.done === 1)
})

test('a client that took what it had been sent is not cut for what it was sent since', async () => {
  const writeTimeoutMs = 2000
  using spliced = await join({ writeTimeoutMs })
  const { splice, client, upstream, counts } = spliced
  splice.start(undefined, undefined)
  // In pieces so small that the link is never said to be full, and so never said to be drained.
  const sendUntilSomeWaits = async (): Promise<void> => {
    for (let waits = 0; waits < 5; waits = client.link.pendingBytes === 0 ? 0 : waits + 1) {
      if (client.link.pendingBytes === 0) upstream.peer.write('x'.repeat(8000))
      await (waits === 0 ? new Promise(resolve => setImmediate(resolve)) : sleep(20))
    }
  }
  await sendUntilSomeWaits()
  const startedAt = performance.now()
  client.peer.resume()
  await until('everything is taken', () => client.link.pendingBytes === 0)
  client.peer.pause()
  await sendUntilSomeWaits()
  await sleep(startedAt + writeTimeoutMs + 300 - performance.now())
  assert.equal(counts.done, 0, 'the client is still connected')
  await until('it is cut when it takes no more', () => counts.done === 1)
})
