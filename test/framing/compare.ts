// What may never be: this router takes bytes for messages which llhttp refuses or takes for others.

import { RequestHeadWriter } from '../../src/proxy/http/request-head.ts'
import { chunkStart, lastChunk } from '../../src/wire/http1-body.ts'
import type { Http1Head } from '../../src/wire/http1-head.ts'
import { generateAnswers, generateRequests } from './generate.ts'
import { isKnownMethod, readAnswersByLlhttp, readRequestsByLlhttp } from './llhttp.ts'
import type { Message, Reading } from './message.ts'
import { readOurAnswers, readOurRequests } from './our-reading.ts'
import { Random } from './random.ts'

export interface Tally {
  /** Generated texts; each is one message or several. */
  texts: number
  /** Messages this router would pass on. */
  taken: number
  /** Texts in which it refuses something. */
  refused: number
  /** Texts with a method that llhttp does not know and this router passes on: not compared. */
  foreign: number
  readonly findings: string[]
}

export function newTally(): Tally {
  return { texts: 0, taken: 0, refused: 0, foreign: 0, findings: [] }
}

const WRITER = new RequestHeadWriter({
  localIp: '',
  clientIpHeader: '',
  requestIdHeader: '',
  tlsHeader: '',
  tlsHeaderValue: '',
})
const CLIENT = { address: '192.0.2.7', port: 5000, tls: undefined }
const FOREIGN: Reading = { messages: [], refused: 'unknown to llhttp' }
const ASKED = ['GET', 'GET', 'HEAD', 'POST'] as const

/** Compares texts `from` to `to` of the run with this seed: every other one is requests, the others are answers. */
export async function compareBatch(seed: number, from: number, to: number, tally: Tally): Promise<void> {
  const requests: Comparison[] = []
  const answers: (Comparison & { method: string })[] = []
  for (let number = from; number < to; number++) {
    const random = new Random(seed, number)
    tally.texts++
    if (number % 2 === 0) {
      const comparison = requestComparison(number, Buffer.from(generateRequests(random), 'latin1'))
      count(comparison, tally)
      if (comparison.ours.messages.length > 0) requests.push(comparison)
    } else {
      const method = random.pick(ASKED)
      const bytes = Buffer.from(generateAnswers(random), 'latin1')
      const comparison = { number, bytes, ours: readOurAnswers(bytes, method), forwarded: '', method }
      count(comparison, tally)
      if (comparison.ours.messages.length > 0) answers.push(comparison)
    }
  }
  await compareRequests(requests, tally)
  const read = await readAnswersByLlhttp(
    answers.map(({ bytes }) => bytes),
    answers.map(({ method }) => method),
  )
  for (const [i, { number, bytes, ours }] of answers.entries()) report(number, bytes, ours, read[i], tally)
}

interface Comparison {
  readonly number: number
  readonly bytes: Buffer
  readonly ours: Reading
  /** Its whole requests as an upstream gets them. */
  readonly forwarded: string
}

function count({ ours }: Comparison, tally: Tally): void {
  if (ours.refused === FOREIGN.refused) {
    tally.foreign++
    return
  }
  tally.taken += ours.messages.length
  if (ours.refused !== undefined && ours.refused !== 'closes' && ours.refused !== 'ends') tally.refused++
}

function requestComparison(number: number, bytes: Buffer): Comparison {
  let forwarded = ''
  let isForeign = false
  const ours = readOurRequests(bytes, (head, message) => {
    if (message.isWhole) forwarded += forwardedRequest(head, message)
    if (!isKnownMethod(head.method)) isForeign = true
  })
  return { number, bytes, forwarded, ours: isForeign ? FOREIGN : ours }
}

function forwardedRequest(head: Http1Head, message: Message): string {
  const framing = head.isChunked ? 'chunked' : head.contentLength >= 0 ? 'length' : 'none'
  const { method, target } = head
  const text = WRITER.write(
    { head, method, target, host: 'a', authority: 'u', strip: undefined, requestId: '', upgrade: '', framing },
    CLIENT,
  )
  const { body } = message
  if (framing !== 'chunked') return text + body
  return `${text}${body === '' ? '' : `${chunkStart(body.length)}${body}\r\n`}${lastChunk('')}`
}

async function compareRequests(requests: readonly Comparison[], tally: Tally): Promise<void> {
  const read = await readRequestsByLlhttp(requests.map(({ bytes }) => bytes))
  const forwarded = await readRequestsByLlhttp(requests.map(one => Buffer.from(one.forwarded, 'latin1')))
  for (const [i, { number, bytes, ours, forwarded: sent }] of requests.entries()) {
    report(number, bytes, ours, read[i], tally)
    const whole = ours.messages.filter(({ isWhole }) => isWhole)
    const seen = forwarded[i]
    const isSame =
      seen?.refused === undefined &&
      seen?.messages.length === whole.length &&
      whole.every((message, k) => seen.messages[k]?.isWhole && seen.messages[k]?.body === message.body)
    if (!isSame)
      tally.findings.push(
        `text ${number}: ${JSON.stringify(sent)} is not ${JSON.stringify(whole)} when it is passed on`,
      )
  }
}

function report(number: number, bytes: Buffer, ours: Reading, theirs: Reading | undefined, tally: Tally): void {
  for (const [i, message] of ours.messages.entries()) {
    const other = theirs?.messages[i]
    if (other !== undefined && isSame(message, other)) continue
    const text = JSON.stringify(bytes.toString('latin1'))
    const why =
      other === undefined ? `refuses it: ${theirs?.refused}` : `reads ${JSON.stringify(other)} (${theirs?.refused})`
    tally.findings.push(`text ${number}: ${text}: we take ${JSON.stringify(message)}, llhttp ${why}`)
    return
  }
}

function isSame(ours: Message, theirs: Message): boolean {
  return (
    ours.start === theirs.start &&
    ours.isWhole === theirs.isWhole &&
    ours.body === theirs.body &&
    ours.headers.length === theirs.headers.length &&
    ours.headers.every((text, i) => text === theirs.headers[i])
  )
}
