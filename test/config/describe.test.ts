import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { describeConfig } from '../../src/config/describe.ts'
import { loadFrom } from './load-from.ts'

async function shown(...argv: string[]): Promise<string> {
  return JSON.stringify(describeConfig((await loadFrom({ argv })).config), null, 4)
}

test('the default configuration is shown as Fabio 1.7.3 shows it, with what is ours behind', async () => {
  // As the original printed it with its defaults.
  const original = await readFile(new URL('./fixtures/runtime-config.json', import.meta.url), 'utf8')
  const ours = `,
        "UpgradeTimeout": 0,
        "Limit": {
            "HeaderSize": 1048576,
            "HeaderCount": 1000,
            "HeaderTimeout": 60000000000,
            "Clients": 0,
            "UpstreamConns": 0
        }`
  const ofRegistry = `,
        "Required": false,
        "Deadline": 0,
        "StaleLimit": 0,
        "Brake": {
            "Percent": 50,
            "Routes": 10,
            "Grace": 30000000000
        },
        "SnapshotPath": ""`
  const expected = original
    .replace(/"Retry": 500000000(\s+},\s+"Proxy")/, `"Retry": 500000000${ofRegistry}$1`)
    .replace('"AllowStale": false', '"AllowStale": false,\n            "MinInterval": 100000000')
    .replace('"Level": "INFO"', '"Level": "INFO",\n        "Format": "text",\n        "AccessEscape": false')
    .replace('"GRPCGShutdownTimeout": 2000000000', `"GRPCGShutdownTimeout": 2000000000${ours}`)
    .replace('"GOMAXPROCS": 4', '"GOMAXPROCS": 4,\n        "Dev": false')
  assert.equal(await shown(), expected.trim())
})

test('a listener is shown with its certificate source, versions and ciphers as numbers', async () => {
  const text = await shown(
    '-proxy.cs=cs=edge;type=http;cert=https://u:p@h/list;hdr=Authorization: Bearer x;refresh=7s',
    '-proxy.addr=:443;cs=edge;tlsmin=tls12;tlsmax=tls13;tlsciphers="0xc02f,0x1301";pxyproto=true;strictmatch=true;rt=1ms;wt=1us;it=1h',
  )
  const { Listen } = JSON.parse(text)
  assert.deepEqual(Listen, [
    {
      CertSource: {
        Header: { Authorization: ['****'] },
        Name: 'edge',
        Type: 'http',
        CertPath: 'https://****@h/list',
        KeyPath: '',
        ClientCAPath: '',
        CAUpgradeCN: '',
        VaultFetchToken: '',
        Refresh: 7_000_000_000,
      },
      Addr: ':443',
      Proto: 'https',
      TLSCiphers: [0xc02f, 0x1301],
      ReadTimeout: 1_000_000,
      WriteTimeout: 1000,
      IdleTimeout: 3_600_000_000_000,
      ProxyHeaderTimeout: 250_000_000,
      Refresh: 0,
      TLSMinVersion: 0x0303,
      TLSMaxVersion: 0x0304,
      StrictMatch: true,
      ProxyProto: true,
    },
  ])
})

test('what is empty is null, or a listener without an address', async () => {
  const { Listen, UI, Proxy: proxy } = JSON.parse(await shown('-proxy.addr=', '-ui.addr='))
  assert.equal(Listen, null)
  assert.equal(UI.Listen.Addr, '')
  assert.equal(UI.Listen.Proto, '')
  assert.equal(proxy.GZIPContentTypes, null)
})

test('schemes, peers, targets and the content types are shown as Fabio names them', async () => {
  const {
    Proxy: proxy,
    BGP,
    Metrics,
  } = JSON.parse(
    await shown(
      '-proxy.auth=name=team;type=basic;file=/f;refresh=5s',
      '-bgp.peers=address=192.0.2.1;asn=65001;password=pw;multihop=true',
      '-metrics.target=prometheus,label',
      '-proxy.gzip.contenttype=(?i)^text/',
    ),
  )
  assert.deepEqual(proxy.AuthSchemes, {
    team: {
      Name: 'team',
      Type: 'basic',
      Basic: { ModTime: '0001-01-01T00:00:00Z', Realm: 'team', File: '/f', Refresh: 5_000_000_000 },
    },
  })
  assert.deepEqual(BGP.Peers, [
    { NeighborAddress: '192.0.2.1', Password: '****', NeighborPort: 0, Asn: 65001, MultiHopLength: 2, MultiHop: true },
  ])
  assert.equal(Metrics.Target, 'prometheus,label')
  assert.equal(proxy.GZIPContentTypes, '(?i)^text/')
})

test('no secret is shown', async () => {
  const text = await shown(
    '-registry.consul.token=SECRET1',
    '-metrics.circonus.apikey=SECRET2',
    '-metrics.circonus.submissionurl=https://u:SECRET3@h/x',
    '-bgp.peers=address=192.0.2.1;password=SECRET4',
    '-proxy.cs=cs=a;type=consul;cert=http://h/v1/kv/x?token=SECRET5,cs=b;type=http;cert=http://h/;hdr=X-Token: SECRET6;clientca=http://u:SECRET7@h/',
    '-proxy.addr=:1;cs=a,:2;cs=b',
    '-registry.custom.queryparams=token=SECRET8&x=1',
    '-registry.static.routes=route add a /a http://u:SECRET9@h/',
  )
  assert.doesNotMatch(text, /SECRET/)
  assert.equal(text.split('****').length - 1, 9)
})
