// HTTP/1.1 message bodies (RFC 9112 §6, §7): where a body ends, what of the bytes on the wire is content, and nothing else.
// Content is handed on in place, never collected.

import { HEADER, headerId, TOKEN } from './header-names.ts'
import { mayTrail } from './trailer-names.ts'

export interface BodySink {
  /** `bytes[from, to)` is content. Valid only during the call. */
  onBody(bytes: Buffer, from: number, to: number): void
}

/** The longest chunk-size line accepted, extension included, in bytes. Extensions mean nothing to us and are not forwarded. */
const MAX_CHUNK_LINE = 256
/** All trailer lines of one message, in bytes. */
const MAX_TRAILERS = 8192
/** 2^52 and a bit: one hexadecimal digit more and a number no longer counts exactly. */
const MAX_SIZE_DIGITS = 13

const CR = 13
const LF = 10
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const HEX = new Int8Array(256).fill(-1)
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i
}

// Where the reader stands within a chunked body.
const AT_SIZE = 0
const AT_SIZE_LF = 1
const IN_DATA = 2
const AT_DATA_CR = 3
const AT_DATA_LF = 4
const IN_TRAILERS = 5
// Within a chunk extension: `;name`, `;name=token`, `;name="text"` (RFC 9112 §7.1.1). Those from here on are its states only.
const AT_NAME = 6
const IN_NAME = 7
const AT_VALUE = 8
const IN_VALUE = 9
const IN_QUOTES = 10
const AT_QUOTED_PAIR = 11
const BEHIND_QUOTES = 12

/** Of one read: more mean that the sender makes work, and that it can wait. */
export const MANY_CHUNKS = 256

export type BodyKind = 'none' | 'length' | 'chunked' | 'until-close'

/** Reads one body after the other; `begin` says how the next one is framed. */
export class BodyReader {
  kind: BodyKind = 'none'
  /** The whole body has been read. */
  isDone = true
  /** Bytes still to come, for a body with a length. */
  remaining = 0
  /** What was found wrong, for the log; '' while all is well. */
  problem = ''
  /** The trailer lines that may be passed on, each with its CR LF; '' when there are none. Complete once `isDone`. */
  trailers = ''
  /** Chunks begun, of all bodies: how much work what was read has been. */
  chunks = 0

  private state = AT_SIZE
  private digits = 0
  private lineBytes = 0
  private trailerText = ''

  begin(kind: BodyKind, length = 0): void {
    this.kind = kind
    this.remaining = kind === 'length' ? length : 0
    this.isDone = kind === 'none' || (kind === 'length' && length === 0)
    this.problem = ''
    this.trailers = ''
    this.trailerText = ''
    this.state = AT_SIZE
    this.digits = 0
    this.lineBytes = 0
  }

  /**
   * Takes what belongs to the body from `bytes[start, end)`.
   * @returns where the body's bytes end: `end` while it goes on; -1 when it is malformed, then `problem` says how
   */
  read(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    if (this.isDone) return start
    if (this.kind === 'length') {
      const take = Math.min(this.remaining, end - start)
      this.remaining -= take
      if (this.remaining === 0) this.isDone = true
      if (take > 0) sink.onBody(bytes, start, start + take)
      return start + take
    }
    if (this.kind === 'chunked') return this.readChunks(bytes, start, end, sink)
    if (end > start) sink.onBody(bytes, start, end)
    return end
  }

  private readChunks(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let p = start
    while (p < end) {
      if (this.state === IN_DATA) {
        const take = Math.min(this.remaining, end - p)
        this.remaining -= take
        if (this.remaining === 0) this.state = AT_DATA_CR
        sink.onBody(bytes, p, p + take)
        p += take
      } else if (this.state === IN_TRAILERS) {
        return this.readTrailers(bytes, p, end)
      } else {
        if (!this.step(bytes[p]!)) return -1
        p++
      }
    }
    return p
  }

  /** One byte of the lines between the chunks. */
  private step(byte: number): boolean {
    switch (this.state) {
      case AT_SIZE: {
        const digit = HEX[byte]!
        if (digit >= 0) {
          if (this.digits === MAX_SIZE_DIGITS) return this.fail('chunk size too large')
          this.remaining = this.remaining * 16 + digit
          this.digits++
          return true
        }
        if (this.digits === 0) return this.fail('chunk size expected')
        if (byte === CR) this.state = AT_SIZE_LF
        else if (byte === SEMICOLON) this.state = AT_NAME
        else return this.fail('malformed chunk size')
        return true
      }
      case AT_SIZE_LF:
        if (byte !== LF) return this.fail('chunk size line must end in CR LF')
        this.state = this.remaining === 0 ? IN_TRAILERS : IN_DATA
        this.chunks++
        this.digits = 0
        this.lineBytes = 0
        return true
      case AT_DATA_CR:
        if (byte !== CR) return this.fail('chunk longer than its size')
        this.state = AT_DATA_LF
        return true
      case AT_DATA_LF:
        if (byte !== LF) return this.fail('chunk must end in CR LF')
        this.state = AT_SIZE
        return true
      default:
        return this.stepExtension(byte)
    }
  }

  /** One byte of a chunk extension. It means nothing to us, but where it ends must be what everybody else takes for its end. */
  private stepExtension(byte: number): boolean {
    const next = nextInExtension(this.state, byte)
    if (next === -1) return this.fail('malformed chunk extension')
    if (++this.lineBytes > MAX_CHUNK_LINE) return this.fail('chunk extension too long')
    this.state = next
    return true
  }

  private readTrailers(bytes: Buffer, start: number, end: number): number {
    const before = this.trailerText.length
    // The end is an empty line: CR LF at once, or behind the CR LF of the last trailer line.
    const text = this.trailerText + bytes.toString('latin1', start, Math.min(end, start + MAX_TRAILERS + 4))
    let close = -1
    if (text.startsWith('\r\n')) close = 2
    else {
      const at = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
      if (at !== -1) close = at + 4
    }
    if (close > MAX_TRAILERS || (close === -1 && text.length > MAX_TRAILERS)) {
      this.fail('trailers too long')
      return -1
    }
    if (close === -1) {
      this.trailerText = text
      return end
    }
    this.trailerText = ''
    if (close > 2 && !this.parseTrailers(text.slice(0, close - 4))) return -1
    this.isDone = true
    return start + close - before
  }

  private parseTrailers(text: string): boolean {
    for (const line of text.split('\r\n')) {
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(colon, 0))
      const value = trimBlanks(line.slice(colon + 1))
      if (!isToken(name) || !isFieldValue(value)) return this.fail('malformed trailer line')
      const id = headerId(name)
      if (id === HEADER.contentLength || id === HEADER.transferEncoding || id === HEADER.host) {
        return this.fail(`${name.toLowerCase()} in trailers`)
      }
      if (mayTrail(name.toLowerCase())) this.trailers += `${name}: ${value}\r\n`
    }
    return true
  }

  private fail(problem: string): false {
    this.problem = problem
    this.isDone = true
    return false
  }
}

/** @returns the state behind this byte, -1 when it must not stand there; blanks only in quotes, as llhttp has it */
function nextInExtension(state: number, byte: number): number {
  switch (state) {
    case AT_NAME:
      return TOKEN[byte] === 0 ? -1 : IN_NAME
    case AT_VALUE:
      if (byte === QUOTE) return IN_QUOTES
      return TOKEN[byte] === 0 ? -1 : IN_VALUE
    case IN_QUOTES:
      if (byte === QUOTE) return BEHIND_QUOTES
      if (byte === BACKSLASH) return AT_QUOTED_PAIR
      return isQuotable(byte) ? IN_QUOTES : -1
    case AT_QUOTED_PAIR:
      return isQuotable(byte) ? IN_QUOTES : -1
    default:
      if (byte === CR) return AT_SIZE_LF
      if (byte === SEMICOLON) return AT_NAME
      if (state === IN_NAME && byte === EQUALS) return AT_VALUE
      return state === BEHIND_QUOTES || TOKEN[byte] === 0 ? -1 : state
  }
}

function isQuotable(byte: number): boolean {
  return byte === 9 || (byte >= 0x20 && byte !== 0x7f)
}

function trimBlanks(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from++
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to--
  return text.slice(from, to)
}

function isToken(text: string): boolean {
  if (text === '') return false
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] === 0) return false
  return true
}

function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 0x20 && code !== 9) || code === 0x7f) return false
  }
  return true
}

/** What goes before a chunk of this many bytes (RFC 9112 §7.1). */
export function chunkStart(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** The end of a chunked body. */
export function lastChunk(trailers: string): string {
  return `0\r\n${trailers}\r\n`
}
