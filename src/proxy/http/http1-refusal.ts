// What is said to a client whose bytes are not a request, and what may stand before one.

import { statusText } from './status-text.ts'

const CR = 13
const LF = 10

/** What the original tells the client; every other reason stays in the log. */
const TOLD: ReadonlySet<string> = new Set([
  'missing required Host header',
  'malformed Host header',
  'unsupported protocol version',
])

/** A whole answer, after which the connection ends: byte for byte the original's, which has no length. */
export function refusalText(status: number, reason: string): string {
  const phrase = `${status} ${statusText(status)}`
  if (status === 417) return `HTTP/1.1 ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  const line = TOLD.has(reason) ? `${phrase}: ${reason}` : phrase
  const body = status === 501 ? 'Unsupported transfer encoding' : line
  return `HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${body}`
}

/** RFC 9112 §2.2: an empty line or two before a request is what some clients send behind the body of the last. */
export function skipBlankLines(bytes: Buffer, from: number, end: number): number {
  let at = from
  for (let lines = 0; lines < 2 && at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF; lines++) at += 2
  return at
}
