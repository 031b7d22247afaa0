// `caupgcn`: client certificates of authorities that do not say that they are authorities, as AWS API Gateway's.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { UpgradedAuthorities } from '../../src/listener/upgraded-authorities.ts'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { runClient } from '../harness/run-client.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { type IssuedPair, TestAuthority } from '../harness/test-authority.ts'

const skip = realPart('openssl') === undefined && missingPart('openssl')
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runClient('openssl', args)
  assert.equal(code, 0, stderr)
}

async function read(certFile: string, keyFile: string): Promise<IssuedPair> {
  return { certFile, keyFile, cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }
}

/** A certificate of its own issuer with these extensions. */
async function selfSigned(folder: string, commonName: string, ...extensions: string[]): Promise<IssuedPair> {
  const [certFile, keyFile] = [join(folder, `${commonName}.pem`), join(folder, `${commonName}.key`)]
  const more = ['basicConstraints=critical,CA:FALSE', ...extensions].flatMap(one => ['-addext', one])
  await openssl('req', '-x509', ...CURVE, '-keyout', keyFile, '-out', certFile, '-subj', `/CN=${commonName}`, ...more)
  return read(certFile, keyFile)
}

/** A certificate that `issuer` has signed, authority or not. */
async function signedBy(issuer: IssuedPair, folder: string, commonName: string, usage?: string): Promise<IssuedPair> {
  const [certFile, keyFile] = [join(folder, `${commonName}.pem`), join(folder, `${commonName}.key`)]
  const request = join(folder, `${commonName}.csr`)
  const extensions = join(folder, `${commonName}.ext`)
  await writeFile(extensions, usage === undefined ? 'basicConstraints=CA:FALSE\n' : `extendedKeyUsage=${usage}\n`)
  await openssl('req', ...CURVE, '-keyout', keyFile, '-out', request, '-subj', `/CN=${commonName}`)
  const by = ['-CA', issuer.certFile, '-CAkey', issuer.keyFile, '-CAcreateserial', '-extfile', extensions]
  await openssl('x509', '-req', '-in', request, ...by, '-out', certFile)
  return read(certFile, keyFile)
}

/** What a client gets that shows this certificate: a status, or '' when it is not let in. */
async function ask(port: number, shown: IssuedPair | undefined, options: tls.ConnectionOptions = {}): Promise<string> {
  const { cert, key } = shown ?? {}
  const own = cert === undefined || key === undefined ? {} : { cert, key }
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...own, ...options })
  let answer = ''
  socket.on('data', bytes => {
    answer += String(bytes)
  })
  socket.setTimeout(5000, () => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await new Promise(resolve => socket.on('error', () => {}).on('close', resolve))
  return answer.slice(0, 'HTTP/1.1 200'.length)
}

describe('caupgcn', { skip }, () => {
  for (const tlsmax of ['tls12', 'tls13']) {
    test(`lets in those whose certificate is of such an authority, and nobody else (${tlsmax})`, async () => {
      await using authority = await TestAuthority.create()
      const { directory } = authority
      const { certFile, keyFile } = await authority.issue('localhost')
      const gateway = await selfSigned(directory, 'ApiGateway')
      const noSigner = await selfSigned(directory, 'Other')
      // Of the same name, but not the one that is trusted.
      await mkdir(join(directory, 'imposter'))
      const imposter = await selfSigned(join(directory, 'imposter'), 'ApiGateway')
      const cas = join(directory, 'cas')
      await mkdir(cas)
      await copyFile(gateway.certFile, join(cas, 'gateway.pem'))
      await copyFile(noSigner.certFile, join(cas, 'other.pem'))
      await copyFile(authority.caFile, join(cas, 'real.pem'))
      const both = join(directory, 'certs')
      await mkdir(both)
      await writeFile(join(both, 'x.pem'), (await readFile(certFile, 'utf8')) + (await readFile(keyFile, 'utf8')))
      await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
      const source = (name: string, more: string) => `cs=${name};type=path;cert=${both};clientca=${cas}${more}`
      await using fabio = await startFabio({
        routes: `route add svc / ${upstream.url}`,
        addr: `127.0.0.1:0;cs=up;tlsmax=${tlsmax},127.0.0.1:0;cs=plain;tlsmax=${tlsmax}`,
        flags: ['-proxy.cs', [source('up', ';caupgcn=ApiGateway'), source('plain', '')].join(',')],
      })
      const [upgraded = 0, plain = 0] = fabio.ports
      const signed = await signedBy(gateway, directory, 'signed')
      const known = await authority.issue('known')
      const shown: readonly [string, IssuedPair | undefined, string, string][] = [
        ['that very certificate', gateway, 'HTTP/1.1 200', 'HTTP/1.1 200'],
        ['one that it signed', signed, 'HTTP/1.1 200', ''],
        ['one of a real authority', known, 'HTTP/1.1 200', 'HTTP/1.1 200'],
        ['one for servers only', await signedBy(gateway, directory, 'server', 'serverAuth'), '', ''],
        ['one signed by another that is no authority', await signedBy(noSigner, directory, 'n'), '', ''],
        ['one of the same name', imposter, '', ''],
        ['one signed by one of the same name', await signedBy(imposter, directory, 'i'), '', ''],
        ['none', undefined, '', ''],
      ]
      for (const [what, pair, withOption, without] of shown) {
        assert.equal(await ask(upgraded, pair), withOption, what)
        assert.equal(await ask(plain, pair), without, `${what}, without caupgcn`)
      }
      assert.match(fabio.log(), /INFO.* cert: Upgrading cert ApiGateway to CA cert/)
      assert.doesNotMatch(fabio.log(), /Upgrading cert (?!ApiGateway)/)
    })
  }

  test('holds for a session that is taken up again', async () => {
    await using authority = await TestAuthority.create()
    const { certFile, keyFile } = await authority.issue('localhost')
    const gateway = await selfSigned(authority.directory, 'ApiGateway')
    const signed = await signedBy(gateway, authority.directory, 'signed')
    await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    const source = `cs=up;type=file;cert=${certFile};key=${keyFile};clientca=${gateway.certFile};caupgcn=ApiGateway`
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url}`,
      addr: '127.0.0.1:0;cs=up',
      flags: ['-proxy.cs', source],
    })
    const options = {
      port: fabio.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      cert: signed.cert,
      key: signed.key,
    }
    const first = tls.connect(options)
    const [session] = (await once(first, 'session', { signal: AbortSignal.timeout(5000) })) as [Buffer]
    first.destroy()
    assert.equal(await ask(fabio.port, signed, { session }), 'HTTP/1.1 200')
  })

  test('does not make a certificate good outside of its time', async () => {
    await using authority = await TestAuthority.create()
    const gateway = await selfSigned(authority.directory, 'ApiGateway')
    const signed = new X509Certificate((await signedBy(gateway, authority.directory, 'signed')).cert)
    const upgraded = new UpgradedAuthorities([gateway.cert])
    const later = new Date(signed.validToDate.getTime() + 1000)
    const earlier = new Date(signed.validFromDate.getTime() - 1000)
    assert.equal(upgraded.accept(signed, 'INVALID_CA'), true)
    assert.equal(upgraded.accept(signed, 'INVALID_CA', later), false)
    assert.equal(upgraded.accept(signed, 'INVALID_CA', earlier), false)
    assert.equal(upgraded.accept(signed, 'CERT_HAS_EXPIRED'), false)
    assert.equal(upgraded.accept(undefined, 'INVALID_CA'), false)
  })
})
