import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTIONS } from '../../src/config/option-table.ts'
import { loadFrom } from './load-from.ts'

async function described(given: Parameters<typeof loadFrom>[0]) {
  const { options } = await loadFrom(given)
  return new Map(Object.entries(options))
}

test('every option is described, once, with its default', async () => {
  const options = await described({})
  assert.deepEqual(
    [...options.keys()],
    OPTIONS.map(({ name }) => name),
  )
  for (const { name, defaultText, defaultNote } of OPTIONS) {
    const { value, origin, place } = options.get(name) ?? {}
    assert.deepEqual([origin, place], ['default', 'default'])
    // `1m` is written `1m0s`, `.5` is written 0.5.
    if (defaultNote === '' && !/^\d|^\.|^0s$/.test(defaultText)) assert.equal(value, defaultText)
  }
})

test('each value has the place it comes from', async () => {
  const options = await described({
    argv: ['-proxy.strategy', 'rr'],
    env: { FABIO_UI_TITLE: 'Staging', REGISTRY_TIMEOUT: '1500ms' },
    file: 'proxy.matcher = glob\nproxy.strategy = rnd\nregistry.consul.service.status = passing , warning',
  })
  const pick = (name: string) => {
    const { value, origin, place = '' } = options.get(name) ?? {}
    return [value, origin, place.replace(/.*\/fabio\.properties/, 'fabio.properties')]
  }
  assert.deepEqual(pick('proxy.strategy'), ['rr', 'flag', 'command line'])
  assert.deepEqual(pick('ui.title'), ['Staging', 'env', 'environment variable FABIO_UI_TITLE'])
  assert.deepEqual(pick('registry.timeout'), ['1.5s', 'env', 'environment variable REGISTRY_TIMEOUT'])
  assert.deepEqual(pick('proxy.matcher'), ['glob', 'file', 'fabio.properties:1'])
  assert.deepEqual(pick('registry.consul.service.status'), ['passing,warning', 'file', 'fabio.properties:3'])
})

for (const { name, given, value, origin = 'default' } of [
  { name: 'proxy.localip', given: {}, value: '203.0.114.9' },
  { name: 'registry.consul.register.addr', given: { argv: ['-ui.addr={{GetPrivateIP}}:7'] }, value: '10.1.2.3:7' },
  { name: 'profile.path', given: {}, value: '/tmp' },
  { name: 'runtime.gomaxprocs', given: {}, value: '4' },
  { name: 'runtime.gomaxprocs', given: { env: { GOMAXPROCS: '3' } }, value: '3', origin: 'env' },
  { name: 'log.routes.format', given: { argv: ['-proxy.log.routes=all'] }, value: 'all', origin: 'flag' },
  {
    name: 'registry.custom.pollinterval',
    given: { argv: ['-registry.custom.pollinginterval=7s'] },
    value: '7s',
    origin: 'flag',
  },
  { name: 'proxy.dialtimeout', given: { env: { PROXY_DIALTIMEOUT: '30' } }, value: '0s', origin: 'env' },
]) {
  test(`${name} is ${value} for ${JSON.stringify(given)}, which is what is in use`, async () => {
    const option = (await described(given)).get(name)
    assert.deepEqual([option?.value, option?.origin], [value, origin])
  })
}

const SECRET = 'pa55word'

for (const { name, text, value } of [
  { name: 'registry.consul.token', text: SECRET, value: '****' },
  { name: 'registry.consul.addr', text: `http://me:${SECRET}@h:8500`, value: 'http://****@h:8500' },
  { name: 'registry.custom.host', text: `me:${SECRET}@h:80`, value: '****@h:80' },
  { name: 'registry.custom.queryparams', text: `a=1&token=${SECRET}`, value: 'a=1&token=****' },
  {
    name: 'registry.static.routes',
    text: `route add a / http://u:${SECRET}@h/`,
    value: 'route add a / http://****@h/',
  },
  { name: 'metrics.circonus.apikey', text: SECRET, value: '****' },
  { name: 'metrics.circonus.apiurl', text: `https://u:${SECRET}@h/`, value: 'https://****@h/' },
  { name: 'metrics.circonus.submissionurl', text: `https://h/x?auth=${SECRET}`, value: 'https://h/x?auth=****' },
  { name: 'tracing.ConnectString', text: `http://u:${SECRET}@h/`, value: 'http://****@h/' },
  {
    name: 'proxy.cs',
    text: `cs=a;type=http;cert=https://u:${SECRET}@h/l?token=${SECRET};hdr="Cookie: a=${SECRET}; b,c", cs=b;type=path;cert="/c,d"`,
    value: 'cs=a;type=http;cert=https://****@h/l?token=****;hdr=****,cs=b;type=path;cert="/c,d"',
  },
  {
    name: 'bgp.peers',
    text: `address=192.0.2.9;asn=65001;password=${SECRET}`,
    value: 'address=192.0.2.9;asn=65001;password=****',
  },
]) {
  test(`${name} is shown without its secret`, async () => {
    assert.equal((await described({ argv: [`-${name}=${text}`] })).get(name)?.value, value)
  })
}

test('an option whose name sounds like a secret hides it', () => {
  for (const { name, hide } of OPTIONS) {
    if (/token|key$|secret|passw/i.test(name) && !name.endsWith('keyfile')) assert.equal(hide(SECRET), '****', name)
  }
})
