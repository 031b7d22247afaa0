// HTTP/1.1 heads, read in place and strictly: what RFC 9112 leaves open to a lenient reader is refused here, because
// whoever reads the message after us may decide the other way. A codec reads better whole, so this file is a long one.

import {
  HASH_FACTOR,
  HASH_SEED,
  HASH_SPREAD,
  HEADER,
  type HeaderId,
  headerSlot,
  SLOT_IDS,
  SLOT_NAMES,
  TOKEN,
} from './header-names.ts'

/** Why a head was refused, and the status a client is told (an upstream's head has no status to tell). */
export interface HeadRefusal {
  readonly status: 400 | 408 | 417 | 431 | 501 | 505
  readonly reason: string
}

const refuse = (status: HeadRefusal['status'], reason: string): HeadRefusal => ({ status, reason })

const BAD_REQUEST_LINE = refuse(400, 'malformed request line')
const BAD_TARGET = refuse(400, 'invalid character in request target')
const BAD_VERSION = refuse(400, 'malformed HTTP version')
const UNKNOWN_VERSION = refuse(505, 'unsupported protocol version')
const BAD_STATUS_LINE = refuse(400, 'malformed status line')
const BAD_HEADER_NAME = refuse(400, 'malformed header line')
const FOLDED_HEADER = refuse(400, 'folded header line')
const BAD_HEADER_VALUE = refuse(400, 'invalid character in header value')
const TOO_MANY_HEADERS = refuse(431, 'too many header lines')
const BAD_LENGTH = refuse(400, 'malformed Content-Length')
const SECOND_LENGTH = refuse(400, 'more than one Content-Length')
const LENGTH_AND_CODING = refuse(400, 'both Content-Length and Transfer-Encoding')
const UNKNOWN_CODING = refuse(501, 'unsupported transfer encoding')
const ODD_CODING = refuse(400, 'blanks around the transfer encoding')
const SECOND_CODING = refuse(400, 'more than one Transfer-Encoding')
const OLD_CODING = refuse(400, 'Transfer-Encoding on HTTP/1.0')
const MISSING_HOST = refuse(400, 'missing required Host header')
const SECOND_HOST = refuse(400, 'more than one Host header')
const UNKNOWN_EXPECTATION = refuse(417, 'unknown expectation')

const CR = 13
const LF = 10
const SP = 32
const HT = 9

// What a byte of a request target is. RFC 3986 characters only; the ones that URI syntax excludes but that clients
// do send raw (`"<>\^`{|}`) are kept apart, because they must be escaped before anybody else sees them.
const TARGET_END = 0
const TARGET_PLAIN = 1
const TARGET_SLASH = 2
const TARGET_PERCENT = 3
const TARGET_QUERY = 4
const TARGET_ODD = 5
const TARGET_CLASS = new Uint8Array(256)
for (let code = 0x21; code < 0x7f; code++) TARGET_CLASS[code] = TARGET_PLAIN
for (const char of '"<>\\^`{|}') TARGET_CLASS[char.charCodeAt(0)] = TARGET_ODD
TARGET_CLASS['/'.charCodeAt(0)] = TARGET_SLASH
TARGET_CLASS['%'.charCodeAt(0)] = TARGET_PERCENT
TARGET_CLASS['?'.charCodeAt(0)] = TARGET_QUERY
TARGET_CLASS['#'.charCodeAt(0)] = TARGET_END

// RFC 9110 §5.5 field values: visible characters, blanks, tabs, and the bytes above ASCII that were always allowed.
const VALUE = new Uint8Array(256)
for (let code = 0x20; code < 0x100; code++) VALUE[code] = 1
VALUE[0x7f] = 0
VALUE[HT] = 1

const FIRST_COUNT = 64
const NONE = -1
/** A length above this is not one a JavaScript number counts exactly. */
const MAX_LENGTH_DIGITS = 15

/**
 * One head, request or response, and where everything stands in it. Meant to be used again and again:
 * `parseRequest` and `parseResponse` overwrite all fields. A head that was refused holds nothing of use.
 */
export class Http1Head {
  /** The head as Latin-1 text, from the first byte of the start line to the end of the last header line's CR LF. */
  text = ''
  /** How many header lines there are. */
  count = 0
  /** 11 or 10, for HTTP/1.1 and HTTP/1.0; whoever turned a request of HTTP/2 into this head sets 20. */
  version = 11

  method = ''
  /** The request target as sent, in `text`. */
  targetStart = 0
  targetEnd = 0
  /** Where `?` stands in `text`, or -1. */
  queryAt = NONE
  /** The path holds `//`, `/.`, `%` or a character that needs escaping: it must be normalised before it means anything. */
  pathIsPlain = true

  status = 0
  reasonStart = 0
  reasonEnd = 0

  /** The body's length as declared, -1 when there is no Content-Length. */
  contentLength = NONE
  isChunked = false
  /** Tokens of the Connection header(s). */
  wantsClose = false
  wantsKeepAlive = false
  wantsUpgrade = false
  /** Connection names headers that are for this connection only: look at each of its tokens. */
  namesHeaders = false

  private ids = new Uint8Array(32)
  // Four positions a header line: name start and end, value start and end.
  private at = new Int32Array(32 * 4)
  private readonly first = new Int16Array(FIRST_COUNT)
  private headersEnd = 0
  private hosts = 0

  /** Header line i's number. */
  id(i: number): HeaderId {
    return this.ids[i] as HeaderId
  }

  /** Where header line i begins in `text`; line i ends where line i + 1 begins. */
  lineStart(i: number): number {
    return i < this.count ? this.at[i * 4]! : this.headersEnd
  }

  name(i: number): string {
    return this.text.slice(this.at[i * 4], this.at[i * 4 + 1])
  }

  value(i: number): string {
    return this.text.slice(this.at[i * 4 + 2], this.at[i * 4 + 3])
  }

  valueLength(i: number): number {
    return this.at[i * 4 + 3]! - this.at[i * 4 + 2]!
  }

  /** Lines of these names count as never sent. */
  withdraw(ids: readonly HeaderId[]): void {
    for (const id of ids) {
      const first = this.find(id)
      if (first === -1) continue
      for (let i = first; i < this.count; i++) if (this.ids[i] === id) this.ids[i] = HEADER.withdrawn
      this.first[id] = -1
    }
  }

  /** The first line with this number, or -1. */
  find(id: HeaderId): number {
    return this.first[id]!
  }

  /** The value of the first line with this number. */
  get(id: HeaderId): string | undefined {
    const i = this.first[id]!
    return i === NONE ? undefined : this.value(i)
  }

  /** The first line with this name, given in lower case; -1 when there is none. For names the table does not know. */
  findByName(folded: string): number {
    for (let i = 0; i < this.count; i++) {
      const start = this.at[i * 4]!
      if (this.at[i * 4 + 1]! - start !== folded.length) continue
      let k = 0
      while (k < folded.length && TOKEN[this.text.charCodeAt(start + k)] === folded.charCodeAt(k)) k++
      if (k === folded.length) return i
    }
    return NONE
  }

  get target(): string {
    return this.text.slice(this.targetStart, this.targetEnd)
  }

  get reason(): string {
    return this.text.slice(this.reasonStart, this.reasonEnd)
  }

  /** Has the message, by its own declaration, a body? For a response the caller knows more (HEAD, 204, 304). */
  get hasBody(): boolean {
    return this.isChunked || this.contentLength > 0
  }

  /**
   * `bytes[start, end)` is a request head whose last four bytes are the first CR LF CR LF in it.
   * @returns why it is refused, or undefined
   */
  parseRequest(bytes: Buffer, start: number, end: number, maxHeaders: number): HeadRefusal | undefined {
    this.reset(bytes, start, end)
    let p = start
    while (TOKEN[bytes[p]!] !== 0) p++
    if (p === start || bytes[p] !== SP) return BAD_REQUEST_LINE
    this.method = this.text.slice(0, p - start)
    p++
    this.targetStart = p - start
    p = this.scanTarget(bytes, p, start)
    if (bytes[p] !== SP) return bytes[p] === CR ? BAD_REQUEST_LINE : BAD_TARGET
    if (p - start === this.targetStart) return BAD_REQUEST_LINE
    this.targetEnd = p - start
    p++
    if (!isHttpVersion(bytes, p) || bytes[p + 8] !== CR || bytes[p + 9] !== LF) return BAD_VERSION
    if (bytes[p + 5] !== 0x31 || (bytes[p + 7] !== 0x31 && bytes[p + 7] !== 0x30)) return UNKNOWN_VERSION
    this.version = bytes[p + 7] === 0x31 ? 11 : 10
    const refusal = this.parseHeaders(bytes, p + 10, start, maxHeaders)
    if (refusal !== undefined) return refusal
    return this.checkRequest()
  }

  /** Likewise for a response head (RFC 9112 §4; a missing reason phrase may take its blank along). */
  parseResponse(bytes: Buffer, start: number, end: number, maxHeaders: number): HeadRefusal | undefined {
    this.reset(bytes, start, end)
    if (!isHttpVersion(bytes, start) || bytes[start + 5] !== 0x31) return BAD_STATUS_LINE
    const minor = bytes[start + 7]
    if (minor !== 0x31 && minor !== 0x30) return UNKNOWN_VERSION
    this.version = minor === 0x31 ? 11 : 10
    let p = start + 8
    if (bytes[p] !== SP) return BAD_STATUS_LINE
    let status = 0
    for (let i = 1; i <= 3; i++) {
      const digit = bytes[p + i]! - 0x30
      if (digit < 0 || digit > 9) return BAD_STATUS_LINE
      status = status * 10 + digit
    }
    if (status < 100) return BAD_STATUS_LINE
    this.status = status
    p += 4
    if (bytes[p] === SP) p++
    else if (bytes[p] !== CR) return BAD_STATUS_LINE
    this.reasonStart = p - start
    while (VALUE[bytes[p]!] === 1) p++
    this.reasonEnd = p - start
    if (bytes[p] !== CR || bytes[p + 1] !== LF) return BAD_STATUS_LINE
    const refusal = this.parseHeaders(bytes, p + 2, start, maxHeaders)
    if (refusal !== undefined) return refusal
    return this.isChunked ? this.checkCoding() : undefined
  }

  /** Does any Connection header name this header? `folded` is in lower case. RFC 9110 §7.6.1. */
  connectionNames(folded: string): boolean {
    for (let i = this.find(HEADER.connection); i < this.count; i++) {
      if (this.ids[i] !== HEADER.connection) continue
      for (const token of this.value(i).split(',')) if (token.trim().toLowerCase() === folded) return true
    }
    return false
  }

  private reset(bytes: Buffer, start: number, end: number): void {
    this.text = bytes.toString('latin1', start, end - 2)
    this.count = 0
    this.contentLength = NONE
    this.isChunked = false
    this.wantsClose = false
    this.wantsKeepAlive = false
    this.wantsUpgrade = false
    this.namesHeaders = false
    this.hosts = 0
    this.first.fill(NONE)
  }

  /** @returns where the first byte stands that is not part of a target */
  private scanTarget(bytes: Buffer, from: number, start: number): number {
    let p = from
    this.queryAt = NONE
    this.pathIsPlain = true
    for (;;) {
      const kind = TARGET_CLASS[bytes[p]!]!
      if (kind === TARGET_PLAIN) {
        p++
      } else if (kind === TARGET_SLASH) {
        p++
        const next = bytes[p]
        if (this.queryAt === NONE && (next === 0x2f || next === 0x2e)) this.pathIsPlain = false
      } else if (kind === TARGET_END) {
        return p
      } else {
        if (kind === TARGET_QUERY && this.queryAt === NONE) this.queryAt = p - start
        else if (this.queryAt === NONE) this.pathIsPlain = false
        p++
      }
    }
  }

  private parseHeaders(bytes: Buffer, from: number, start: number, maxHeaders: number): HeadRefusal | undefined {
    let p = from
    let count = 0
    while (bytes[p] !== CR) {
      if (count === maxHeaders) return TOO_MANY_HEADERS
      const nameStart = p
      let hash = HASH_SEED
      for (;;) {
        const folded = TOKEN[bytes[p]!]!
        if (folded === 0) break
        hash = (Math.imul(hash, HASH_FACTOR) + folded) | 0
        p++
      }
      if (bytes[p] !== 0x3a || p === nameStart)
        return bytes[p] === SP || bytes[p] === HT ? FOLDED_HEADER : BAD_HEADER_NAME
      const nameEnd = p
      p++
      while (bytes[p] === SP || bytes[p] === HT) p++
      const valueStart = p
      while (VALUE[bytes[p]!] === 1) p++
      if (bytes[p] !== CR || bytes[p + 1] !== LF) return BAD_HEADER_VALUE
      let valueEnd = p
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HT)) valueEnd--
      p += 2
      if (count === this.ids.length) this.grow()
      const at = count * 4
      this.at[at] = nameStart - start
      this.at[at + 1] = nameEnd - start
      this.at[at + 2] = valueStart - start
      this.at[at + 3] = valueEnd - start
      const id = knownHeader(bytes, nameStart, nameEnd, hash)
      this.ids[count] = id
      if (id !== HEADER.other) {
        if (this.first[id] === NONE) this.first[id] = count
        if (id <= HEADER.proxyConnection) {
          const refusal = this.note(id, count)
          if (refusal !== undefined) return refusal
        }
      }
      count++
      this.count = count
    }
    // A CR that is no line end would end our reading here, and not that of everybody else.
    if (bytes[p + 1] !== LF) return BAD_HEADER_NAME
    this.headersEnd = p - start
    return undefined
  }

  /** Takes down what the few headers say that decide where the message ends and who it is for. */
  private note(id: number, i: number): HeadRefusal | undefined {
    switch (id) {
      case HEADER.host:
        this.hosts++
        return undefined
      case HEADER.connection:
        this.noteConnection(i)
        return undefined
      case HEADER.proxyConnection:
        // No header of any RFC, but some take the connection to end after it, and what follows for nothing.
        if (this.value(i).toLowerCase().includes('close')) this.wantsClose = true
        return undefined
      case HEADER.contentLength:
        if (this.contentLength !== NONE) return SECOND_LENGTH
        this.contentLength = this.parseLength(i)
        return this.contentLength === NONE ? BAD_LENGTH : undefined
      case HEADER.transferEncoding:
        if (this.isChunked) return SECOND_CODING
        if (this.value(i).toLowerCase() !== 'chunked') return UNKNOWN_CODING
        if (this.hasOddBlanks(i)) return ODD_CODING
        this.isChunked = true
        return undefined
      default:
        return undefined
    }
  }

  /** A tab before the value, or any blank behind it: not every reader takes them off before it looks for `chunked`. */
  private hasOddBlanks(i: number): boolean {
    const { text, at } = this
    return text.charCodeAt(at[i * 4 + 3]!) !== CR || text.charCodeAt(at[i * 4 + 2]! - 1) === HT
  }

  private noteConnection(i: number): void {
    const value = this.value(i).toLowerCase()
    // The two values that nearly every message carries need no splitting.
    if (value === 'keep-alive') this.wantsKeepAlive = true
    else if (value === 'close') this.wantsClose = true
    else {
      for (const part of value.split(',')) {
        const token = part.trim()
        if (token === 'close') this.wantsClose = true
        else if (token === 'keep-alive') this.wantsKeepAlive = true
        else if (token === 'upgrade') this.wantsUpgrade = true
        else if (token !== '') this.namesHeaders = true
      }
    }
  }

  private parseLength(i: number): number {
    const from = this.at[i * 4 + 2]!
    const to = this.at[i * 4 + 3]!
    if (from === to || to - from > MAX_LENGTH_DIGITS) return NONE
    let length = 0
    for (let p = from; p < to; p++) {
      const digit = this.text.charCodeAt(p) - 0x30
      if (digit < 0 || digit > 9) return NONE
      length = length * 10 + digit
    }
    return length
  }

  private checkCoding(): HeadRefusal | undefined {
    if (this.contentLength !== NONE) return LENGTH_AND_CODING
    return this.version === 10 ? OLD_CODING : undefined
  }

  private checkRequest(): HeadRefusal | undefined {
    if (this.isChunked) {
      const refusal = this.checkCoding()
      if (refusal !== undefined) return refusal
    }
    if (this.hosts !== 1) {
      if (this.hosts > 1) return SECOND_HOST
      if (this.version === 11) return MISSING_HOST
    }
    const expect = this.first[HEADER.expect]!
    if (expect !== NONE && this.value(expect).toLowerCase() !== '100-continue') return UNKNOWN_EXPECTATION
    return undefined
  }

  private grow(): void {
    const ids = new Uint8Array(this.ids.length * 2)
    ids.set(this.ids)
    this.ids = ids
    const at = new Int32Array(this.at.length * 2)
    at.set(this.at)
    this.at = at
  }
}

function isHttpVersion(bytes: Buffer, p: number): boolean {
  return (
    bytes[p] === 0x48 &&
    bytes[p + 1] === 0x54 &&
    bytes[p + 2] === 0x54 &&
    bytes[p + 3] === 0x50 &&
    bytes[p + 4] === 0x2f &&
    isDigit(bytes[p + 5]) &&
    bytes[p + 6] === 0x2e &&
    isDigit(bytes[p + 7])
  )
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function knownHeader(bytes: Buffer, start: number, end: number, hash: number): number {
  const slot = headerSlot(hash, HASH_SPREAD)
  const id = SLOT_IDS[slot]!
  if (id === HEADER.other) return id
  const name = SLOT_NAMES[slot]!
  if (name.length !== end - start) return HEADER.other
  for (let i = 0; i < name.length; i++) if (TOKEN[bytes[start + i]!] !== name.charCodeAt(i)) return HEADER.other
  return id
}

/**
 * Where the head ends that begins at or after `from`: the position behind the first CR LF CR LF, or -1 when it is not
 * complete. A head that comes in pieces is searched on from three bytes before the new piece, never from its start.
 */
export function findHeadEnd(bytes: Buffer, from: number, end: number): number {
  const at = bytes.indexOf('\r\n\r\n', from, 'latin1')
  return at === -1 || at + 4 > end ? -1 : at + 4
}

/** A line end without its CR can never become a head we take: better said now than after a time-out. */
export function findBareLineFeed(bytes: Buffer, from: number, start: number, end: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at === start || bytes[at - 1] !== CR) return true
  }
  return false
}

const VERSION_START = Buffer.from('HTTP/1.', 'latin1')

/** Can `bytes[start, end)` be the beginning of an answer? Said before its head is whole, which garbage never is. */
export function mayBeAnswer(bytes: Buffer, start: number, end: number): boolean {
  const known = Math.min(end - start, VERSION_START.length)
  for (let i = 0; i < known; i++) if (bytes[start + i] !== VERSION_START[i]) return false
  return true
}
