// How this router reads bytes: its own parsers, put together as the connections of clients and upstreams do.

import { skipBlankLines } from '../../src/proxy/http/http1-refusal.ts'
import { readTarget } from '../../src/proxy/http/request-target.ts'
import { BodyReader } from '../../src/wire/http1-body.ts'
import { findHeadEnd, Http1Head } from '../../src/wire/http1-head.ts'
import type { Message, Reading } from './message.ts'

const MAX_HEADERS = 1000

const HEAD = new Http1Head()

/** The requests that are served, each told to `onRequest` while its head is at hand. */
export function readOurRequests(bytes: Buffer, onRequest: (head: Http1Head, message: Message) => void): Reading {
  const messages: Message[] = []
  const refuse = (refused: string): Reading => ({ messages, refused })
  const head = HEAD
  let at = 0
  for (;;) {
    at = skipBlankLines(bytes, at, bytes.length)
    const headEnd = findHeadEnd(bytes, at, bytes.length)
    if (headEnd === -1) return refuse(at === bytes.length ? 'ends' : 'incomplete head')
    const refusal = head.parseRequest(bytes, at, headEnd, MAX_HEADERS)
    if (refusal !== undefined) return refuse(refusal.reason)
    if (head.method === 'CONNECT') return refuse('no tunnels')
    if (head.target !== '*' || head.method !== 'OPTIONS') {
      const target = readTarget(head)
      if ('refused' in target) return refuse(target.refused)
    }
    const body = new BodyReader()
    if (head.isChunked) body.begin('chunked')
    else body.begin('length', Math.max(head.contentLength, 0))
    const read = readBody(bytes, headEnd, body)
    if (read.end === -1) return refuse(body.problem)
    const message = { start: `${head.method} ${head.target}`, ...facts(head), body: read.content, isWhole: body.isDone }
    messages.push(message)
    onRequest(head, message)
    if (!body.isDone) return { messages, refused: undefined }
    if (head.wantsClose || (head.version === 10 && !head.wantsKeepAlive)) return refuse('closes')
    at = read.end
  }
}

/** The interim answers and the answer that are passed on, when the connection ends behind the bytes. */
export function readOurAnswers(bytes: Buffer, method: string): Reading {
  const messages: Message[] = []
  const refuse = (refused: string): Reading => ({ messages, refused })
  const head = HEAD
  let at = 0
  for (;;) {
    const headEnd = findHeadEnd(bytes, at, bytes.length)
    if (headEnd === -1) return refuse(at === bytes.length ? 'ends' : 'incomplete head')
    const refusal = head.parseResponse(bytes, at, headEnd, MAX_HEADERS)
    if (refusal !== undefined) return refuse(refusal.reason)
    if (head.status === 101) return refuse('not asked to switch')
    at = headEnd
    const start = String(head.status)
    if (head.status < 200) {
      if (head.version === 10 || head.wantsClose) return refuse('ends the connection')
      messages.push({ start, ...facts(head), body: '', isWhole: true })
      continue
    }
    const body = new BodyReader()
    if (method === 'HEAD' || head.status === 204 || head.status === 304) body.begin('none')
    else if (head.isChunked) body.begin('chunked')
    else if (head.contentLength >= 0) body.begin('length', head.contentLength)
    else body.begin('until-close')
    const read = readBody(bytes, at, body)
    if (read.end === -1) return refuse(body.problem)
    messages.push({ start, ...facts(head), body: read.content, isWhole: body.isDone || body.kind === 'until-close' })
    return { messages, refused: undefined }
  }
}

function facts(head: Http1Head): { headers: string[] } {
  const headers: string[] = []
  for (let i = 0; i < head.count; i++) headers.push(head.name(i), head.value(i))
  return { headers }
}

function readBody(bytes: Buffer, from: number, body: BodyReader): { content: string; end: number } {
  let content = ''
  const end = body.read(bytes, from, bytes.length, {
    onBody: (piece, start, to) => {
      content += piece.toString('latin1', start, to)
    },
  })
  return { content, end }
}
