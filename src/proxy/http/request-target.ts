// What a request asks for: the request target (RFC 9112 §3.2) taken apart, and its path in the form that routes are matched with.
// The path is decoded once and cleaned once; what the upstream gets keeps the client's own encoding wherever that means the same.

import { HEADER } from '../../wire/header-names.ts'
import type { Http1Head } from '../../wire/http1-head.ts'

export interface RequestTarget {
  /** As the client named it, port included: the authority of an absolute target, else the Host header; '' when there is none. */
  readonly host: string
  /** Decoded and cleaned, for matching. */
  readonly path: string
  /** The same path as it is sent on. */
  readonly rawPath: string
  /** `?` and what follows, never touched; '' when there is none. */
  readonly query: string
}

/** Why a target is refused. */
export interface TargetRefusal {
  readonly refused: string
}

const BAD_HOST: TargetRefusal = { refused: 'malformed Host header' }
const BAD_PATH: TargetRefusal = { refused: 'malformed request target' }

/** RFC 3986 `host [":" port]` as far as it can matter: no user, no path, no blanks, no controls. */
const HOST_CHAR = new Uint8Array(256)
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:%[]") {
  HOST_CHAR[char.charCodeAt(0)] = 1
}

function isHost(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (HOST_CHAR[text.charCodeAt(i)] !== 1) return false
  return true
}

/** The target of a request with an origin-form or absolute-form target. `OPTIONS *` and CONNECT are not for here. */
export function readTarget(head: Http1Head): RequestTarget | TargetRefusal {
  const { text, targetEnd } = head
  let { targetStart } = head
  let host = head.get(HEADER.host) ?? ''
  if (text.charCodeAt(targetStart) !== 0x2f) {
    const authorityStart = schemeEnd(text, targetStart, targetEnd)
    if (authorityStart === -1) return BAD_PATH
    targetStart = authorityEnd(text, authorityStart, targetEnd)
    // RFC 9112 §3.2.2: the target's authority is the host, whatever the header says.
    host = text.slice(authorityStart, targetStart)
    if (host === '') return BAD_PATH
    return isHost(host) ? cleanedTarget(host, text.slice(targetStart, targetEnd)) : BAD_PATH
  }
  if (!isHost(host)) return BAD_HOST
  if (!head.pathIsPlain) return cleanedTarget(host, text.slice(targetStart, targetEnd))
  const { queryAt } = head
  if (queryAt === -1) {
    const path = text.slice(targetStart, targetEnd)
    return { host, path, rawPath: path, query: '' }
  }
  const path = text.slice(targetStart, queryAt)
  return { host, path, rawPath: path, query: text.slice(queryAt, targetEnd) }
}

function schemeEnd(text: string, start: number, end: number): number {
  const scheme = text.slice(start, Math.min(start + 8, end)).toLowerCase()
  if (scheme.startsWith('http://')) return start + 7
  return scheme === 'https://' ? start + 8 : -1
}

function authorityEnd(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x2f || code === 0x3f) return i
  }
  return end
}

function cleanedTarget(host: string, target: string): RequestTarget | TargetRefusal {
  const queryAt = target.indexOf('?')
  const query = queryAt === -1 ? '' : target.slice(queryAt)
  const sent = queryAt === -1 ? target : target.slice(0, queryAt)
  const normalised = normalizePath(sent === '' ? '/' : sent)
  if (normalised === undefined) return BAD_PATH
  return { host, path: normalised.path, rawPath: normalised.rawPath, query }
}

/**
 * Decodes a path once, resolves `.` and `..`, joins doubled slashes and keeps a slash at the end, as Fabio 1.7.3 does, but
 * without its second decoding: `%3F`, `%23` and `%2520` stay what they are.
 * @returns undefined when a `%` is not followed by two hexadecimal digits
 */
export function normalizePath(sent: string): { path: string; rawPath: string } | undefined {
  const decoded = decodePercent(sent)
  if (decoded === undefined) return undefined
  const path = cleanPath(decoded)
  if (path === decoded) return { path: fromUtf8(path), rawPath: escapeOdd(sent) }
  // A slash that was sent as %2F has now been a separator: the encoding the client chose is gone with it. Without one the
  // segments of the two forms are the same, and the client's can be kept.
  const rawPath = /%2f/i.test(sent) ? encodePath(path) : escapeOdd(cleanPath(sent, decodedSegment))
  return { path: fromUtf8(path), rawPath }
}

/** Bytes as Latin-1 text, `%XX` decoded; undefined when a `%` is not followed by two hexadecimal digits. */
export function decodePercent(text: string): string | undefined {
  let at = text.indexOf('%')
  if (at === -1) return text
  let decoded = ''
  let from = 0
  while (at !== -1) {
    const code = Number.parseInt(text.slice(at + 1, at + 3), 16)
    if (!isHexDigit(text.charCodeAt(at + 1)) || !isHexDigit(text.charCodeAt(at + 2))) return undefined
    decoded += text.slice(from, at) + String.fromCharCode(code)
    from = at + 3
    at = text.indexOf('%', from)
  }
  return decoded + text.slice(from)
}

function isHexDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)
}

const decodedSegment = (segment: string): string =>
  segment.includes('%') ? (decodePercent(segment) ?? segment) : segment
const sameSegment = (segment: string): string => segment

/** Go's `path.Clean` of a rooted path, with a slash at the end kept. `meaning` tells what a segment stands for. */
function cleanPath(path: string, meaning: (segment: string) => string = sameSegment): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    const name = meaning(segment)
    if (name === '..') kept.pop()
    else if (name !== '' && name !== '.') kept.push(segment)
  }
  const cleaned = `/${kept.join('/')}`
  // `/a/.` and `/a/..` lose their last segment without leaving a slash; only a slash that was sent is one that is kept.
  return path.endsWith('/') && cleaned !== '/' ? `${cleaned}/` : cleaned
}

/** Routes are text; request paths are bytes. Where the bytes are UTF-8 the two can meet. */
function fromUtf8(bytes: string): string {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes.charCodeAt(i) >= 0x80) {
      const text = Buffer.from(bytes, 'latin1').toString('utf8')
      return text.includes('\uFFFD') ? fromPartlyUtf8(bytes) : text
    }
  }
  return bytes
}

/** A byte that belongs to no character becomes half a surrogate pair, U+DC80 to U+DCFF, which is in no route: `%E9` is no `é`. */
function fromPartlyUtf8(bytes: string): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const code = bytes.charCodeAt(i)
    const length = code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : code >= 0xc2 ? 2 : 1
    const sent = bytes.slice(i, i + length)
    const character = Buffer.from(sent, 'latin1').toString('utf8')
    const isCharacter = sent === '\xef\xbf\xbd' || !character.includes('\uFFFD')
    text += isCharacter ? character : String.fromCharCode(0xdc00 + code)
    i += isCharacter ? length : 1
  }
  return text
}

const UNRESERVED = new Uint8Array(256)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~$&+,/:;=@') {
  UNRESERVED[char.charCodeAt(0)] = 1
}

/** Latin-1 bytes → a path in the form Go writes one: everything but unreserved characters and `$&+,/:;=@` as `%XX`. */
export function encodePath(bytes: string): string {
  let encoded = ''
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes.charCodeAt(i)
    encoded += UNRESERVED[code] === 1 ? bytes[i] : percent(code)
  }
  return encoded
}

/** Escapes what a URI may not hold but clients send (`"<>\^`{|}`): another reader might take `\` for `/`. */
function escapeOdd(sent: string): string {
  let escaped = ''
  let from = 0
  for (let i = 0; i < sent.length; i++) {
    const code = sent.charCodeAt(i)
    if (
      code !== 0x22 &&
      code !== 0x3c &&
      code !== 0x3e &&
      code !== 0x5c &&
      code !== 0x5e &&
      code !== 0x60 &&
      (code < 0x7b || code > 0x7d)
    )
      continue
    escaped += sent.slice(from, i) + percent(code)
    from = i + 1
  }
  return from === 0 ? sent : escaped + sent.slice(from)
}

function percent(code: number): string {
  return `%${code < 16 ? '0' : ''}${code.toString(16).toUpperCase()}`
}

/** Text → the bytes of its UTF-8 form as Latin-1 text, for what goes on the wire. */
export function toUtf8Bytes(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= 0x80) return Buffer.from(text, 'utf8').toString('latin1')
  }
  return text
}
