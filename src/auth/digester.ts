import { hash, randomBytes } from 'node:crypto'

/**
 * Stands for credentials where they are remembered, so that memory does not keep passwords. Each has a key of its own, or
 * such a digest could be tried out on word lists and be compared between processes.
 */
export function createDigester(): (credentials: string) => string {
  const key = randomBytes(32).toString('hex')
  return credentials => hash('sha256', key + credentials, 'binary')
}
