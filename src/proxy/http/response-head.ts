// The head of an answer as it goes to the client: the upstream's lines in their order and form, without those of its connection.

import { HEADER } from '../../wire/header-names.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import { HOP_BY_HOP } from './hop-by-hop.ts'

/** What the proxy itself has to say in an answer. */
export interface ResponseAdditions {
  /** Whole lines, each with CR LF; '' for none. */
  readonly lines: string
  /** The body is compressed on its way: length and encoding of the upstream's no longer hold. */
  readonly isCompressed: boolean
  /** The upstream compressed the body unasked, and it is unpacked on its way: the same of its length and encoding. */
  readonly isUnpacked: boolean
  /** The body will be sent in one piece, whose length is the body's. */
  readonly isWhole: boolean
  /** The value of Strict-Transport-Security, which replaces the upstream's; '' leaves that alone. */
  readonly sts: string
  /** Names of fields that came as never to be indexed (RFC 7541 §6.2.3), and go on so. */
  readonly neverIndexed?: ReadonlySet<string> | undefined
}

export const NO_ADDITIONS: ResponseAdditions = {
  lines: '',
  isCompressed: false,
  isUnpacked: false,
  isWhole: false,
  sts: '',
}

/** How the body is framed towards the client. */
export type SentFraming = 'none' | 'length' | 'whole' | 'chunked' | 'until-close'

export function sentFraming(bodyKind: BodyKind, version: number, additions: ResponseAdditions): SentFraming {
  if (bodyKind === 'none') return 'none'
  if (additions.isWhole) return 'whole'
  if (bodyKind === 'length' && !additions.isCompressed && !additions.isUnpacked) return 'length'
  // HTTP/1.0 knows no chunks (RFC 9112 §6.1): the end of the connection is the end of the body.
  return version === 10 ? 'until-close' : 'chunked'
}

let dateLine = ''
let dateSecond = 0

/** `Date: …` of this second (RFC 9110 §5.6.7). */
export function currentDateLine(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
  }
  return dateLine
}

/** Status line and header lines of an upstream's answer, without the empty line and without framing. */
export function responseLines(head: Http1Head, version: number, additions: ResponseAdditions): string {
  let text = `HTTP/1.${version === 10 ? 0 : 1} ${head.status} ${head.reason}\r\n${additions.lines}`
  text += upstreamLines(head, version, additions)
  // RFC 9110 §6.6.1: an answer gets a date where there is none; 101 is not the answer yet.
  if (head.status >= 200 && head.find(HEADER.date) === -1) text += currentDateLine()
  if (additions.sts !== '') text += `Strict-Transport-Security: ${additions.sts}\r\n`
  return text
}

/** 1xx: its header lines and nothing of ours (RFC 9110 §15.2). */
export function informationalText(head: Http1Head): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${upstreamLines(head, 11, NO_ADDITIONS)}\r\n`
}

function upstreamLines(head: Http1Head, version: number, additions: ResponseAdditions): string {
  const { text: sent, count } = head
  const isRecoded = additions.isCompressed || additions.isUnpacked
  let lines = ''
  let runStart = head.lineStart(0)
  for (let i = 0; i < count; i++) {
    const id = head.id(i)
    if (HOP_BY_HOP[id] !== 1) {
      const ends =
        (head.namesHeaders && isNamed(head, i)) ||
        (id === HEADER.strictTransportSecurity && additions.sts !== '') ||
        (id === HEADER.contentEncoding && additions.isUnpacked) ||
        (id === HEADER.etag && isRecoded)
      if (!ends) continue
    }
    const start = head.lineStart(i)
    if (start > runStart) lines += sent.slice(runStart, start)
    runStart = head.lineStart(i + 1)
    if (id === HEADER.etag && isRecoded) lines += weakEtag(head.value(i))
    // A trailer that is announced may be waited for; which lines then come is filtered again.
    if (id === HEADER.trailer && head.isChunked && version === 11) lines += `Trailer: ${head.value(i)}\r\n`
  }
  return lines + sent.slice(runStart)
}

function isNamed(head: Http1Head, i: number): boolean {
  return head.connectionNames(head.name(i).toLowerCase())
}

/** Compressed or unpacked bytes are another representation: a strong validator no longer holds for them (RFC 9110 §8.8.1). */
function weakEtag(value: string): string {
  return value.startsWith('W/') ? `ETag: ${value}\r\n` : `ETag: W/${value}\r\n`
}
