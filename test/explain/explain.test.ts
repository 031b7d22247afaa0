import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Explanation, ServiceExplanation } from '../../src/explain/explanation.ts'
import { RawClient } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startFabio } from '../harness/start-fabio.ts'

async function ask(uiUrl: string, asked: Readonly<Record<string, string | readonly string[]>>): Promise<Explanation> {
  const query = new URLSearchParams()
  for (const [name, values] of Object.entries(asked)) {
    for (const value of typeof values === 'string' ? [values] : values) query.append(name, value)
  }
  const answer = await fetch(`${uiUrl}/api/explain?${query}`)
  assert.equal(answer.status, 200)
  return answer.json() as Promise<Explanation>
}

describe('the request an explanation shows is the one the target gets', () => {
  for (const { name, options, path, headers } of [
    { name: 'as it came', options: '', path: '/a/b?x=1', headers: ['Accept: */*', 'X-One: 1'] },
    { name: 'with strip and prepend', options: 'strip=/a prepend=/v2', path: '/a/b%20c', headers: [] },
    { name: 'with another host', options: 'host=dst', path: '/a//b/../c', headers: ['X-Forwarded-For: 10.1.1.1'] },
    { name: 'of a WebSocket', options: '', path: '/a', headers: ['Upgrade: websocket', 'Connection: Upgrade'] },
  ]) {
    test(name, async () => {
      await using upstream = await startRawUpstream(answering(OK))
      await using fabio = await startFabio({
        routes: `route add svc h.test/a ${upstream.url} opts "${options}"`,
        flags: ['-proxy.header.clientip', 'X-Client'],
      })
      await using client = await RawClient.connect(fabio.port)
      client.send(`GET ${path} HTTP/1.1\r\nHost: h.test\r\n${headers.map(line => `${line}\r\n`).join('')}\r\n`)
      await client.until(received => received.includes('\r\n\r\n'))
      const explained = await ask(fabio.uiUrl, { url: `http://h.test${path}`, header: headers })
      const got = upstream.connections[0]?.received.split('\r\n\r\n')[0]
      assert.equal(explained.route?.targets[0]?.sent.join('\r\n'), got)
    })
  }
})

const ROUTES = [
  'route add shop www.test/shop http://10.0.0.1:80/ weight 0.25 tags "blue" opts "strip=/shop allow=ip:10.0.0.0/8"',
  'route add shop www.test/shop http://10.0.0.2:80/ tags "green" opts "strip=/shop allow=ip:10.0.0.0/8"',
  'route add any *.test/ http://10.0.0.3:80/',
  'route add old old.test/ http://www.test$path opts "redirect=301"',
  'route add loop loop.test/ https://loop.test$path opts "redirect=302"',
  'route add db :3306 tcp://10.0.0.9:3306',
  'route add gone gone.test/ http://10.0.0.4:80/',
  'route add solo h.test/w http://10.0.0.5:80/ weight 1',
  'route add idle h.test/w http://10.0.0.6:80/',
  'route del gone gone.test/',
].join('\n')

test('an explanation tells hosts, paths, targets, access rules and redirects', async () => {
  await using fabio = await startFabio({ routes: ROUTES })
  const shop = await ask(fabio.uiUrl, { url: 'www.test/shop/cart', client: '192.168.0.1' })
  assert.deepEqual(
    shop.hosts.map(({ key, outcome, paths }) => [key, outcome, paths]),
    [
      ['www.test', 'wins', [{ path: '/shop', fits: true, wins: true }]],
      ['*.test', 'later', [{ path: '/', fits: true, wins: true }]],
    ],
  )
  assert.deepEqual(
    shop.route?.targets.map(({ dst, weight, access, sent }) => [dst, weight, access, sent.length]),
    [
      ['http://10.0.0.1:80/', 0.25, { rules: 'allow=ip:10.0.0.0/8', allows: false }, 0],
      ['http://10.0.0.2:80/', 0.75, { rules: 'allow=ip:10.0.0.0/8', allows: false }, 0],
    ],
  )
  assert.equal(shop.outcome, 'The route www.test/shop is taken, and its access rules deny this client: 403.')
  const allowed = await ask(fabio.uiUrl, { url: 'http://www.test/shop', client: '10.1.2.3' })
  assert.equal(allowed.route?.targets[0]?.sent[0], 'GET / HTTP/1.1')

  const old = await ask(fabio.uiUrl, { url: 'http://old.test/a?b' })
  assert.equal(old.outcome, 'The route old.test/ answers with 301 and the location http://www.test/a?b.')
  const loop = await ask(fabio.uiUrl, { url: 'https://loop.test/a' })
  assert.deepEqual([loop.route?.host, loop.route?.skipped], ['*.test', ['loop.test/']])
  const none = await ask(fabio.uiUrl, { url: 'http://nobody/x' })
  assert.deepEqual([none.outcome, none.status], ['No route, answered with 404: no host of the table fits.', 404])
  const tcp = await ask(fabio.uiUrl, { url: 'tcp://:3306' })
  assert.equal(tcp.outcome, 'The connection goes to tcp://10.0.0.9:3306.')
})

for (const { name, asked, status } of [
  { name: 'a broken path', asked: { url: 'http://h/%zz' }, status: 400 },
  { name: 'a second head', asked: { url: 'http://h/', header: 'A: b\r\n\r\nGET / HTTP/1.1' }, status: 400 },
  { name: 'two hosts', asked: { url: 'http://h/', header: ['Host: a', 'Host: b'] }, status: 400 },
  { name: 'CONNECT', asked: { url: 'http://h/', method: 'CONNECT' }, status: 404 },
]) {
  test(`a request with ${name} is explained as refused`, async () => {
    await using fabio = await startFabio({ routes: 'route add a / http://10.0.0.1:80/' })
    const { outcome, status: shown } = await ask(fabio.uiUrl, asked)
    assert.match(outcome, /^The request is refused/)
    assert.equal(shown, status)
  })
}

test('a service is explained by its lines: routed, removed, without a share', async () => {
  await using fabio = await startFabio({ routes: ROUTES })
  const explain = async (name: string) =>
    (await fetch(`${fabio.uiUrl}/api/explain/service/${name}`)).json() as Promise<ServiceExplanation>
  const shop = await explain('shop')
  assert.equal(shop.outcome, 'Service shop: 2 of 2 lines routed.')
  assert.deepEqual(
    shop.lines.map(({ state, route, weight }) => [state, route, weight]),
    [
      ['routed', 'www.test/shop', 0.25],
      ['routed', 'www.test/shop', 0.75],
    ],
  )
  const [gone] = (await explain('gone')).lines
  assert.equal(gone?.state, 'removed')
  assert.match(gone?.note ?? '', /line 10, route del gone gone\.test\//)
  const [idle] = (await explain('idle')).lines
  assert.deepEqual(
    [idle?.state, idle?.note],
    ['no share', 'gets no requests: the fixed weights of others take all (solo)'],
  )
  assert.match((await explain('nobody')).outcome, /Service nobody is not known/)
})

test('what is asked wrongly is answered with what was expected', async () => {
  await using fabio = await startFabio()
  for (const [path, status] of [
    ['/api/explain', 400],
    ['/api/explain?url=/&method=a%20b', 400],
    ['/api/explain/service/', 400],
  ] as const) {
    assert.equal((await fetch(fabio.uiUrl + path)).status, status, path)
  }
  assert.equal((await fetch(`${fabio.uiUrl}/api/explain?url=/`, { method: 'POST' })).status, 405)
})
