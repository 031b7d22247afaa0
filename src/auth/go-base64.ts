const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * The bytes of standard base64 (RFC 4648 §4), or undefined when it is none. As in Go, padding is required, line breaks are
 * passed over, and the bits that the last character has left over may be anything.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const joined = text.includes('\r') || text.includes('\n') ? text.replaceAll(/[\r\n]/g, '') : text
  if (joined.length % 4 !== 0 || !ALPHABET.test(joined)) return undefined
  return Buffer.from(joined, 'base64')
}
