import { isIPv4, isIPv6 } from 'node:net'
import { quoteGo } from './go-quote.ts'
import { encodeFragment, encodeHost, escapedPath, findBadEscape, percentDecode } from './percent-encoding.ts'

/**
 * A target URL in the parts Go's `url.Parse` finds, which are what Fabio routes by: nothing is normalised away, `foo` and
 * `//h/` are URLs too, and a `$` in host or path is an ordinary character (the WHATWG parser would change or refuse them).
 */
export interface TargetUrl {
  /** Lower-cased; `''` when there is none. */
  readonly scheme: string
  /** As written but for its user information, which no request carries: `h:80`, `[::1]`, `''`. */
  readonly authority: string
  /** Of the authority, without brackets. */
  readonly hostname: string
  /** Digits of the authority, `''` when there are none. */
  readonly port: string
  /** Percent-decoded. */
  readonly path: string
  /** Without `?`, as written. */
  readonly query: string
  /** The whole URL as Go writes it: how Fabio shows it, compares it and names it in metrics. */
  readonly text: string
}

/** The text is no URL. Its message is what Fabio logs, from `parse` on. */
export class TargetUrlError extends Error {}

/** Throws a TargetUrlError. */
export function parseTargetUrl(text: string): TargetUrl {
  return parseUsualUrl(text) ?? parseAnyUrl(text)
}

/** What nearly all targets look like, `http://10.0.0.1:8080/`, in a tenth of the time: a table has tens of thousands of them. */
function parseUsualUrl(text: string): TargetUrl | undefined {
  const match = /^([a-z]+):\/\/([A-Za-z0-9.-]+)(?::([0-9]+))?(\/?)$/.exec(text)
  if (match === null) return undefined
  const [, scheme = '', hostname = '', port = '', path = ''] = match
  return { scheme, authority: port === '' ? hostname : `${hostname}:${port}`, hostname, port, path, query: '', text }
}

function parseAnyUrl(text: string): TargetUrl {
  const { before: url, after: fragment } = cut(text, '#')
  const parts = splitUrl(url)
  const bad = findBadEscape(fragment)
  if (bad !== undefined) throw urlError(text, `invalid URL escape ${quoteGo(bad)}`)

  const path = percentDecode(parts.path) ?? ''
  return {
    scheme: parts.scheme,
    authority: parts.authority,
    ...splitAuthority(parts.authority),
    path,
    query: parts.query,
    text: formatUrl(parts, path, fragment),
  }
}

interface UrlParts {
  readonly scheme: string
  /** What follows a scheme that is not followed by a slash: `host:80` is scheme `host`, opaque `80`. */
  readonly opaque: string
  /** With its `@`. */
  readonly userInfo: string
  readonly authority: string
  /** `scheme:/path`: written without `//` again. */
  readonly omitsAuthority: boolean
  /** As written. */
  readonly path: string
  readonly query: string
  readonly hasQuery: boolean
}

function splitUrl(url: string): UrlParts {
  if (/[\0-\x1f\x7f]/.test(url)) throw urlError(url, 'net/url: invalid control character in URL')
  if (url.startsWith(':')) throw urlError(url, 'missing protocol scheme')

  const written = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(url)?.[1]
  const scheme = written?.toLowerCase() ?? ''
  const behindScheme = written === undefined ? url : url.slice(written.length + 1)
  const { before: rest, after: query } = cut(behindScheme, '?')
  const shared = { scheme, query, hasQuery: query !== '' || /^[^?]*\?$/.test(behindScheme) }
  const nothing = { opaque: '', userInfo: '', authority: '', omitsAuthority: false, path: '' }

  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...shared, ...nothing, opaque: rest }
    if (cut(rest, '/').before.includes(':')) throw urlError(url, 'first path segment in URL cannot contain colon')
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    return { ...shared, ...nothing, omitsAuthority: scheme !== '', path: checkedPath(url, rest) }
  }

  const slash = rest.indexOf('/', 2)
  const whole = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  const at = whole.lastIndexOf('@')
  const authority = checkedAuthority(url, scheme, whole.slice(at + 1))
  const userInfo = checkedUserInfo(url, whole.slice(0, at + 1))
  return { ...shared, ...nothing, userInfo, authority, path: checkedPath(url, slash < 0 ? '' : rest.slice(slash)) }
}

function checkedPath(url: string, path: string): string {
  const bad = findBadEscape(path)
  if (bad !== undefined) throw urlError(url, `invalid URL escape ${quoteGo(bad)}`)
  return path
}

function checkedUserInfo(url: string, userInfo: string): string {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userInfo)) throw urlError(url, 'net/url: invalid userinfo')
  const bad = findBadEscape(userInfo.slice(0, -1))
  if (bad !== undefined) throw urlError(url, `invalid URL escape ${quoteGo(bad)}`)
  return userInfo
}

function checkedAuthority(url: string, scheme: string, authority: string): string {
  const open = authority.lastIndexOf('[')
  if (open > 0) throw urlError(url, 'invalid IP-literal')
  if (open === 0) return checkedIpLiteral(url, authority)

  // Fabio's URL parser lets databases list several hosts with ports, but not for http.
  const isStrict = scheme === 'http' || scheme === 'https'
  const colon = isStrict ? authority.indexOf(':') : authority.lastIndexOf(':')
  if (colon >= 0) checkPort(url, authority.slice(colon))
  return decodeHost(url, authority)
}

function checkedIpLiteral(url: string, authority: string): string {
  const close = authority.lastIndexOf(']')
  if (close < 0) throw urlError(url, "missing ']' in host")
  const colonPort = authority.slice(close + 1)
  checkPort(url, colonPort)

  const address = authority.slice(1, close)
  const zone = address.indexOf('%25')
  const decoded =
    zone < 0 ? decodeHost(url, address) : decodeHost(url, address.slice(0, zone)) + decodeZone(url, address.slice(zone))
  if (isIPv4(decoded)) throw urlError(url, 'invalid IP-literal')
  if (!isIPv6(decoded)) throw urlError(url, `invalid host: ParseAddr(${quoteGo(decoded)}): unable to parse IP`)
  return `[${decoded}]${colonPort}`
}

function checkPort(url: string, colonPort: string): void {
  if (!/^(:[0-9]*)?$/.test(colonPort)) throw urlError(url, `invalid port ${quoteGo(colonPort)} after host`)
}

// In a host only bytes above ASCII may be escaped, and `%25`.
function decodeHost(url: string, host: string): string {
  const bad = findBadEscape(host) ?? /%(?!25)[0-7][0-9a-fA-F]/.exec(host)?.[0]
  if (bad !== undefined) throw urlError(url, `invalid URL escape ${quoteGo(bad)}`)
  const forbidden = /[^A-Za-z0-9\-_.~!"$&'()*+,:;<=>[\]%\u0080-\uffff]/.exec(host)?.[0]
  if (forbidden !== undefined) throw urlError(url, `invalid character ${quoteGo(forbidden)} in host name`)
  return percentDecode(host) ?? ''
}

function decodeZone(url: string, zone: string): string {
  const bad = findBadEscape(zone)
  if (bad !== undefined) throw urlError(url, `invalid URL escape ${quoteGo(bad)}`)
  return percentDecode(zone) ?? ''
}

function splitAuthority(authority: string): { hostname: string; port: string } {
  const colon = authority.lastIndexOf(':')
  const hasPort = colon >= 0 && /^:[0-9]*$/.test(authority.slice(colon))
  const hostname = hasPort ? authority.slice(0, colon) : authority
  return {
    hostname: hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname,
    port: hasPort ? authority.slice(colon + 1) : '',
  }
}

function formatUrl(parts: UrlParts, path: string, fragment: string): string {
  let text = parts.scheme === '' ? '' : `${parts.scheme}:`
  if (parts.opaque !== '') {
    text += parts.opaque
  } else {
    const hasAuthority = parts.authority !== '' || parts.userInfo !== ''
    if (hasAuthority || (parts.scheme !== '' && !parts.omitsAuthority && path !== '')) text += '//'
    text += parts.userInfo + encodeHost(parts.authority) + escapedPath(path, parts.path)
  }
  if (parts.hasQuery) text += `?${parts.query}`
  if (fragment !== '') text += `#${encodeFragment(fragment)}`
  return text
}

function cut(text: string, separator: string): { before: string; after: string } {
  const at = text.indexOf(separator)
  return at < 0 ? { before: text, after: '' } : { before: text.slice(0, at), after: text.slice(at + 1) }
}

function urlError(url: string, reason: string): TargetUrlError {
  return new TargetUrlError(`parse ${quoteGo(url)}: ${reason}`)
}
