import { readFile } from 'node:fs/promises'
import { CertificateError, parseCertificates } from './parse-pair.ts'

/**
 * The certificates of a PEM file, one text each.
 * @throws CertificateError also when there are none
 */
export async function loadAuthorities(file: string): Promise<readonly string[]> {
  return parseCertificates(file, await readPemFile(file))
}

/** @throws CertificateError */
export async function readPemFile(file: string): Promise<string> {
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
