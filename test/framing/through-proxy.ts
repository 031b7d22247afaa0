// The same texts through the whole router, on real sockets: what comes out at the other side is read by llhttp.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { type DataPath, startDataPath } from '../harness/start-data-path.ts'
import type { Tally } from './compare.ts'
import { generateAnswers, generateRequests } from './generate.ts'
import { isKnownMethod, readAnswersByLlhttp } from './llhttp.ts'
import type { Reading } from './message.ts'
import { readOurAnswers, readOurRequests } from './our-reading.ts'
import { Random } from './random.ts'

/** Behind every text, so that its connection ends. */
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const ANSWERED_AS = ['GET', 'HEAD', 'POST'] as const
const PATIENCE_MS = 30_000

interface Parts {
  readonly server: Server
  readonly answering: RawUpstream
  readonly path: DataPath
  readonly answers: Map<string, Buffer>
}

export class ThroughProxy implements AsyncDisposable {
  private readonly seed: number
  private readonly server: Server
  private readonly answering: RawUpstream
  private readonly path: DataPath
  private readonly answers: Map<string, Buffer>
  private seen: string[] = []
  private errors: string[] = []

  private constructor(seed: number, parts: Parts) {
    this.seed = seed
    this.server = parts.server
    this.answering = parts.answering
    this.path = parts.path
    this.answers = parts.answers
    const { server } = this
    server.on('request', (asked, answer) => {
      let body = ''
      asked.on('data', (piece: Buffer) => {
        body += piece.toString('latin1')
      })
      asked.on('error', () => {})
      asked.on('end', () => {
        this.seen.push(`${asked.method} ${JSON.stringify(body)}`)
        answer.end('ok')
      })
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      this.errors.push(`${error.code}`)
      socket.destroy()
    })
  }

  static async start(seed: number): Promise<ThroughProxy> {
    const server = createServer({ keepAliveTimeout: PATIENCE_MS }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const answers = new Map<string, Buffer>()
    const answering = await startRawUpstream(({ socket }, piece) => {
      socket.end(answers.get(/^\S+ \/answer\/(\d+)/.exec(piece)?.[1] ?? '') ?? '')
    })
    const routes = `route add r / http://127.0.0.1:${port}/\nroute add a /answer ${answering.url}`
    const path = await startDataPath({ routes })
    return new ThroughProxy(seed, { server, answering, path, answers })
  }

  /** As `compareBatch` of the parsers; `taken` counts the texts that were compared. */
  async compareBatch(from: number, to: number, tally: Tally): Promise<void> {
    for (let number = from; number < to; number++) {
      tally.texts++
      if (number % 2 === 0) await this.compareRequests(number, tally)
      else await this.compareAnswers(number, tally)
    }
  }

  /** What the upstream takes for requests is what this router took for requests. */
  private async compareRequests(number: number, tally: Tally): Promise<void> {
    const text = generateRequests(new Random(this.seed, number)) + LAST
    let isForeign = false
    const ours = readOurRequests(Buffer.from(text, 'latin1'), head => {
      if (!isKnownMethod(head.method)) isForeign = true
    })
    // A text that leaves the router waiting for more ends with nothing that could be compared.
    if (isForeign || ours.refused === undefined || /^(?:ends|incomplete)/.test(ours.refused)) return
    this.seen = []
    this.errors = []
    await this.send(text)
    tally.taken++
    const expected = ours.messages
      .filter(({ start }) => start !== 'OPTIONS *')
      .map(({ start, body }) => `${start.slice(0, start.indexOf(' '))} ${JSON.stringify(body)}`)
    // Where this router gave up within a body the upstream's connection was cut; it must not have got more than that.
    const isGarbled = this.errors.some(code => code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE')
    if (isGarbled || JSON.stringify(this.seen) !== JSON.stringify(expected)) {
      tally.findings.push(
        `text ${number}: ${JSON.stringify(text)}: upstream sees ${this.seen} (${this.errors}), we took ${expected} (${ours.refused})`,
      )
    }
  }

  /** What the client takes for the answer is what this router took for it, or cannot be taken for a whole one. */
  private async compareAnswers(number: number, tally: Tally): Promise<void> {
    const random = new Random(this.seed, number)
    const method = random.pick(ANSWERED_AS)
    const bytes = Buffer.from(generateAnswers(random), 'latin1')
    const ours = readOurAnswers(bytes, method)
    this.answers.set(String(number), bytes)
    const length = method === 'POST' ? 'Content-Length: 0\r\n' : ''
    const received = await this.send(
      `${method} /answer/${number} HTTP/1.1\r\nHost: a\r\n${length}Connection: close\r\n\r\n`,
    )
    this.answers.delete(String(number))
    tally.taken++
    const [theirs] = await readAnswersByLlhttp([Buffer.from(received, 'latin1')], [method])
    if (theirs === undefined || !isFaithful(ours, theirs)) {
      tally.findings.push(
        `text ${number}, ${method}: ${JSON.stringify(bytes.toString('latin1'))}: we took ${JSON.stringify(ours)}, ` +
          `the client got ${JSON.stringify(received)} and takes ${JSON.stringify(theirs)}`,
      )
    }
  }

  private async send(text: string): Promise<string> {
    const socket = connect(this.path.port, '127.0.0.1')
    let received = ''
    socket.on('data', piece => {
      received += piece.toString('latin1')
    })
    socket.on('error', () => {})
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('the router does not end the connection')))
    socket.write(text, 'latin1')
    await new Promise(resolve => socket.once('close', resolve))
    return received
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.path[Symbol.asyncDispose]()
    await this.answering[Symbol.asyncDispose]()
    this.server.closeAllConnections()
    this.server.close()
  }
}

function isFaithful(ours: Reading, theirs: Reading): boolean {
  const last = ours.messages.at(-1)
  const seen = theirs.messages.at(-1)
  if (theirs.refused?.startsWith('Parse Error')) return false
  if (ours.refused !== undefined || last === undefined || !last.isWhole) {
    // An answer of ours in its place, or one that is visibly cut.
    return seen === undefined || !seen.isWhole || /^50[02]$/.test(seen.start)
  }
  const starts = (reading: Reading): string => reading.messages.map(({ start }) => start).join(' ')
  return starts(ours) === starts(theirs) && seen?.isWhole === true && seen.body === last.body
}
