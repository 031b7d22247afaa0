// How Node's own parser, llhttp with its strict defaults, reads bytes: through `node:http`, on connections in memory.

import { type ClientRequest, createServer, type IncomingMessage, METHODS, request } from 'node:http'
import { Duplex } from 'node:stream'
import type { Message, Reading } from './message.ts'

/** A connection whose other end is the test: what it pushes is read, what is written to it is lost. */
class MemoryConnection extends Duplex {
  override _read(): void {}

  override _write(_piece: unknown, _encoding: string, done: () => void): void {
    done()
  }

  // `node:http` sets these on what it takes for a socket.
  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}

/** One turn of the loop: streams that begin to flow, and events that follow their end, have come then. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const KNOWN_METHODS = new Set(METHODS)

/** An extension method is one this router passes on and llhttp does not know; it tells nothing about framing. */
export function isKnownMethod(method: string): boolean {
  return KNOWN_METHODS.has(method)
}

/** What llhttp takes from each of the texts, as a server. */
export async function readRequestsByLlhttp(texts: readonly Buffer[]): Promise<Reading[]> {
  let incoming: IncomingMessage[] = []
  let refused: string | undefined
  const server = createServer()
  const take = (message: IncomingMessage): void => void incoming.push(message)
  server.on('request', take).on('checkContinue', take).on('checkExpectation', take)
  server.on('clientError', (error, socket) => {
    refused ??= error.message
    socket.destroy()
  })
  const connections = texts.map(() => new MemoryConnection())
  for (const connection of connections) server.emit('connection', connection)
  await turn()
  return connections.map((connection, i) => {
    incoming = []
    refused = undefined
    connection.push(texts[i])
    const messages = incoming.map(message => whole(`${message.method} ${message.url}`, message, message.complete))
    connection.on('error', () => {}).destroy()
    return { messages, refused }
  })
}

interface Asked {
  readonly connection: MemoryConnection
  readonly interims: Message[]
  answer?: IncomingMessage
  body: string
  refused?: string
}

/** What llhttp takes from each of the texts, as a client that asked with this method, when the connection ends behind it. */
export async function readAnswersByLlhttp(texts: readonly Buffer[], methods: readonly string[]): Promise<Reading[]> {
  const asked = texts.map((_, i) => ask(methods[i] ?? 'GET'))
  await turn()
  for (const [i, one] of asked.entries()) {
    one.connection.push(texts[i])
    one.body = read(one.answer)
    one.connection.push(null)
  }
  await turn()
  await turn()
  return asked.map(({ connection, interims, answer, body, refused }) => {
    const messages = [...interims]
    if (answer !== undefined) {
      const headers = answer.rawHeaders
      messages.push({ start: String(answer.statusCode), headers, body: body + read(answer), isWhole: answer.complete })
    }
    connection.destroy()
    return { messages, refused }
  })
}

function ask(method: string): Asked {
  const connection = new MemoryConnection()
  const one: Asked = { connection, interims: [], body: '' }
  const asking: ClientRequest = request({ method, host: 'a', createConnection: () => connection })
  asking.on('information', ({ statusCode, rawHeaders }) => {
    one.interims.push({ start: String(statusCode), headers: rawHeaders, body: '', isWhole: true })
  })
  asking.on('response', answer => {
    one.answer = answer.on('error', () => {})
  })
  asking.on('error', error => {
    one.refused ??= error.message
  })
  asking.end()
  return one
}

function whole(start: string, message: IncomingMessage, isWhole: boolean): Message {
  return { start, headers: message.rawHeaders, body: read(message), isWhole }
}

function read(message: IncomingMessage | undefined): string {
  let text = ''
  for (let piece: unknown = message?.read(); Buffer.isBuffer(piece); piece = message?.read())
    text += piece.toString('latin1')
  return text
}
