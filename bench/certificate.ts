import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyKind, SERVER_NAME } from './setup.ts'

const KINDS: readonly (readonly [KeyKind, readonly string[]])[] = [
  ['ecdsa', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']],
  ['rsa', ['rsa:2048']],
]

/** Certificates of their own issuers that all peers show: `ecdsa.pem`, `ecdsa.key`, and `ecdsa-both.pem` as HAProxy reads it; likewise `rsa`. */
export function makeCertificates(folder: string): void {
  const names = ['-subj', `/CN=${SERVER_NAME}`, '-addext', `subjectAltName=DNS:${SERVER_NAME}`, '-days', '2']
  for (const [kind, newKey] of KINDS) {
    const [cert, key] = [join(folder, `${kind}.pem`), join(folder, `${kind}.key`)]
    const files = ['-newkey', ...newKey, '-nodes', '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', ...files, ...names], { stdio: 'ignore' })
    writeFileSync(join(folder, `${kind}-both.pem`), Buffer.concat([readFileSync(cert), readFileSync(key)]))
  }
}
