import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFrom, refusalOf } from './load-from.ts'

for (const { text, peers } of [
  { text: '', peers: [] },
  {
    text: 'address=192.0.2.1;asn=65001',
    peers: [{ address: '192.0.2.1', asn: 65001, port: 0, multiHop: false, multiHopLength: 2, password: '' }],
  },
  {
    text: 'address=192.0.2.1;asn=4294967295;port=1179;multihop=T;multihoplength=3;password=pw',
    peers: [{ address: '192.0.2.1', asn: 4294967295, port: 1179, multiHop: true, multiHopLength: 3, password: 'pw' }],
  },
]) {
  test(`bgp.peers = ${text}`, async () =>
    assert.deepEqual((await loadFrom({ argv: ['-bgp.peers', text] })).config.bgp.peers, peers))
}

for (const { text, message } of [
  { text: 'address=1.2.3.4;asn=x', message: 'strconv.ParseUint: parsing "x": invalid syntax; asn needs a number' },
  {
    text: 'address=1.2.3.4;port=4294967296',
    message: 'strconv.ParseUint: parsing "4294967296": value out of range for port',
  },
  {
    text: 'address=1.2.3.4;multihop=maybe',
    message: 'strconv.ParseBool: parsing "maybe": invalid syntax; multihop needs true or false',
  },
]) {
  test(`bgp.peers = ${text} is refused: ${message}`, async () => {
    assert.equal((await refusalOf({ argv: ['-bgp.peers', text] })).message, `${message} (bgp.peers, command line)`)
  })
}

test('the key that the help text of Fabio names is told to be unknown', async () => {
  const { warnings } = await loadFrom({ argv: ['-bgp.peers', 'neighboraddress=192.0.2.1'] })
  assert.ok(warnings.some(warning => warning.startsWith('BGP peer : unknown key "neighboraddress" is ignored')))
})
