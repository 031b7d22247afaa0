import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CertificateSet } from '../../src/cert/certificate-set.ts'
import { type Certificates, startCertificates } from '../../src/cert/certificates.ts'
import { parseCertSourceSpec } from '../../src/config/cert-source-spec.ts'
import type { IssuedPair } from '../harness/test-authority.ts'
import { RecordedLog } from '../registry/recorded-log.ts'

export interface Followed extends AsyncDisposable {
  readonly certificates: Certificates
  readonly log: RecordedLog
  readonly set: CertificateSet | undefined
  /** First server name of each pair, in order. */
  names(): string
}

/** A certificate source named `a`, as an entry of `proxy.cs` says it. */
export async function follow(
  options: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Followed> {
  const log = new RecordedLog()
  const spec = parseCertSourceSpec(new Map(Object.entries({ cs: 'a', refresh: '1s', ...options })), () => {})
  const certificates = await startCertificates([spec], { log, env })
  let set: CertificateSet | undefined
  certificates.subscribe({
    certificates: (_, now) => {
      set = now
    },
    ticketKey: () => {},
  })
  return {
    certificates,
    log,
    get set() {
      return set
    },
    names: () => set?.pairs.map(({ serverNames }) => serverNames[0]).join(' ') ?? '',
    [Symbol.asyncDispose]: () => certificates[Symbol.asyncDispose](),
  }
}

/** As deployments do: aside first, then in place. */
export async function put(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, `.${name}`), text)
  await rename(join(directory, `.${name}`), join(directory, name))
}

export const both = ({ cert, key }: IssuedPair): string => cert + key
