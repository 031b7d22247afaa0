import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVER_NAME } from './setup.ts'

/** A certificate of its own issuer (P-256, ECDSA) that all peers show: `cert.pem`, `key.pem`, and `both.pem` as HAProxy reads it. */
export function makeCertificate(folder: string): void {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert]
  const names = ['-subj', `/CN=${SERVER_NAME}`, '-addext', `subjectAltName=DNS:${SERVER_NAME}`, '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...names], { stdio: 'ignore' })
  writeFileSync(join(folder, 'both.pem'), Buffer.concat([readFileSync(cert), readFileSync(key)]))
}
