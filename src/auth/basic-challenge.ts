/**
 * The value of the WWW-Authenticate header of a 401 (RFC 7617 §2) as Latin-1, one character a byte. Fabio writes the realm as
 * it is; here a quote or a backslash in it is escaped (RFC 9110 §5.6.4), and what no header may hold becomes a blank.
 */
export function formatBasicChallenge(realm: string): string {
  const bytes = Buffer.from(realm, 'utf8').toString('latin1')
  const quoted = bytes.replaceAll(/["\\]/g, '\\$&').replaceAll(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ')
  return `Basic realm="${quoted}"`
}
