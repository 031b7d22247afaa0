import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListenAddress } from '../../src/config/listen-address.ts'

const SERVICES = new Map([['http', 80]])

for (const { text, host, port } of [
  { text: ':9999', host: '', port: 9999 },
  { text: '127.0.0.1:80', host: '127.0.0.1', port: 80 },
  { text: '[::1]:80', host: '::1', port: 80 },
  { text: '[fe80::1%eth0]:80', host: 'fe80::1%eth0', port: 80 },
  { text: '[10.0.0.1]:80', host: '10.0.0.1', port: 80 },
  { text: 'edge-1.example.com:65535', host: 'edge-1.example.com', port: 65535 },
  { text: ':http', host: '', port: 80 },
  { text: ':', host: '', port: 0 },
  { text: '[]:80', host: '', port: 80 },
]) {
  test(`'${text}' is host '${host}' and port ${port}`, () =>
    assert.deepEqual(parseListenAddress(text, SERVICES), { host, port }))
}

for (const text of [
  '',
  '80',
  'host',
  'fd00::2:9999',
  '::1:80',
  '[::1]',
  '[::1',
  ':65536',
  ':-1',
  ':nope',
  '*:80',
  'a b:80',
  'http://x:80',
  '[::1]x:80',
]) {
  test(`'${text}' is no address to listen on`, () => assert.equal(parseListenAddress(text, SERVICES), undefined))
}
