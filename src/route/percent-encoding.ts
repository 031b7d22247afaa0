// Percent-encoding as Go's net/url does it: which characters it leaves alone decides the bytes an upstream sees.

/** Undefined when a `%` is not followed by two hexadecimal digits. Bytes that are no UTF-8 become U+FFFD. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (findBadEscape(text) !== undefined) return undefined
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

/** The first `%` that starts no escape, with the characters behind it, at most three in all. */
export function findBadEscape(text: string): string | undefined {
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 1)) {
    if (!/^%[0-9a-fA-F]{2}/.test(text.slice(at, at + 3))) return text.slice(at, at + 3)
  }
  return undefined
}

/** Encodes what may not stand in a path as it is; `/` stays. */
export function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@]/gu, encodeCharacter)
}

/** Encodes what may not stand in a host as it is; brackets, colons and other delimiters stay. */
export function encodeHost(host: string): string {
  return host.replace(/[^A-Za-z0-9\-_.~!"$&'()*+,:;<=>[\]]/gu, encodeCharacter)
}

/** Encodes what may not stand in a fragment as it is; escapes stay. */
export function encodeFragment(fragment: string): string {
  return fragment.replace(/[^A-Za-z0-9\-_.~!$&'()*+,/:;=?@[\]%]/gu, encodeCharacter)
}

/**
 * The encoded form of `path`: `rawPath` as it is when it says the same with allowed characters, else an encoding of our own.
 * So a client's `%2f` stays `%2f`.
 */
export function escapedPath(path: string, rawPath: string): string {
  if (rawPath !== '' && isEncodedPath(rawPath) && percentDecode(rawPath) === path) return rawPath
  return path === '*' ? '*' : encodePath(path)
}

function isEncodedPath(text: string): boolean {
  return /^[A-Za-z0-9\-_.~!$&'()*+,/:;=@[\]%]*$/.test(text)
}

function encodeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  // A byte that belonged to no character when the path was read.
  if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff)
    return `%${(code - 0xdc00).toString(16).toUpperCase()}`
  let encoded = ''
  for (const byte of Buffer.from(character, 'utf8')) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return encoded
}
