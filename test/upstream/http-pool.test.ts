import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadlines } from '../../src/socket/deadlines.ts'
import type { HttpPool, PoolLimits } from '../../src/upstream/http-pool.ts'
import { Upstreams } from '../../src/upstream/upstreams.ts'
import { answering, OK, type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { startStalledListener } from '../harness/stalled-listener.ts'
import { until } from '../harness/until.ts'
import { RecordedAnswer } from './recorded-answer.ts'

interface Pooled extends Disposable {
  readonly upstreams: Upstreams
  readonly pool: HttpPool
}

function startPool(port: number, limits: Partial<PoolLimits> = {}, dialTimeoutMs = 1000): Pooled {
  const deadlines = new Deadlines()
  const upstreams = new Upstreams(
    deadlines,
    { dialTimeoutMs, keepAliveTimeoutMs: 0, grpcShutdownTimeoutMs: 0 },
    {
      maxHeadBytes: 10_000,
      maxHeaders: 100,
      responseHeaderTimeoutMs: 0,
      maxIdle: 10,
      idleTimeoutMs: 0,
      maxConnections: 0,
      ...limits,
    },
  )
  return {
    upstreams,
    pool: upstreams.acquire({ host: '127.0.0.1', port: port }),
    [Symbol.dispose]() {
      upstreams[Symbol.dispose]()
      deadlines[Symbol.dispose]()
    },
  }
}

const isLeft = (upstream: RawUpstream, i = 0): boolean =>
  upstream.connections[i]?.isClosed === true || upstream.connections[i]?.hasEnded === true

async function askTimes(pool: HttpPool, count: number): Promise<RecordedAnswer[]> {
  const answers = Array.from({ length: count }, () => new RecordedAnswer().ask(pool))
  return Promise.all(answers.map(answer => answer.whole()))
}

describe('a connection that has answered', () => {
  test('waits for the next request, and the one that rested shortest goes first', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    using pooled = startPool(upstream.port)
    const { pool, upstreams } = pooled
    const answers = await askTimes(pool, 3)
    assert.deepEqual([pool.open, pool.idleCount], [3, 3])
    const last = answers.map(({ connection }) => connection).at(-1)
    const freshest = pool.take(Number.POSITIVE_INFINITY)
    assert.ok(freshest !== undefined && freshest === last)
    pool.rest(freshest)
    assert.deepEqual(upstreams.count(), { open: 3, idle: 3 })
    await (await new RecordedAnswer().ask(pool)).whole()
    assert.equal(upstream.connections.length, 3)
  })

  test('is not given to a request that must not be done twice when it has rested for long', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    using pooled = startPool(upstream.port)
    await askTimes(pooled.pool, 1)
    await sleep(50)
    assert.equal(pooled.pool.take(20), undefined)
    assert.equal(pooled.pool.idleCount, 1)
    assert.notEqual(pooled.pool.take(10_000), undefined)
  })

  for (const { name, answer, isKept } of [
    { name: 'with a length', answer: OK, isKept: true },
    { name: 'in chunks', answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', isKept: true },
    { name: 'with Connection: close', answer: OK.replace('\r\n', '\r\nConnection: close\r\n'), isKept: false },
    { name: 'of HTTP/1.0', answer: OK.replace('1.1', '1.0'), isKept: false },
    {
      name: 'of HTTP/1.0 that keeps alive',
      answer: OK.replace('1.1 200 OK', '1.0 200 OK\r\nConnection: Keep-Alive'),
      isKept: true,
    },
    { name: 'and more than that', answer: `${OK}!`, isKept: false },
  ]) {
    test(`${name} is ${isKept ? 'kept' : 'closed'}`, async () => {
      await using upstream = await startRawUpstream(answering(answer))
      using pooled = startPool(upstream.port)
      await askTimes(pooled.pool, 1)
      if (isKept) assert.deepEqual([pooled.pool.open, pooled.pool.idleCount], [1, 1])
      else {
        assert.equal(pooled.pool.idleCount, 0)
        await until('it is closed', () => pooled.pool.open === 0 && isLeft(upstream))
      }
    })
  }

  for (const { name, act } of [
    { name: 'sends bytes unasked', act: (upstream: RawUpstream) => upstream.connections[0]?.socket.write(OK) },
    { name: 'ends', act: (upstream: RawUpstream) => upstream.connections[0]?.socket.end() },
    { name: 'breaks', act: (upstream: RawUpstream) => upstream.connections[0]?.socket.resetAndDestroy() },
  ]) {
    test(`and then ${name} is never used again`, async () => {
      await using upstream = await startRawUpstream(answering(OK))
      using pooled = startPool(upstream.port)
      await askTimes(pooled.pool, 1)
      act(upstream)
      await until('it is gone', () => pooled.pool.open === 0 && pooled.pool.idleCount === 0)
      await askTimes(pooled.pool, 1)
      assert.equal(upstream.connections.length, 2)
    })
  }

  test('is closed when it was idle for too long', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    using pooled = startPool(upstream.port, { idleTimeoutMs: 100 })
    await askTimes(pooled.pool, 2)
    await until('both are closed', () => pooled.pool.open === 0 && pooled.pool.idleCount === 0)
  })

  for (const { keepAlive, limitMs } of [
    { keepAlive: 'timeout=5', limitMs: 4000 },
    { keepAlive: 'max=100, Timeout = 30', limitMs: 29_000 },
    { keepAlive: 'timeout=1', limitMs: 0 },
    { keepAlive: 'timeout=0', limitMs: 0 },
    { keepAlive: 'timeout=x', limitMs: Number.POSITIVE_INFINITY },
    { keepAlive: 'timeout=-5', limitMs: Number.POSITIVE_INFINITY },
    { keepAlive: 'timeout', limitMs: Number.POSITIVE_INFINITY },
    { keepAlive: 'max=5', limitMs: Number.POSITIVE_INFINITY },
  ]) {
    test(`with Keep-Alive: ${keepAlive} rests no longer than ${limitMs} ms`, async () => {
      await using upstream = await startRawUpstream(answering(OK.replace('\r\n', `\r\nKeep-Alive: ${keepAlive}\r\n`)))
      using pooled = startPool(upstream.port)
      const [answer] = await askTimes(pooled.pool, 1)
      assert.equal(answer?.connection?.idleLimitMs, limitMs)
      if (limitMs === 0) await until('it is closed', () => pooled.pool.open === 0)
    })
  }

  test('is closed when as many are idle already', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    using pooled = startPool(upstream.port, { maxIdle: 2 })
    await askTimes(pooled.pool, 5)
    await until('the others are closed', () => pooled.pool.open === 2)
    assert.equal(pooled.pool.idleCount, 2)
  })
})

describe('an address that is no longer used', () => {
  test('keeps no connections: idle ones end now, busy ones with their answer', async () => {
    let release = (): void => {}
    await using upstream = await startRawUpstream(({ socket }) => {
      if (upstream.connections.length === 1) socket.write(OK)
      else release = () => void socket.write(OK)
    })
    using pooled = startPool(upstream.port)
    const { pool, upstreams } = pooled
    await askTimes(pool, 1)
    const [idle] = [pool.take(Number.POSITIVE_INFINITY)]
    const busy = new RecordedAnswer().ask(pool)
    await until('the second is asked', () => upstream.connections[1]?.received.endsWith('\r\n\r\n') === true)
    if (idle !== undefined) pool.rest(idle)
    upstreams.release(pool)
    await until('the idle one is closed', () => isLeft(upstream, 0) && pool.open === 1)
    release()
    assert.equal((await busy.whole()).body, 'ok')
    await until('the busy one is closed', () => pool.open === 0)
    assert.deepEqual(upstreams.count(), { open: 0, idle: 0 })
  })

  test('is one only when the last of its users is gone', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    using pooled = startPool(upstream.port)
    const { pool, upstreams } = pooled
    assert.equal(upstreams.acquire({ host: '127.0.0.1', port: upstream.port }), pool)
    await askTimes(pool, 1)
    upstreams.release(pool)
    assert.equal(pool.idleCount, 1)
    upstreams.release(pool)
    await until('it is closed', () => pool.open === 0)
    upstreams.release(pool)
    assert.notEqual(upstreams.acquire({ host: '127.0.0.1', port: upstream.port }), pool)
  })
})

describe('a connection that does not come about', () => {
  test('is told with its reason, and leaves nothing', async () => {
    const gone = await startRawUpstream(() => {})
    await gone[Symbol.asyncDispose]()
    using pooled = startPool(gone.port)
    const answer = new RecordedAnswer().ask(pooled.pool)
    assert.equal(await answer.failed(), 'connect')
    assert.match(answer.error?.message ?? '', /ECONNREFUSED/)
    assert.equal(pooled.pool.open, 0)
  })

  test('in time is told as that', async () => {
    await using stalled = await startStalledListener()
    using pooled = startPool(stalled.port, {}, 200)
    const answer = new RecordedAnswer().ask(pooled.pool)
    assert.equal(pooled.pool.open, 1)
    assert.equal(await answer.failed(), 'connect-timeout')
    assert.equal(pooled.pool.open, 0)
  })

  test('to a name that does not exist is told, with a reason that says something', async () => {
    using pooled = startPool(80)
    const pool = pooled.upstreams.acquire({ host: 'does-not-exist.invalid', port: 80 })
    const answer = new RecordedAnswer().ask(pool)
    assert.equal(await answer.failed(), 'connect')
    assert.match(answer.error?.message ?? '', /does-not-exist\.invalid/)
  })
})

test('a pool is full when it has as many connections as it may, opening ones included', async () => {
  await using upstream = await startRawUpstream(() => {})
  using pooled = startPool(upstream.port, { maxConnections: 2 })
  const { pool } = pooled
  assert.equal(pool.isFull, false)
  const first = new RecordedAnswer().ask(pool)
  assert.equal(pool.isFull, false)
  new RecordedAnswer().ask(pool)
  assert.equal(pool.isFull, true)
  await until('it is connected', () => first.connection !== undefined)
  first.connection?.abandon()
  await until('there is room', () => !pool.isFull)
})
