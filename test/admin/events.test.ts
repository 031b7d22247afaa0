import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRow } from './fake-table.ts'
import { startTestAdmin, type TestAdmin } from './start-test-admin.ts'

interface Event {
  readonly name: string
  readonly data: unknown
}

/** The events of one stream, one after the other; ends when the server ends it. */
async function* openStream(admin: TestAdmin, signal?: AbortSignal): AsyncGenerator<Event> {
  const response = await fetch(`http://127.0.0.1:${admin.port}/api/events`, signal === undefined ? {} : { signal })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const match = /^event: (\S+)\ndata: (.*)$/.exec(block)
      if (match !== null) yield { name: match[1] ?? '', data: JSON.parse(match[2] ?? '') }
    }
  }
}

async function nextEvent(stream: AsyncGenerator<Event>): Promise<Event | undefined> {
  const { value, done } = await stream.next()
  return done === true ? undefined : value
}

test('a stream begins with the version of the table and the status', async () => {
  await using admin = await startTestAdmin({ problems: () => [] })
  const stream = openStream(admin)
  assert.deepEqual(await nextEvent(stream), { name: 'routes', data: { version: 1 } })
  assert.deepEqual(await nextEvent(stream), {
    name: 'status',
    data: {
      registry: { backend: 'consul', state: 'connected', since: 1000 },
      problems: { count: 0, conflicts: 0, newest: 0 },
      certificates: 0,
    },
  })
  await stream.return(undefined)
})

test('changes of the table are told to everybody, many at once as one', async () => {
  await using admin = await startTestAdmin()
  const streams = [openStream(admin), openStream(admin)]
  for (const stream of streams) {
    await nextEvent(stream)
    await nextEvent(stream)
  }
  for (let i = 0; i < 50; i += 1) admin.table.set([createRow({ path: `/${i}` })])
  for (const stream of streams) {
    assert.deepEqual(await nextEvent(stream), { name: 'routes', data: { version: 51 } })
    await stream.return(undefined)
  }
})

test('a change of the status is told, one of its counters is not', async () => {
  let state: 'connected' | 'stale' = 'connected'
  let requests = 0
  await using admin = await startTestAdmin({
    registryStatus: () => {
      requests += 1
      return {
        backend: 'consul',
        state,
        since: 1,
        reason: state === 'stale' ? 'gone' : undefined,
        sources: [],
        requests,
      }
    },
  })
  const first = openStream(admin)
  await nextEvent(first)
  await nextEvent(first)
  state = 'stale'
  const second = openStream(admin) // knows the new status from the beginning, which must not keep it from the first
  await nextEvent(second)
  await nextEvent(second)
  const event = await nextEvent(first)
  assert.equal(event?.name, 'status')
  assert.match(JSON.stringify(event?.data), /"state":"stale","since":1,"reason":"gone"/)
  await first.return(undefined)
  await second.return(undefined)
})

test('the number of streams has a bound, and a stream that ends makes room', async () => {
  await using admin = await startTestAdmin()
  const streams = Array.from({ length: 64 }, () => openStream(admin))
  await Promise.all(streams.map(nextEvent))
  const refused = await admin.get('/api/events')
  assert.equal(refused.status, 503)
  assert.equal(refused.headers['retry-after'], '10')
  await streams.pop()?.return(undefined)
  while ((await admin.send('HEAD', '/api/events')).status === 503); // until the server has seen it
  await Promise.all(streams.map(stream => stream.return(undefined)))
})

test('HEAD has the headers of a stream and ends', async () => {
  await using admin = await startTestAdmin()
  const head = await admin.send('HEAD', '/api/events')
  assert.equal(head.headers['content-type'], 'text/event-stream; charset=utf-8')
})

test('the write timeout cuts answers, not streams', async () => {
  const stuck = new Map([['/stuck', () => {}]])
  await using admin = await startTestAdmin({ writeTimeoutMs: 100, extra: stuck })
  const stream = openStream(admin)
  await nextEvent(stream)
  await nextEvent(stream)
  await assert.rejects(admin.get('/stuck'), /socket hang up|ECONNRESET/)
  admin.table.set([])
  assert.deepEqual(await nextEvent(stream), { name: 'routes', data: { version: 2 } }, 'the older stream is still there')
  await stream.return(undefined)
})
