import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFrom, refusalOf } from './load-from.ts'

const SOURCES = 'proxy.cs = cs=edge;type=path;cert=/certs,cs=pki;type=vault-pki;cert=pki/issue/x'

const PLAIN = {
  host: '',
  proto: 'http',
  certSource: undefined,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  idleTimeoutMs: 0,
  strictMatch: false,
  tlsMin: undefined,
  tlsMax: undefined,
  tlsCiphers: [],
  proxyProtocol: false,
  proxyHeaderTimeoutMs: 0,
  refreshMs: 0,
  h2c: false,
  ports: { from: 1, to: 65_535 },
}

for (const { text, listeners } of [
  { text: '', listeners: [] },
  { text: ':9999', listeners: [{ addr: ':9999', port: 9999 }] },
  { text: 'addr=:1', listeners: [{ addr: ':1', port: 1 }] },
  {
    text: ':80,:443;cs=edge;tlsmin=tls12',
    listeners: [
      { addr: ':80', port: 80 },
      { addr: ':443', port: 443, proto: 'https', certSource: 'edge', tlsMin: 'TLSv1.2' },
    ],
  },
  {
    text: '10.1.0.5:3306;proto=tcp;rt=1h',
    listeners: [{ addr: '10.1.0.5:3306', host: '10.1.0.5', port: 3306, proto: 'tcp', readTimeoutMs: 3_600_000 }],
  },
  {
    text: ':443;proto=tcp+sni,[::1]:8080;pxyproto=true',
    listeners: [
      { addr: ':443', port: 443, proto: 'tcp+sni' },
      { addr: '[::1]:8080', host: '::1', port: 8080, proxyProtocol: true, proxyHeaderTimeoutMs: 250 },
    ],
  },
  {
    text: '0.0.0.0:0;proto=tcp-dynamic;refresh=3s',
    listeners: [{ addr: '0.0.0.0:0', host: '0.0.0.0', port: 0, proto: 'tcp-dynamic', refreshMs: 3000 }],
  },
  { text: ':1;h2c=true', listeners: [{ addr: ':1', port: 1, h2c: true }] },
  { text: ':1;proto=tcp-dynamic', listeners: [{ addr: ':1', port: 1, proto: 'tcp-dynamic', refreshMs: 5000 }] },
  {
    text: ':1;pxyproto=true;pxytimeout=1s',
    listeners: [{ addr: ':1', port: 1, proxyProtocol: true, proxyHeaderTimeoutMs: 1000 }],
  },
  { text: ':1;pxytimeout=1s', listeners: [{ addr: ':1', port: 1, proxyHeaderTimeoutMs: 1000 }] },
  { text: ':1;it=10s;wt=2s', listeners: [{ addr: ':1', port: 1, idleTimeoutMs: 10_000, writeTimeoutMs: 2000 }] },
  { text: ':1;proto=prometheus', listeners: [{ addr: ':1', port: 1, proto: 'prometheus' }] },
  { text: ':1;cs=pki', listeners: [{ addr: ':1', port: 1, proto: 'https', certSource: 'pki', strictMatch: true }] },
  { text: '{{GetPrivateIP}}:9999', listeners: [{ addr: '10.1.2.3:9999', host: '10.1.2.3', port: 9999 }] },
  { text: ':http', listeners: [{ addr: ':http', port: 80 }] },
]) {
  test(`proxy.addr = ${text}`, async () => {
    const { config } = await loadFrom({ file: SOURCES, argv: ['-proxy.addr', text] })
    assert.deepEqual(
      config.proxy.listeners,
      listeners.map(listener => ({ ...PLAIN, ...listener })),
    )
  })
}

test('proxy.readtimeout and proxy.writetimeout are for the listeners of proxy.addr that say nothing else', async () => {
  const argv = ['-proxy.readtimeout', '1s', '-proxy.writetimeout', '2s', '-proxy.addr', ':1,:2;rt=3s;wt=0']
  const { config } = await loadFrom({ argv })
  assert.deepEqual(
    config.proxy.listeners.map(({ readTimeoutMs, writeTimeoutMs }) => [readTimeoutMs, writeTimeoutMs]),
    [
      [1000, 2000],
      [3000, 0],
    ],
  )
  assert.equal(config.ui.listener?.readTimeoutMs, 0)
})

for (const { text, message } of [
  { text: 'proto=http', message: 'need listening host:port' },
  {
    text: ':1;proto=HTTP',
    message:
      'unknown protocol "HTTP"; expected http, https, tcp, tcp+sni, tcp-dynamic, https+tcp+sni, grpc, grpcs, prometheus',
  },
  { text: ':1;cs=nope', message: 'unknown certificate source "nope"' },
  { text: ':1;cs=', message: 'unknown certificate source ""' },
  { text: ':1;proto=https', message: "proto 'https' requires cert source" },
  { text: ':1;proto=grpcs', message: "proto 'grpcs' requires cert source" },
  { text: ':1;proto=https+tcp+sni', message: "proto 'https+tcp+sni' requires cert source" },
  {
    text: ':1;proto=http;cs=edge',
    message: "cert source requires proto 'https', 'tcp', 'tcp-dynamic', 'https+tcp+sni', 'prometheus', or 'grpcs'",
  },
  { text: ':1;rt=5', message: 'time: missing unit in duration "5"; rt needs a duration such as 30s' },
  { text: ':1;it=x', message: 'time: invalid duration "x"; it needs a duration such as 30s' },
  { text: ':1;cs=edge;tlsmin=tls13;tlsmax=tls12', message: 'listener :1: tlsmin tls13 is above tlsmax tls12' },
  {
    text: ':1;cs=edge;tlsciphers=0x5,0x6',
    message: 'listen: Fail to resolve tcp addr. 0x6; expected host:port, :port or [IPv6 address]:port',
  },
  {
    text: ':1,9999',
    message: 'listen: Fail to resolve tcp addr. 9999; expected host:port, :port or [IPv6 address]:port',
  },
  {
    text: '{{foo}}:1',
    message: 'unable to parse template "{{foo}}:1": template: sockaddr.Parse:1: function "foo" not defined',
  },
  { text: ':443;/cert.pem;/key.pem', message: 'unexpected ";" at column 15; expected key=value pairs' },
]) {
  test(`proxy.addr = ${text} is refused: ${message}`, async () => {
    const refusal = await refusalOf({ file: SOURCES, argv: ['-proxy.addr', text] })
    assert.deepEqual(refusal, { message: `${message} (proxy.addr, command line)`, exitCode: 1 })
  })
}

for (const { text, warning } of [
  {
    text: ':1;prto=tcp',
    warning:
      'listener :1: unknown key "prto" is ignored; known keys are addr, proto, cs, rt, wt, it, strictmatch, tlsmin, tlsmax, tlsciphers, pxyproto, pxytimeout, refresh, ports, h2c',
  },
  { text: ':1;pxyproto=1', warning: 'listener :1: pxyproto: "1" counts as false; only true switches it on' },
  { text: ':1;proto', warning: 'key "proto" at the end has no value and is ignored' },
]) {
  test(`proxy.addr = ${text} warns: ${warning}`, async () => {
    const { warnings } = await loadFrom({ file: SOURCES, argv: ['-proxy.addr', text] })
    assert.deepEqual(
      warnings.filter(text => !text.startsWith('proxy.cs')),
      [`${warning} (proxy.addr, command line)`],
    )
  })
}

test('a source of type vault-pki switches strictmatch on, and says so', async () => {
  const { infos } = await loadFrom({ file: SOURCES, argv: ['-proxy.addr', ':1;cs=pki'] })
  assert.deepEqual(infos, ['vault-pki requires strictmatch; enabling strictmatch for listener :1'])
})

for (const { text, message } of [
  { text: ':1,:2', message: 'ui.addr must contain only one listener' },
  { text: ',', message: 'ui.addr must contain only one listener' },
  { text: ':1;proto=https', message: "proto 'https' requires cert source" },
]) {
  test(`ui.addr = ${text} is refused`, async () => {
    assert.equal((await refusalOf({ argv: ['-ui.addr', text] })).message, `${message} (ui.addr, command line)`)
  })
}
