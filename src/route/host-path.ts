import { lowerCase } from './go-text.ts'

/** Where a route stands in the table. */
export interface HostPath {
  /** Lower-cased, with its port if it has one; `''` for every host; `:3306` for a port. */
  readonly host: string
  readonly path: string
}

/** Splits the `<src>` of a command: `Shop.test/Cart` → `shop.test` and `/Cart`, `shop.test` → path `/`, `:3306` → no path. */
export function splitSource(src: string): HostPath {
  if (src.startsWith(':')) return { host: lowerCase(src), path: '' }
  const slash = src.indexOf('/')
  if (slash < 0) return { host: lowerCase(src), path: '/' }
  return { host: lowerCase(src.slice(0, slash)), path: src.slice(slash) }
}

/** The port a client leaves out of `Host`: 80 on a plaintext connection, 443 where we ended the TLS. */
export function defaultPortSuffix(isTls: boolean): string {
  return isTls ? ':443' : ':80'
}

/** The host a request is for, as host keys are compared with it: lower-cased, without the default port. */
export function requestHost(host: string, isTls: boolean): string {
  const lower = lowerCase(host)
  const suffix = defaultPortSuffix(isTls)
  return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower
}

/**
 * What host globs are ordered by, descending: the host read backwards, so that the more labels two patterns share from the
 * right, the nearer they stand. A port stays in place behind it.
 */
export function hostOrderKey(key: string): string {
  const split = splitHostPort(key)
  const host = split === undefined || split.host === '' ? key : split.host
  const reversed = reverse(host)
  if (split === undefined || split.port === '') return reversed
  return reversed.includes(':') ? `[${reversed}]:${split.port}` : `${reversed}:${split.port}`
}

/** The text backwards, character by character. */
function reverse(text: string): string {
  // Names in ASCII, which nearly all are, in a third of the time.
  if (/^[\0-\x7f]*$/.test(text)) return Buffer.from(text, 'latin1').reverse().toString('latin1')
  return [...text].reverse().join('')
}

// `net.SplitHostPort` of Go, undefined where that one returns an error.
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return undefined
  const port = text.slice(colon + 1)
  if (text.startsWith('[')) {
    const close = text.indexOf(']')
    if (close < 0 || close + 1 !== colon) return undefined
    if (text.indexOf('[', 1) >= 0 || text.indexOf(']', close + 1) >= 0) return undefined
    return { host: text.slice(1, close), port }
  }
  const host = text.slice(0, colon)
  return /[:[\]]/.test(host) || /[[\]]/.test(port) ? undefined : { host, port }
}
