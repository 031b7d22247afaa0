import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { makeSelfSigned } from '../harness/self-signed.ts'
import { CONTRACT_PAGE, CONTRACT_ROUTES, connect, testRegistryContract } from './contract.ts'
import { type Answer, commands, startCustomServer, text } from './custom-server.ts'
import { RecordedLog } from './recorded-log.ts'
import { startRecording } from './recorded-routes.ts'

testRegistryContract('custom', { skip: false }, async () => {
  const server = await startCustomServer(commands(CONTRACT_ROUTES))
  return {
    config: server.config({ noRouteHtml: CONTRACT_PAGE }),
    source: `http://${server.host}/routes`,
    async change(routes) {
      server.answer = commands(routes)
      await server.nextRequest()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
})

const A = 'route add a /a http://10.0.0.1:80/'
const B = 'route add b /b http://10.0.0.2:80/'
const FAILED = '^ERROR error during update from custom back end - '

/** A registry that has pushed the first answer of its endpoint. */
async function startCustom(
  answer: Answer,
  changes: Parameters<Awaited<ReturnType<typeof startCustomServer>>['config']>[0] = {},
) {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startCustomServer(answer))
  const log = new RecordedLog()
  const registry = stack.use(await connect(server.config(changes), log))
  const routes = startRecording(registry)
  await registry.ready
  const source = `http://${server.host}/routes`
  return { server, log, registry, routes, source, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
}

for (const { title, answer, message } of [
  {
    title: 'hangs up',
    answer: (_req, res) => res.destroy(),
    message: /Error Sending HTTPs Request To Custom be - http:\/\/127\.0\.0\.1:\d+\/routes -other side closed$/,
  },
  {
    title: 'says 500',
    answer: (_req, res) => res.writeHead(500).end('[]'),
    message: /Error Non-200 return \(500\) from {2}-http:\/\/127\.0\.0\.1:\d+\/routes$/,
  },
  {
    title: 'says 204',
    answer: (_req, res) => res.writeHead(204).end(),
    message: /Error Non-200 return \(204\) from {2}-http/,
  },
  {
    title: 'says 304 to a request without a condition',
    answer: (_req, res) => res.writeHead(304).end(),
    message: /Error Non-200 return \(304\) from {2}-http/,
  },
  {
    title: 'redirects in a circle',
    answer: (req, res) => res.writeHead(302, { location: req.url }).end(),
    message: /Error Sending HTTPs Request To Custom be - http.* -stopped after 10 redirects$/,
  },
  {
    title: 'answers HTML',
    answer: text('<html>'),
    message: /Error decoding request - http:\/\/127\.0\.0\.1:\d+\/routes -.*'<'/,
  },
  {
    title: 'answers null',
    answer: text('null'),
    message: /Error decoding request - http.* -the answer is null; expected a list of commands$/,
  },
  {
    title: 'answers an object',
    answer: text('{}'),
    message: /Error decoding request - http.* -the answer is an object; expected a list of commands$/,
  },
  {
    title: 'stops within its answer',
    answer: (_req, res) => {
      res.writeHead(200, { 'content-length': 100 })
      res.write('[{"cmd":', () => res.destroy())
    },
    message: /Error decoding request - http.* -Response body length does not match content-length header$/,
  },
  {
    title: 'sends what is not gzip as gzip',
    answer: text('[]', { 'content-encoding': 'gzip' }),
    message: /Error decoding request - http.* -incorrect header check$/,
  },
  {
    title: 'answers a list without any command',
    answer: text('[{"cmd":"route"},{"cmd":"route add","src":"/"}]'),
    message: /Error generating new table - route: invalid command: route$/,
  },
  {
    title: 'answers a list without a usable command',
    answer: text('[{"cmd":"route add","src":"/"}]'),
    message: /Error generating new table - route: target must not be empty$/,
  },
] satisfies { title: string; answer: Answer; message: RegExp }[]) {
  test(`an endpoint that ${title} costs no route, is told of once, and counts again when it is well`, async () => {
    await using custom = await startCustom(commands(A))
    const { server, log, registry, routes, source } = custom
    server.answer = answer
    await log.until(new RegExp(FAILED + message.source))
    await server.nextRequest()
    await server.nextRequest()
    assert.equal(log.count(/^ERROR/), 1, log.lines.join('\n'))
    assert.equal(registry.status().state, 'stale')
    assert.match(registry.status().reason ?? '', message)
    assert.equal(routes.texts.get(source), A)
    assert.equal(routes.changes, 1)
    server.answer = commands(B)
    await routes.until(({ texts }) => texts.get(source) === B)
    await log.until(/^INFO custom: http:\/\/127\.0\.0\.1:\d+\/routes is well again after /)
    assert.equal(registry.status().state, 'connected')
  })

  test(`an endpoint that ${title} at the start makes the registry ready with nothing`, async () => {
    await using custom = await startCustom(answer)
    const { log, registry, routes } = custom
    assert.equal(log.count(new RegExp(FAILED + message.source)), 1, log.lines.join('\n'))
    assert.equal(registry.status().state, 'stale')
    assert.equal(routes.changes, 0)
  })
}

test('an endpoint that does not answer in time is given up, and asked again', async () => {
  await using custom = await startCustom(
    (_req, res) => res.writeHead(200).write('['), // a head in time is not enough: the time is for the whole answer
    { timeoutMs: 150 },
  )
  assert.equal(
    custom.log.count(
      /^ERROR error during .* - Error Sending HTTPs Request To Custom be - http.* -no answer within 150ms \(registry\.custom\.timeout\)$/,
    ),
    1,
    custom.log.lines.join('\n'),
  )
  custom.server.answer = commands(A)
  await custom.routes.until(({ texts }) => texts.get(custom.source) === A)
})

test('an endpoint that nobody listens on is told of, whatever failure follows another', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const address = closed.address()
  assert.ok(typeof address === 'object' && address !== null)
  closed.close()
  await using custom = await startCustom(commands(A), { host: `127.0.0.1:${address.port}`, scheme: 'http' })
  assert.equal(custom.log.count(/ -connect ECONNREFUSED 127\.0\.0\.1:\d+$/), 1, custom.log.lines.join('\n'))
})

test('two different failures in a row are two lines', async () => {
  await using custom = await startCustom((_req, res) => res.writeHead(500).end())
  custom.server.answer = text('{}')
  await custom.log.until(/^ERROR .*the answer is an object/)
  assert.equal(custom.log.count(/^ERROR/), 2)
})

test('a list that is not what it was is pushed, an equal one is not, and an empty one empties the table', async () => {
  await using custom = await startCustom(commands(`${A}\n${B}`))
  const { server, routes, source } = custom
  await server.nextRequest()
  await server.nextRequest()
  assert.equal(routes.changes, 1)
  server.answer = commands(B)
  await routes.until(({ texts }) => texts.get(source) === B)
  server.answer = text('[]')
  await routes.until(({ texts }) => texts.get(source) === '')
  assert.equal(routes.changes, 3)
})

test('what an element does not say is nothing, whatever stood at its place before', async () => {
  const element = { cmd: 'route add', service: 'a', src: '/a', dst: 'http://10.0.0.1:80/' }
  const answer = (extra: object) => text(JSON.stringify([{ ...element, ...extra }]))
  await using custom = await startCustom(answer({ weight: 0.5, tags: ['x'], opts: { strip: '/x' } }))
  custom.server.answer = answer({})
  await custom.routes.until(({ texts }) => texts.get(custom.source) === A)
})

test('an element that is wrong is a problem with its number, and the others are routes', async () => {
  const good = { cmd: 'route add', service: 'a', src: '/a', dst: 'http://10.0.0.1:80/' }
  const elements = [good, { ...good, weight: 'x' }, { ...good, dst: 'http://h:x/' }, { cmd: 'route weight', src: '/a' }]
  const server = await startCustomServer(text(JSON.stringify(elements)))
  await using _server = server
  await using registry = await connect(server.config())
  const feed = new RouteFeed({ textHeadings: false })
  const pushed = Promise.withResolvers<void>()
  registry.start({ sink: feed, onChange: () => pushed.resolve(), onNoRouteHtml: () => {} })
  await pushed.promise
  const change = feed.commit()
  assert.deepEqual(
    change?.routes.map(({ path, targets }) => [path, targets.length]),
    [['/a', 1]],
  )
  assert.deepEqual(
    feed.problems().map(({ origin, reason }) => [origin.kind === 'text' ? origin.line : 0, reason]),
    [
      [2, 'weight is a text'],
      [3, 'route: invalid target. parse "http://h:x/": invalid port ":x" after host'],
    ],
  )
})

test('requests come one after the other, each on a connection of its own, as Fabio sends them', async () => {
  let busy = 0
  await using custom = await startCustom(
    (_req, res) => {
      assert.equal(++busy, 1)
      setTimeout(() => {
        busy--
        res.end('[]')
      }, 150)
    },
    { path: '/v1/routes', queryParams: 'dc=eu&token=secret' },
  )
  await custom.server.nextRequest()
  await custom.server.nextRequest()
  const [first, second] = custom.server.requests
  assert.equal(first?.method, 'GET')
  assert.equal(first.url, '//v1/routes?dc=eu&token=secret')
  assert.equal(first.headers.connection, 'close')
  assert.notEqual(first.socket, second?.socket)
  assert.equal(custom.registry.status().sources[0]?.name, `http://${custom.server.host}//v1/routes?…`)
  assert.ok(!custom.log.lines.join('\n').includes('secret'))
})

test('user and password before the host are sent, and not shown', async () => {
  const server = await startCustomServer(text('{}'))
  await using _server = server
  const log = new RecordedLog()
  await using registry = await connect(server.config({ host: `us%3Aer:pass@${server.host}` }), log)
  startRecording(registry)
  await registry.ready
  assert.equal(server.requests[0]?.headers.authorization, `Basic ${Buffer.from('us:er:pass').toString('base64')}`)
  assert.ok(log.count(/^ERROR/) === 1 && !log.lines.join('\n').includes('pass'))
})

test('the entity tag is sent back; 304 keeps the table, also after an answer that could not be used', async () => {
  const tagged: Answer = (req, res) => {
    if (req.headers['if-none-match'] === '"v1"') res.writeHead(304).end()
    else commands(A)(req, res.setHeader('etag', '"v1"'))
  }
  await using custom = await startCustom(tagged)
  const { server, routes, log, source, registry } = custom
  assert.equal((await server.nextRequest()).headers['if-none-match'], '"v1"')
  server.answer = text('{}', { etag: '"v2"' })
  await log.until(/^ERROR/)
  server.answer = tagged
  assert.equal((await server.nextRequest()).headers['if-none-match'], '"v1"')
  await log.until(/is well again/)
  assert.equal(routes.texts.get(source), A)
  assert.equal(routes.changes, 1)
  assert.ok(registry.status().requests >= 3)
})

test('a redirect is followed, to another path and another host', async () => {
  await using other = await startCustomServer(commands(A))
  await using custom = await startCustom((req, res) => {
    if (req.url === '/routes') res.writeHead(302, { location: '/moved' }).end()
    else res.writeHead(307, { location: `http://${other.host}/x` }).end()
  })
  assert.equal(custom.routes.texts.get(custom.source), A)
})

test('a compressed answer is read', async () => {
  await using custom = await startCustom((req, res) => {
    assert.equal(req.headers['accept-encoding'], 'gzip')
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[{"cmd":"route del","service":"x"}]'))
  })
  assert.equal(custom.routes.texts.get(custom.source), 'route del x')
})

test('there are no overrides and no registration', async () => {
  await using custom = await startCustom(
    text('[{"cmd":"route add","service":"a","src":"/","dst":"http://h/","opts":{"register":"alias"}}]'),
  )
  assert.equal(custom.registry.overrides, undefined)
  assert.equal(custom.registry.announcer, undefined)
  assert.equal(custom.log.count(/^INFO custom: Using custom routes from 127\.0\.0\.1:\d+$/), 1)
})

test('it ends at once while a request waits for its answer', async () => {
  await using server = await startCustomServer(() => {})
  const log = new RecordedLog()
  const registry = await connect(server.config(), log)
  startRecording(registry)
  while (server.requests.length === 0) await new Promise(setImmediate)
  await registry[Symbol.asyncDispose]()
  assert.equal(log.count(/^ERROR/), 0)
})

test('an endpoint whose certificate nobody signed is asked only when it need not be verified', {
  skip: realPart('openssl') === undefined && missingPart('openssl'),
}, async () => {
  await using certificate = await makeSelfSigned()
  await using server = await startCustomServer(commands(A), certificate)
  const source = `https://${server.host}/routes`
  const log = new RecordedLog()
  {
    await using registry = await connect(server.config(), log)
    startRecording(registry)
    await registry.ready
    assert.equal(
      log.count(/^ERROR .*Error Sending HTTPs Request To Custom be - https.* -self-signed certificate/),
      1,
      log.lines.join('\n'),
    )
  }
  await using registry = await connect(server.config({ checkTlsSkipVerify: true }), log)
  const routes = startRecording(registry)
  await registry.ready
  assert.equal(routes.texts.get(source), A)
})

test('a host that makes no URL ends the start', async () => {
  const log = new RecordedLog()
  await using server = await startCustomServer(text('[]'))
  const config = { ...server.config({ host: 'a b' }), timeoutMs: 0 }
  await assert.rejects(connect(config, log), { message: 'Timeout registering backend.' })
  assert.equal(log.count(/^WARN Error initializing backend\. custom: registry\.custom\.host and/), 1)
})
