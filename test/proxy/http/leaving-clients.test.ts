import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient, request } from '../../harness/raw-client.ts'
import { startStalledListener } from '../../harness/stalled-listener.ts'
import { startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'

for (const how of ['end', 'resetAndDestroy'] as const) {
  test(`nobody goes on connecting to an upstream for a client that has left (${how})`, async () => {
    await using upstream = await startStalledListener()
    await using path = await startDataPath({ routes: `route add svc / http://127.0.0.1:${upstream.port}/` })
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(path.port)))
    for (const client of clients) client.send(request('GET / HTTP/1.1', 'Host: a'))
    await until('all are connected for', () => path.upstreams.count().open === clients.length)
    for (const client of clients) client.socket[how]()
    await until('nothing is left', () => path.upstreams.count().open === 0 && path.headsInUse === 0)
    assert.equal(path.log().includes('ERROR'), false)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })
}
