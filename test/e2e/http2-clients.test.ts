import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { WebSocketServer } from 'ws'
import { startGrpcEcho } from '../harness/grpc-echo.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { makeSelfSigned } from '../harness/self-signed.ts'
import { startFabio } from '../harness/start-fabio.ts'

const run = promisify(execFile)

function skipWithout(name: string): string | false {
  return realPart(name) === undefined && missingPart(name)
}

test('curl speaks HTTP/2 in the clear and over TLS, and HTTP/1.1 beside it', {
  skip: skipWithout('curl'),
}, async () => {
  await using signed = await makeSelfSigned()
  await using upstream = await startRawUpstream(answering(OK))
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;h2c=true,127.0.0.1:0;cs=edge',
    routes: `route add svc / ${upstream.url}`,
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${signed.certFile};key=${signed.keyFile}`],
  })
  const [plain, secure] = fabio.ports
  const curl = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('curl', ['-sS', '-m', '20', '-w', ' %{http_version} %{http_code}', ...args])
    return stdout
  }
  assert.equal(await curl('--http2-prior-knowledge', `http://127.0.0.1:${plain}/`), 'ok 2 200')
  assert.equal(await curl(`http://127.0.0.1:${plain}/`), 'ok 1.1 200')
  // Not by an upgrade: that would carry requests past the routes of the first.
  assert.equal(await curl('--http2', `http://127.0.0.1:${plain}/`), 'ok 1.1 200')
  const trusted = [
    '--cacert',
    signed.certFile,
    `https://localhost:${secure}/`,
    '--resolve',
    `localhost:${secure}:127.0.0.1`,
  ]
  assert.equal(await curl('--http2', ...trusted), 'ok 2 200')
  assert.equal(await curl('--http1.1', ...trusted), 'ok 1.1 200')
  assert.equal(await curl('--http2', '--tls-max', '1.2', ...trusted), 'ok 2 200')
  assert.equal(await curl('--http2', '-d', 'x'.repeat(100_000), ...trusted), 'ok 2 200')
})

test('h2load gets all its answers', { skip: skipWithout('h2load') }, async () => {
  await using upstream = await startRawUpstream(answering(OK))
  await using fabio = await startFabio({ addr: '127.0.0.1:0;h2c=true', routes: `route add svc / ${upstream.url}` })
  const { stdout } = await run('h2load', ['-n', '2000', '-c', '10', '-m', '20', `${fabio.url}/`])
  assert.match(stdout, /2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout/)
  assert.match(stdout, /status codes: 2000 2xx/)
})

test('grpcio of Python calls through, and is called', { skip: skipWithoutGrpcio() }, async () => {
  const script = join(import.meta.dirname, '../harness/echo.py')
  const server = spawn('/usr/bin/python3', [script, 'server'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [printed] = (await once(server.stdout, 'data')) as [Buffer]
    await using node = await startGrpcEcho()
    await using fabio = await startFabio({
      addr: '127.0.0.1:0;proto=grpc,127.0.0.1:0;h2c=true',
      routes: `route add svc /test.Echo grpc://127.0.0.1:${Number(String(printed))}\nroute add js /test.Echo/Unary grpc://127.0.0.1:${node.port}`,
    })
    const { stdout } = await run('/usr/bin/python3', [script, 'client', String(fabio.ports[0])])
    assert.deepEqual(stdout.trim().split('\n'), [
      'hello',
      'packed',
      "['0', '1', '2']",
      '5',
      "['a', 'b']",
      'NOT_FOUND no route found',
    ])
    assert.equal(node.calls.length, 2)
  } finally {
    server.kill('SIGKILL')
    await once(server, 'close')
  }
})

test('chromium loads pages and opens a WebSocket over one HTTP/2 connection', {
  skip: skipWithout('chromium'),
}, async () => {
  await using signed = await makeSelfSigned()
  const upgrades: string[] = []
  const web = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<title>page</title>')
  })
  const sockets = new WebSocketServer({ server: web })
  sockets.on('connection', (socket, request) => {
    upgrades.push(`${request.url} ${request.headers.forwarded}`)
    socket.on('message', message => socket.send(`<${String(message)}>`))
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const path = realPart('chromium')
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--ignore-certificate-errors',
    '--disable-background-networking',
  ]
  const browser = await chromium.launch({ ...(path === undefined ? {} : { executablePath: path }), args })
  try {
    await using fabio = await startFabio({
      addr: '127.0.0.1:0;cs=edge',
      routes: `route add web / http://127.0.0.1:${(web.address() as AddressInfo).port}`,
      flags: [
        '-proxy.cs',
        `cs=edge;type=file;cert=${signed.certFile};key=${signed.keyFile}`,
        '-runtime.gomaxprocs',
        '1',
      ],
    })
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    await page.goto(`https://localhost:${fabio.port}/`)
    const protocol = await page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol')
    const answer = await page.evaluate(async port => {
      const socket = new WebSocket(`wss://localhost:${port}/socket`)
      const received = await new Promise<string>((resolve, reject) => {
        socket.onopen = () => socket.send('hello')
        socket.onmessage = ({ data }) => resolve(String(data))
        socket.onerror = () => reject(new Error('no WebSocket'))
      })
      socket.close()
      return received
    }, fabio.port)
    assert.deepEqual([protocol, answer], ['h2', '<hello>'])
    assert.equal(upgrades.length, 1)
    assert.match(upgrades[0]!, /^\/socket .*proto=wss; .*httpproto=http\/2\.0/)
  } finally {
    await browser.close()
    sockets.close()
    web.closeAllConnections()
    await new Promise(resolve => web.close(resolve))
  }
})

function skipWithoutGrpcio(): string | false {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import grpc'], { stdio: 'ignore' })
    return false
  } catch (cause) {
    if (process.env.REQUIRE_REAL_PARTS === '1') throw cause
    return 'there is no grpcio for /usr/bin/python3'
  }
}
