import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startConsulDouble } from '../harness/consul-double.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

for (const { known, status, retryAfter } of [
  { known: 'fallthrough', status: 200, retryAfter: null },
  { known: '503', status: 503, retryAfter: '5' },
]) {
  test(`with proxy.noroute.known=${known} a service without a healthy instance answers ${status}`, async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using consul = await startConsulDouble()
    const { port } = new URL(upstream.url)
    const place = { address: '127.0.0.1', port: Number(port) }
    consul.setInstance({ service: 'all', ...place, tags: ['urlprefix-/'] })
    consul.setInstance({ service: 'web', ...place, tags: ['urlprefix-/web'], status: 'critical' })
    await using fabio = await startFabio({
      flags: [
        ...['-registry.backend', 'consul', '-registry.consul.addr', consul.addr],
        ...['-registry.consul.register.enabled=false', '-proxy.noroute.known', known],
      ],
    })
    const ask = async (path: string) => fetch(fabio.url + path)
    const down = await ask('/web/x')
    assert.deepEqual([down.status, down.headers.get('retry-after')], [status, retryAfter])
    assert.equal((await ask('/other')).status, 200)
    const servesWeb = async (): Promise<boolean> =>
      (await (await fetch(`${fabio.uiUrl}/api/routes?raw`)).text()).includes(`route add web /web ${upstream.url}`)
    consul.setInstance({ service: 'web', ...place, tags: ['urlprefix-/web'], status: 'passing' })
    await until('web is served', servesWeb)
    assert.equal((await ask('/web/x')).status, 200)
    consul.setInstance({ service: 'web', ...place, tags: ['urlprefix-/web'], status: 'critical' })
    await until('web is down', async () => !(await servesWeb()))
    assert.equal((await ask('/web/x')).status, status)
    const shared = { service: 'twin', ...place, tags: ['urlprefix-/web'] }
    consul.setInstance(shared)
    await until('twin serves', async () => (await ask('/web/x')).status === 200)
  })
}
