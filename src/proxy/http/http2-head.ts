// HTTP/2 fields and the head that HTTP/1.1 would have for the same message. Requests are turned into one, so that a single strict
// parser judges what comes in, whatever carried it, and everything behind it is the same.

import { randomBytes } from 'node:crypto'
import type { BodyKind } from '../../wire/http1-body.ts'
import { Http1Head } from '../../wire/http1-head.ts'
import { mayTrail } from '../../wire/trailer-names.ts'
import { statusText } from './status-text.ts'

/** A request that is none we serve: the status to answer. */
export interface FieldRefusal {
  readonly status: 400 | 501
  readonly reason: string
}

/**
 * Writes the head of a request from its fields, names and values in turn (RFC 9113 §8.3). The session has checked their syntax, and
 * that none belongs to a connection. `hasBody`: the stream goes on behind them.
 */
export function requestHeadText(fields: readonly string[], hasBody: boolean): string | FieldRefusal {
  let method = ''
  let path = ''
  let authority: string | undefined
  let host: string | undefined
  let protocol: string | undefined
  let cookies: string | undefined
  let hasLength = false
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    switch (name) {
      case ':method':
        method = value
        break
      case ':path':
        path = value
        break
      case ':authority':
        authority = value
        break
      case ':protocol':
        protocol = value
        break
      case ':scheme':
        break
      case 'host':
        if (host !== undefined) return { status: 400, reason: 'more than one Host header' }
        host = value
        break
      case 'cookie':
        // RFC 9113 §8.2.3: in pieces here, in one line there.
        cookies = cookies === undefined ? value : `${cookies}; ${value}`
        break
      case 'content-length':
        hasLength = true
        lines += `${name}: ${value}\r\n`
        break
      default:
        lines += `${name}: ${value}\r\n`
    }
  }
  if (authority !== undefined && host !== undefined && host.toLowerCase() !== authority.toLowerCase())
    return { status: 400, reason: 'Host and :authority differ' }
  if (cookies !== undefined) lines += `cookie: ${cookies}\r\n`
  if (protocol !== undefined) {
    // RFC 8441: what HTTP/1.1 does with an upgrade, of which the key is a part that HTTP/2 has no use for.
    if (method !== 'CONNECT' || protocol !== 'websocket') return { status: 501, reason: `unknown protocol ${protocol}` }
    method = 'GET'
    lines += `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`
  } else if (hasBody && !hasLength && method !== 'CONNECT') {
    lines += 'Transfer-Encoding: chunked\r\n'
  }
  const named = authority ?? host ?? ''
  const target = method === 'CONNECT' ? named : path
  return `${method} ${target} HTTP/1.1\r\nHost: ${named}\r\n${lines}\r\n`
}

/** Lines of a request that belong to its connection, or that HTTP/2 says otherwise. */
const NOT_SENT: ReadonlySet<string> = new Set(['host', 'connection', 'upgrade', 'transfer-encoding'])

/** A request's head, as HTTP/1.1 has it, as the fields to send. */
export function requestFields(text: string, scheme: string): string[] {
  const lineEnd = text.indexOf('\r\n')
  const [method = '', path = ''] = text.slice(0, lineEnd).split(' ')
  const lines: string[] = []
  addLines(lines, text.slice(lineEnd + 2))
  const fields = [':method', method, ':path', path, ':scheme', scheme]
  for (let i = 0; i < lines.length; i += 2) {
    const name = lines[i]!
    if (name === 'host') fields.push(':authority', lines[i + 1]!)
    else if (!NOT_SENT.has(name)) fields.push(name, lines[i + 1]!)
  }
  return fields
}

const MAX_ANSWER_FIELDS = 10_000
const answer = new Http1Head()

/** An answer's fields as the head that HTTP/1.1 would have, valid until the next; or why there is none. */
export function answerHead(fields: readonly string[]): Http1Head | string {
  let status = ''
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === ':status') status = fields[i + 1]!
    else lines += `${fields[i]}: ${fields[i + 1]}\r\n`
  }
  const bytes = Buffer.from(`HTTP/1.1 ${status} ${statusText(Number(status))}\r\n${lines}\r\n`, 'latin1')
  const refusal = answer.parseResponse(bytes, 0, bytes.length, MAX_ANSWER_FIELDS)
  return refusal === undefined ? answer : refusal.reason
}

/** How the body of an answer to this method ends, as HTTP/1.1 would say it. */
export function answerBodyKind(method: string, { status, contentLength }: Http1Head): BodyKind {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none'
  return contentLength >= 0 ? 'length' : 'chunked'
}

/** Adds header lines, each with its CR LF, to a list of fields. */
export function addLines(fields: string[], lines: string): void {
  let at = 0
  for (;;) {
    const end = lines.indexOf('\r\n', at)
    if (end === -1 || end === at) return
    const colon = lines.indexOf(':', at)
    const value = lines.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1
    fields.push(lines.slice(at, colon).toLowerCase(), lines.slice(value, end))
    at = end + 2
  }
}

/** Fields behind a body as the lines of trailers in HTTP/1.1, without those that decide framing, routing or access. */
export function trailerLines(fields: readonly string[]): string {
  let lines = ''
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    if (mayTrail(name)) lines += `${name}: ${fields[i + 1]}\r\n`
  }
  return lines
}
