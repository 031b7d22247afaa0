import { readFile } from 'node:fs/promises'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import { CertificateError, type ParsedPair, parseCertificates, parsePair } from './parse-pair.ts'

/**
 * `type=file`: one pair, read once; the key may be in the file of the certificate.
 * @throws CertificateError
 */
export async function loadFilePair({ certPath, keyPath }: CertSourceSpec): Promise<ParsedPair> {
  const cert = await readText(certPath)
  const key = keyPath === '' || keyPath === certPath ? cert : await readText(keyPath)
  return parsePair(certPath, cert, key)
}

/**
 * The certificates of a PEM file, one text each.
 * @throws CertificateError also when there are none
 */
export async function loadAuthorities(file: string): Promise<readonly string[]> {
  return parseCertificates(file, await readText(file))
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new CertificateError(`open ${file}: ${REASONS.get(code) ?? message}`, { cause })
  }
}

/** As the original words them. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'is a directory'],
])
