/** The request target of an admin request, cut into what the server looks at. */
export interface RequestTarget {
  /** For finding the handler: each segment decoded, except where decoding would make a new `/`. */
  readonly path: string
  /** `?` and what follows, or nothing. */
  readonly search: string
  /** Where to redirect to, when the path has empty or dot segments: the same target without them. */
  readonly cleaned: string | undefined
  /** The decoded path after the first `count` segments: `/team-a` of `/api/manual/team-a` after two. */
  after(count: number): string
}

/** The client's mistake, worth a 400 with this message. */
export class BadTarget extends Error {}

/**
 * Origin form and absolute form (RFC 9112, 3.2). Throws BadTarget for anything else and for broken percent-encoding;
 * so does `after` for bytes that are not UTF-8.
 */
export function parseRequestTarget(text: string): RequestTarget {
  const originForm = /^https?:\/\/[^/?#]*/i.test(text) ? text.replace(/^https?:\/\/[^/?#]*/i, '') || '/' : text
  if (!originForm.startsWith('/')) throw new BadTarget('the request target must be a path')
  const [beforeFragment = ''] = originForm.split('#', 1)
  const [rawPath = '', ...query] = escapeBytes(beforeFragment).split('?')
  const search = query.length > 0 ? `?${query.join('?')}` : ''
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) throw new BadTarget('invalid percent-encoding in the request target')

  const segments = rawPath.slice(1).split('/')
  const cleanedPath = cleanPath(segments)
  return {
    path: `/${segments.map(matchingForm).join('/')}`,
    search,
    cleaned: cleanedPath === rawPath ? undefined : cleanedPath + search,
    after: count => {
      const rest = segments.slice(count)
      return rest.length === 0 ? '' : `/${rest.map(decodeSegment).join('/')}`
    },
  }
}

/** The same path for use in a Location header and in links. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/**
 * Node gives the bytes of the target as characters. A backslash is written out as well: browsers read `/\host` as `//host`,
 * which would make the redirect to a cleaned path a redirect to anywhere.
 */
function escapeBytes(target: string): string {
  return target.replace(
    /[^\x21-\x5b\x5d-\x7e]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

function cleanPath(segments: readonly string[]): string {
  const kept: string[] = []
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const endsWithSlash = segments.at(-1) === '' && kept.length > 0
  return `/${kept.join('/')}${endsWithSlash ? '/' : ''}`
}

function matchingForm(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    const decoded = decodeURIComponent(segment)
    return decoded.includes('/') ? segment : decoded
  } catch {
    return segment // Not UTF-8, so it is the name of nothing here.
  }
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new BadTarget(`'${segment}' in the path is not UTF-8`, { cause })
  }
}
