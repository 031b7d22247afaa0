import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OVER_TLS, PLAIN, writeHead } from './write-head.ts'

const HOST = 'Host: a.test'
const BY = '; by=10.0.0.9; httpproto=http/1.1'

describe('what an upstream is told of the client', () => {
  for (const { name, lines, given, header, value } of [
    { name: 'the address', lines: [], header: 'X-Real-Ip', value: '192.0.2.7' },
    { name: "a proxy's X-Real-Ip before ours", lines: ['X-Real-Ip: 7.7.7.7'], header: 'X-Real-Ip', value: '7.7.7.7' },
    { name: 'the address for an empty X-Real-Ip', lines: ['X-Real-Ip:'], header: 'X-Real-Ip', value: '192.0.2.7' },
    { name: 'the address for X-Forwarded-For', lines: [], header: 'X-Forwarded-For', value: '192.0.2.7' },
    {
      name: 'the address behind the ones before',
      lines: ['X-Forwarded-For: 1.1.1.1, 2.2.2.2'],
      header: 'X-Forwarded-For',
      value: '1.1.1.1, 2.2.2.2, 192.0.2.7',
    },
    {
      name: 'all lines of X-Forwarded-For as one',
      lines: ['X-Forwarded-For: 1.1.1.1', 'A: b', 'x-forwarded-for: 2.2.2.2'],
      header: 'X-Forwarded-For',
      value: '1.1.1.1, 2.2.2.2, 192.0.2.7',
    },
    { name: 'http', lines: [], header: 'X-Forwarded-Proto', value: 'http' },
    { name: 'https over TLS', lines: [], given: { client: OVER_TLS }, header: 'X-Forwarded-Proto', value: 'https' },
    { name: "a proxy's protocol", lines: ['X-Forwarded-Proto: abc'], header: 'X-Forwarded-Proto', value: 'abc' },
    {
      name: 'the protocol that Forwarded names',
      lines: ['Forwarded: for=1.1.1.1;proto=https'],
      header: 'X-Forwarded-Proto',
      value: 'https',
    },
    {
      name: 'http for a WebSocket',
      lines: [],
      given: { upgrade: 'websocket' },
      header: 'X-Forwarded-Proto',
      value: 'http',
    },
    {
      name: 'https for a WebSocket over TLS',
      lines: [],
      given: { upgrade: 'websocket', client: OVER_TLS },
      header: 'X-Forwarded-Proto',
      value: 'https',
    },
    { name: 'port 80', lines: [], header: 'X-Forwarded-Port', value: '80' },
    { name: 'port 443 over TLS', lines: [], given: { client: OVER_TLS }, header: 'X-Forwarded-Port', value: '443' },
    {
      name: 'the port of the host',
      lines: [],
      given: { host: 'a.test:8080' },
      header: 'X-Forwarded-Port',
      value: '8080',
    },
    {
      name: 'port 80 for a host that ends in a colon',
      lines: [],
      given: { host: 'a:' },
      header: 'X-Forwarded-Port',
      value: '80',
    },
    {
      name: 'the port behind an IPv6 address',
      lines: [],
      given: { host: '[::1]:8080' },
      header: 'X-Forwarded-Port',
      value: '8080',
    },
    {
      name: 'port 80 for a bare IPv6 address',
      lines: [],
      given: { host: '[::1]' },
      header: 'X-Forwarded-Port',
      value: '80',
    },
    { name: "a proxy's port", lines: ['X-Forwarded-Port: 9'], header: 'X-Forwarded-Port', value: '9' },
    { name: 'the host', lines: [], header: 'X-Forwarded-Host', value: 'a.test' },
    {
      name: 'the host as it was rewritten',
      lines: [],
      given: { host: 'b.test:1' },
      header: 'X-Forwarded-Host',
      value: 'b.test:1',
    },
    { name: "a proxy's host", lines: ['X-Forwarded-Host: c.test'], header: 'X-Forwarded-Host', value: 'c.test' },
    {
      name: 'no host when there is none',
      lines: [],
      given: { host: '' },
      header: 'X-Forwarded-Host',
      value: undefined,
    },
    { name: 'no prefix', lines: [], header: 'X-Forwarded-Prefix', value: undefined },
    { name: "a proxy's prefix", lines: ['X-Forwarded-Prefix: /p'], header: 'X-Forwarded-Prefix', value: '/p' },
    {
      name: 'what is stripped',
      lines: ['X-Forwarded-Prefix: /p'],
      given: { strip: '/s' },
      header: 'X-Forwarded-Prefix',
      value: '/s',
    },
  ]) {
    test(`${header} says ${name}`, () => assert.equal(writeHead([HOST, ...lines], given).one(header), value))
  }
})

describe('Forwarded', () => {
  for (const { name, lines, given, value } of [
    { name: 'is made of what is known', lines: [], value: `for=192.0.2.7; proto=http${BY}` },
    {
      name: 'names HTTP/1.0',
      lines: [],
      given: { version: '1.0' as const },
      value: 'for=192.0.2.7; proto=http; by=10.0.0.9; httpproto=http/1.0',
    },
    {
      name: 'names TLS',
      lines: [],
      given: { client: OVER_TLS },
      value: `for=192.0.2.7; proto=https${BY}; tlsver=tls13; tlscipher=0x1301`,
    },
    { name: 'is added to', lines: ['Forwarded: for=7.7.7.7;proto=https'], value: `for=7.7.7.7;proto=https${BY}` },
    {
      name: 'of several lines is added to the first',
      lines: ['Forwarded: for=7.7.7.7', 'Forwarded: for=8.8.8.8'],
      value: `for=7.7.7.7${BY}`,
    },
    { name: 'that is empty is made anew', lines: ['Forwarded:'], value: `for=192.0.2.7; proto=http${BY}` },
    {
      name: 'takes the protocol of X-Forwarded-Proto',
      lines: ['X-Forwarded-Proto: abc'],
      value: `for=192.0.2.7; proto=abc${BY}`,
    },
    { name: 'names a WebSocket', lines: [], given: { upgrade: 'WebSocket' }, value: `for=192.0.2.7; proto=ws${BY}` },
    {
      name: 'names a WebSocket over TLS',
      lines: [],
      given: { upgrade: 'websocket', client: OVER_TLS },
      value: `for=192.0.2.7; proto=wss${BY}; tlsver=tls13; tlscipher=0x1301`,
    },
    {
      name: 'does without a local address',
      lines: [],
      given: { options: { localIp: '' } },
      value: 'for=192.0.2.7; proto=http; httpproto=http/1.1',
    },
    {
      name: 'writes IPv6 bare',
      lines: [],
      given: { client: { ...PLAIN, address: '2001:db8::1' } },
      value: `for=2001:db8::1; proto=http${BY}`,
    },
  ]) {
    test(name, () => assert.equal(writeHead([HOST, ...lines], given).one('Forwarded'), value))
  }

  for (const { forwarded, proto, expected } of [
    { forwarded: 'for=1;proto=https;by=2', proto: '', expected: 'https' },
    { forwarded: 'proto=x y', proto: '', expected: 'x y' },
    { forwarded: 'for=1;httpproto=http/1.1', proto: '', expected: 'http' },
    { forwarded: 'for=1;httpproto=http/1.1;proto=https', proto: '', expected: 'https' },
    { forwarded: 'for=1;proto=https', proto: 'ftp', expected: 'ftp' },
    { forwarded: 'for=1', proto: '', expected: 'http' },
  ]) {
    test(`'${forwarded}' with X-Forwarded-Proto '${proto}' means ${expected}`, () => {
      const lines = [HOST, `Forwarded: ${forwarded}`, `X-Forwarded-Proto: ${proto}`]
      assert.equal(writeHead(lines).one('X-Forwarded-Proto'), expected)
    })
  }
})

describe('headers that the options name', () => {
  test('the client address overwrites what a client sends', () => {
    const options = { clientIpHeader: 'X-Client-Ip' }
    assert.equal(
      writeHead([HOST, 'x-client-ip: 6.6.6.6', 'X-Client-IP: 5'], { options }).one('X-Client-Ip'),
      '192.0.2.7',
    )
  })

  for (const { clientIpHeader, expected } of [
    { clientIpHeader: 'X-Real-Ip', expected: '6.6.6.6' },
    { clientIpHeader: 'X-Real-IP', expected: '192.0.2.7' },
    { clientIpHeader: 'x-real-ip', expected: '192.0.2.7' },
  ]) {
    test(`proxy.header.clientip=${clientIpHeader} makes X-Real-Ip ${expected} of a client that says 6.6.6.6`, () =>
      assert.equal(writeHead([HOST, 'X-Real-Ip: 6.6.6.6'], { options: { clientIpHeader } }).one('X-Real-Ip'), expected))
  }

  test('proxy.header.clientip=X-Forwarded-For changes nothing', () => {
    const written = writeHead([HOST, 'X-Forwarded-For: 1.1.1.1'], { options: { clientIpHeader: 'X-Forwarded-For' } })
    assert.equal(written.one('X-Forwarded-For'), '1.1.1.1, 192.0.2.7')
  })

  test('the request id overwrites what a client sends', () => {
    const options = { requestIdHeader: 'X-Request-Id' }
    assert.equal(writeHead([HOST, 'X-Request-ID: fake'], { options }).one('X-Request-Id'), 'id-1')
  })

  for (const { client, expected } of [
    { client: OVER_TLS, expected: 'yes' },
    { client: PLAIN, expected: undefined },
  ]) {
    const where = client.tls === undefined ? 'in the clear' : 'over TLS'
    test(`the mark of TLS is ${expected ?? 'missing'} ${where}, whatever a client sends`, () => {
      const options = { tlsHeader: 'X-Tls', tlsHeaderValue: 'yes' }
      assert.equal(writeHead([HOST, 'x-tls: fake'], { options, client }).one('X-Tls'), expected)
    })

    test(`X-Forwarded-Proto as the mark of TLS is ${expected ?? 'missing'} ${where}, and only that`, () => {
      const options = { tlsHeader: 'X-Forwarded-Proto', tlsHeaderValue: 'yes' }
      assert.equal(writeHead([HOST], { options, client }).one('X-Forwarded-Proto'), expected)
      const lines = [HOST, 'X-Forwarded-Proto: fake']
      assert.equal(writeHead(lines, { options, client }).one('X-Forwarded-Proto'), expected)
    })
  }
})

describe('headers of one connection', () => {
  for (const line of [
    'Connection: close',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: Basic eDp5',
    'TE: gzip',
    'Trailer: X-Sum',
    'Upgrade: websocket',
    'HTTP2-Settings: AAMA',
  ]) {
    test(`${line} is not passed on`, () => {
      const name = line.slice(0, line.indexOf(':'))
      assert.deepEqual(writeHead([HOST, line]).all(name), [])
    })
  }

  test('what Connection names is not passed on, in any case and over several lines', () => {
    const written = writeHead([
      HOST,
      'Connection: X-One',
      'x-one: 1',
      'connection: close, x-TWO',
      'X-Two: 2',
      'X-Three: 3',
    ])
    assert.deepEqual([written.all('x-one'), written.all('x-two'), written.all('x-three')], [[], [], ['3']])
  })

  for (const name of [
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Proto',
    'X-Forwarded-Prefix',
    'X-Real-Ip',
  ]) {
    test(`a client cannot have ${name} removed by naming it in Connection`, () => {
      const written = writeHead([HOST, `Connection: close, ${name}, ${name.toLowerCase()}`, `${name}: 1.1.1.1`])
      assert.match(written.one(name) ?? '', /^1\.1\.1\.1/)
      assert.notEqual(writeHead([HOST, `Connection: ${name}`], { strip: '/s' }).one(name), undefined)
    })
  }

  test('nor those that the options name', () => {
    const options = { clientIpHeader: 'X-C', requestIdHeader: 'X-R', tlsHeader: 'X-T', tlsHeaderValue: 't' }
    const written = writeHead([HOST, 'Connection: x-c, x-r, x-t'], { options, client: OVER_TLS })
    assert.deepEqual([written.one('X-C'), written.one('X-R'), written.one('X-T')], ['192.0.2.7', 'id-1', 't'])
  })

  test('nor Host, nor the framing', () => {
    const written = writeHead([HOST, 'Connection: host, content-length', 'Content-Length: 5'])
    assert.deepEqual([written.one('Host'), written.one('Content-Length')], ['a.test', '5'])
  })

  test('trailers are announced where they can come', () => {
    const lines = ['Trailer: X-A', 'trailer: X-B']
    assert.deepEqual(writeHead([HOST, ...lines, 'Transfer-Encoding: chunked']).all('Trailer'), ['X-A', 'X-B'])
    assert.deepEqual(writeHead([HOST, ...lines, 'Content-Length: 1']).all('Trailer'), [])
  })

  for (const te of ['trailers', 'gzip, Trailers']) {
    test(`TE: ${te} goes on as TE: trailers`, () => assert.equal(writeHead([HOST, `TE: ${te}`]).one('TE'), 'trailers'))
  }

  test('a change of protocol brings exactly its two headers', () => {
    const written = writeHead([HOST, 'Connection: keep-alive, Upgrade, X-A', 'Upgrade: chat', 'X-A: 1'], {
      upgrade: 'chat',
    })
    assert.deepEqual(
      [written.one('Connection'), written.one('Upgrade'), written.one('X-A')],
      ['Upgrade', 'chat', undefined],
    )
  })
})

describe('the head as a whole', () => {
  test('the lines of the client keep their order, their case and their repetitions', () => {
    const lines = ['accept: x', HOST, 'X-B: 1', 'x-b:  2', 'Cookie: c', 'User-Agent:']
    const { text } = writeHead(lines)
    assert.ok(
      text.startsWith(
        'GET /x HTTP/1.1\r\nHost: a.test\r\naccept: x\r\nX-B: 1\r\nx-b:  2\r\nCookie: c\r\nUser-Agent:\r\n',
      ),
    )
  })

  test('nothing is invented: no User-Agent, no Accept-Encoding, no Via', () => {
    const written = writeHead([HOST])
    for (const name of ['User-Agent', 'Accept-Encoding', 'Via', 'Accept', 'Connection', 'Content-Length'])
      assert.equal(written.one(name), undefined, name)
  })

  test('without a host of the client the target is named', () => {
    assert.equal(writeHead(['Host:']).one('Host'), 'up.test:81')
    assert.equal(writeHead([], { version: '1.0', host: '' }).one('Host'), 'up.test:81')
  })

  for (const { lines, length, coding } of [
    { lines: [], length: undefined, coding: undefined },
    { lines: ['Content-Length: 0'], length: '0', coding: undefined },
    { lines: ['content-length: 007'], length: '7', coding: undefined },
    { lines: ['TRANSFER-ENCODING: Chunked'], length: undefined, coding: 'chunked' },
  ]) {
    test(`framing of '${lines.join()}' is Content-Length ${length}, Transfer-Encoding ${coding}`, () => {
      const written = writeHead([HOST, ...lines])
      assert.deepEqual([written.one('Content-Length'), written.one('Transfer-Encoding')], [length, coding])
    })
  }

  test('a request of HTTP/1.0 goes on as one of HTTP/1.1', () =>
    assert.equal(writeHead([HOST], { version: '1.0' }).line, 'GET /x HTTP/1.1'))
})

describe('a client address in a header that more is written to', () => {
  const of = (clientIpHeader: string, ...lines: string[]) =>
    writeHead([HOST, ...lines], { options: { clientIpHeader } })

  for (const name of ['x-forwarded-for', 'X-FORWARDED-FOR']) {
    test(`${name} replaces what the client sent, and is added to`, () => {
      assert.equal(of(name, 'X-Forwarded-For: 1.1.1.1').one('X-Forwarded-For'), '192.0.2.7, 192.0.2.7')
      assert.equal(of(name).one('X-Forwarded-For'), '192.0.2.7, 192.0.2.7')
    })
  }

  test('X-Forwarded-For in this very spelling is left to the usual rule', () => {
    assert.equal(of('X-Forwarded-For', 'X-Forwarded-For: 1.1.1.1').one('X-Forwarded-For'), '1.1.1.1, 192.0.2.7')
  })

  test('Forwarded replaces what the client sent, and is added to', () => {
    assert.equal(of('Forwarded', 'Forwarded: for=1.1.1.1').one('Forwarded'), `192.0.2.7${BY}`)
  })
})
