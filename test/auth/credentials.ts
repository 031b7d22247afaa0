import type { Authenticator, Verdict } from '../../src/auth/authenticator.ts'
import { matchesPassword } from '../../src/auth/match-password.ts'
import { parsePasswordHash } from '../../src/auth/password-hash.ts'

/** The header that a client sends. User and password are bytes, one character a byte. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`
}

/** The bytes of a text in UTF-8, one character a byte. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Is this the password of what a line has behind its colon? */
export function matches(encoded: string, password: string): boolean {
  const { hash } = parsePasswordHash(encoded)
  return hash !== undefined && matchesPassword(hash, password)
}

/** What a request hears in the end. */
export function verdictOf(
  authenticator: Authenticator,
  authorization: string | undefined,
  { scheme = 'team', client = '192.0.2.1' }: { readonly scheme?: string; readonly client?: string } = {},
): Promise<Verdict> {
  const known = authenticator.check(scheme, authorization)
  if (known !== undefined) return Promise.resolve(known)
  return new Promise(resolve => authenticator.verify({ scheme, authorization: authorization ?? '', client }, resolve))
}
