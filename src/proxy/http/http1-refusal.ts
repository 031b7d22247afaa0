// What is said to a client whose bytes are not a request, and what may stand before one.

import type { HeadRefusal } from '../../wire/http1-head.ts'
import { statusText } from './status-text.ts'

const CR = 13
const LF = 10

/** A whole answer, after which the connection ends. Status line and body name the reason, as the original does. */
export function refusalText(refusal: HeadRefusal): string {
  const { status, reason } = refusal
  const phrase = `${status} ${statusText(status)}`
  if (status === 417) return `HTTP/1.1 ${phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  const body = `${phrase}: ${reason}`
  return (
    `HTTP/1.1 ${phrase}: ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  )
}

/** RFC 9112 §2.2: an empty line or two before a request is what some clients send behind the body of the last. */
export function skipBlankLines(bytes: Buffer, from: number, end: number): number {
  let at = from
  for (let lines = 0; lines < 2 && at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF; lines++) at += 2
  return at
}
