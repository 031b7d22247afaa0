import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const openssl = (args: readonly string[]): Promise<unknown> => promisify(execFile)('openssl', [...args])

export interface IssuedPair {
  readonly certFile: string
  readonly keyFile: string
  /** PEM. */
  readonly cert: string
  readonly key: string
}

export interface IssueOptions {
  /** DNS names; by default the common name. */
  readonly names?: readonly string[]
  readonly days?: number
  /** Certificate and key in one file of this path, as `certFile` and `keyFile`. */
  readonly rsa?: boolean
}

/** A certificate authority of its own, with files in a directory of its own. Needs openssl. */
export class TestAuthority implements AsyncDisposable {
  readonly directory: string
  readonly caFile: string
  readonly ca: string
  private count = 0

  private constructor(directory: string, ca: string) {
    this.directory = directory
    this.caFile = join(directory, 'ca.pem')
    this.ca = ca
  }

  static async create(name = 'Test authority'): Promise<TestAuthority> {
    const directory = await mkdtemp(join(tmpdir(), 'test-authority-'))
    const file = join(directory, 'ca.pem')
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    await openssl([
      'req',
      '-x509',
      ...key,
      '-keyout',
      join(directory, 'ca.key'),
      '-subj',
      `/CN=${name}`,
      '-days',
      '9',
      '-out',
      file,
    ])
    return new TestAuthority(directory, await readFile(file, 'utf8'))
  }

  /** A certificate for `commonName`, for servers and clients, valid on 127.0.0.1 too. */
  async issue(commonName: string, options: IssueOptions = {}): Promise<IssuedPair> {
    const { names = [commonName], days = 2, rsa = false } = options
    const stem = join(this.directory, `issued-${this.count++}`)
    const certFile = `${stem}.pem`
    const keyFile = `${stem}.key`
    const kind = rsa ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const alternatives = [...names.map(name => `DNS:${name}`), 'IP:127.0.0.1'].join(',')
    await openssl([
      'req',
      '-newkey',
      ...kind,
      '-nodes',
      '-keyout',
      keyFile,
      '-subj',
      `/CN=${commonName}`,
      '-out',
      `${stem}.csr`,
    ])
    await writeFile(`${stem}.ext`, `subjectAltName=${alternatives}\n`)
    const authority = ['-CA', this.caFile, '-CAkey', join(this.directory, 'ca.key'), '-CAcreateserial']
    const request = ['-in', `${stem}.csr`, '-extfile', `${stem}.ext`, '-days', String(days)]
    await openssl(['x509', '-req', ...request, ...authority, '-out', certFile])
    return { certFile, keyFile, cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.directory, { recursive: true })
  }
}
