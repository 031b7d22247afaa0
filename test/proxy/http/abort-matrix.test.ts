import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream, type UpstreamConnection } from '../../harness/raw-upstream.ts'
import { type DataPath, startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'

// Who ends an exchange, when, and how. Whatever it is: the other side learns of it, and nothing of it stays.

const WAYS = ['FIN', 'RST'] as const
type Way = (typeof WAYS)[number]

const FRAMINGS = [
  { framing: 'a length', lines: ['Content-Length: 10'], half: '01234', whole: '0123456789' },
  {
    framing: 'chunks',
    lines: ['Transfer-Encoding: chunked'],
    half: '5\r\n01',
    whole: '5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n',
  },
]

function leave(socket: Socket, way: Way): void {
  if (way === 'FIN') socket.end()
  else socket.resetAndDestroy()
}

/** What came behind the last answer that was not the matter of a test. */
const latest = ({ received }: UpstreamConnection): string => received.slice(received.lastIndexOf('|') + 1)

/** Of the body, what the connection has received of its latest request. */
const bodyOf = (connection: UpstreamConnection): string => {
  const text = latest(connection)
  return text.includes('\r\n\r\n') ? text.slice(text.indexOf('\r\n\r\n') + 4) : ''
}

let upstream: RawUpstream
let path: DataPath
/** What the upstream does with what it has received on a connection for this target, by target. */
const behaviours = new Map<string, (connection: UpstreamConnection) => void>()
let targets = 0

before(async () => {
  upstream = await startRawUpstream(connection => {
    const target = /^\S+ (\S+) HTTP/.exec(latest(connection))?.[1] ?? ''
    const behaviour = behaviours.get(target)
    if (behaviour !== undefined) behaviour(connection)
    else if (latest(connection).includes('\r\n\r\n')) {
      connection.socket.write(OK)
      connection.received += '|'
    }
  })
  path = await startDataPath({ routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await path[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function newTarget(behaviour?: (connection: UpstreamConnection) => void): string {
  const target = `/${targets++}`
  behaviours.set(target, behaviour ?? (() => {}))
  return target
}

const asked = (target: string): UpstreamConnection | undefined =>
  upstream.connections.find(({ received }) => received.includes(` ${target} `))

async function nothingIsLeft(): Promise<void> {
  await until('nothing is left', () => {
    const { open, idle } = path.upstreams.count()
    const clients = path.services.reduce((sum, service) => sum + service.size, 0)
    return path.headsInUse === 0 && open === idle && clients === 0 && path.links.every(link => !link.isOpen)
  })
  assert.equal(path.log().includes('internal error'), false, path.log())
}

/** Up to where the client gets before it leaves. `sent` has come, and of the answer what `until` says. */
const CLIENT_STAGES: readonly {
  readonly stage: string
  readonly sent: (target: string, f: (typeof FRAMINGS)[number]) => string
  readonly answer: string
  readonly isForwarded: boolean
}[] = [
  { stage: 'before its first byte', sent: () => '', answer: '', isForwarded: false },
  { stage: 'in the request line', sent: target => `POST ${target}`, answer: '', isForwarded: false },
  { stage: 'in the head', sent: target => `POST ${target} HTTP/1.1\r\nHost: a\r`, answer: '', isForwarded: false },
  { stage: 'between head and body', sent: (target, f) => post(target, f), answer: '', isForwarded: true },
  { stage: 'in the body', sent: (target, f) => post(target, f) + f.half, answer: '', isForwarded: true },
  { stage: 'before the answer', sent: (target, f) => post(target, f) + f.whole, answer: '', isForwarded: true },
  {
    stage: 'in the body, after an early answer has begun',
    sent: (target, f) => post(target, f) + f.half,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nearly',
    isForwarded: true,
  },
  {
    stage: 'in the head of the answer',
    sent: (target, f) => post(target, f) + f.whole,
    answer: 'HTTP/1.1 200 OK\r\nA',
    isForwarded: true,
  },
  {
    stage: 'after an interim answer',
    sent: (target, f) => post(target, f) + f.whole,
    answer: 'HTTP/1.1 103 X\r\n\r\n',
    isForwarded: true,
  },
  {
    stage: 'in the body of the answer',
    sent: (target, f) => post(target, f) + f.whole,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
    isForwarded: true,
  },
  {
    stage: 'in a chunk of the answer',
    sent: (target, f) => post(target, f) + f.whole,
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf',
    isForwarded: true,
  },
]

function post(target: string, { lines }: { readonly lines: readonly string[] }): string {
  return request(`POST ${target} HTTP/1.1`, 'Host: a', ...lines)
}

describe('a client that leaves', () => {
  for (const way of WAYS) {
    for (const f of FRAMINGS) {
      for (const { stage, sent, answer, isForwarded } of CLIENT_STAGES) {
        test(`${stage}, with ${way}, its body in ${f.framing}: its upstream is left too, and nothing stays`, async () => {
          const target = newTarget(({ socket }) => {
            if (answer !== '' && socket.bytesWritten === 0) socket.write(answer)
          })
          await using client = await RawClient.connect(path.port)
          const text = sent(target, f)
          client.send(text)
          if (isForwarded) {
            const last = text.endsWith(f.whole) ? '9' : text.endsWith(f.half) ? '1' : ''
            await until('it has come to the upstream', () => {
              const connection = asked(target)
              return connection !== undefined && bodyOf(connection).includes(last)
            })
          }
          if (/\r\n\r\n/.test(answer)) await client.until(received => received.includes('HTTP/1.1'))
          leave(client.socket, way)
          if (isForwarded) {
            const connection = asked(target)
            await until('the upstream is left', () => connection?.isClosed === true || connection?.hasEnded === true)
            connection?.socket.destroy()
          }
          await client.ended()
          client.socket.destroy()
          await nothingIsLeft()
        })
      }
    }

    test(`after the answer, with ${way}: the connection to the upstream is kept`, async () => {
      await using client = await RawClient.connect(path.port)
      assert.equal((await client.ask(request('GET /kept HTTP/1.1', 'Host: a'))).body, 'ok')
      leave(client.socket, way)
      await client.ended()
      client.socket.destroy()
      await nothingIsLeft()
      assert.ok(path.upstreams.count().idle >= 1)
    })
  }
})

/** When the upstream leaves, by what it has sent of an answer, and what the client gets. */
const UPSTREAM_STAGES: readonly {
  readonly stage: string
  /** How much of the request it waits for. */
  readonly waitsFor: 'head' | 'half' | 'whole'
  readonly answer: string
  /** 0: an answer that cannot be taken for whole, or none. */
  readonly status: number
}[] = [
  { stage: 'at the head of the request', waitsFor: 'head', answer: '', status: 502 },
  { stage: 'in the body of the request', waitsFor: 'half', answer: '', status: 502 },
  { stage: 'before its answer', waitsFor: 'whole', answer: '', status: 502 },
  { stage: 'after an interim answer', waitsFor: 'whole', answer: 'HTTP/1.1 103 X\r\n\r\n', status: 502 },
  { stage: 'in the head of its answer', waitsFor: 'whole', answer: 'HTTP/1.1 200 OK\r\nA: b', status: 500 },
  {
    stage: 'behind the head of its answer',
    waitsFor: 'whole',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
    status: 0,
  },
  {
    stage: 'in the body of its answer',
    waitsFor: 'whole',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
    status: 0,
  },
  {
    stage: 'in a chunk',
    waitsFor: 'whole',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf',
    status: 0,
  },
  {
    stage: 'between chunks',
    waitsFor: 'whole',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    status: 0,
  },
  {
    stage: 'in its trailers',
    waitsFor: 'whole',
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: y\r\n',
    status: 0,
  },
  { stage: 'behind its answer', waitsFor: 'whole', answer: OK, status: 200 },
]

describe('an upstream that leaves', () => {
  for (const way of WAYS) {
    for (const f of FRAMINGS) {
      for (const { stage, waitsFor, answer, status } of UPSTREAM_STAGES) {
        test(`${stage}, with ${way}, the body in ${f.framing}: the client learns of it, and nothing stays`, async () => {
          const target = newTarget(connection => {
            const { socket } = connection
            const last = { head: '', half: '1', whole: '9' }[waitsFor]
            if (!latest(connection).includes('\r\n\r\n') || !bodyOf(connection).includes(last)) return
            // A reset overtakes what was sent before it, unless that has been taken.
            if (answer === '') return leave(socket, way)
            connection.received += '|'
            socket.write(answer, () => setTimeout(() => leave(socket, way), 20))
          })
          await using client = await RawClient.connect(path.port)
          client.send(post(target, f) + { head: '', half: f.half, whole: f.whole }[waitsFor])
          if (status === 0) await seesACut(client)
          else await sees(client, status)
          client.socket.destroy()
          await nothingIsLeft()
        })
      }
    }
  }
})

async function sees(client: RawClient, status: number): Promise<void> {
  let answer = await client.answer('POST')
  while (answer.status < 200) answer = await client.answer('POST')
  assert.equal(answer.status, status)
}

async function seesACut(client: RawClient): Promise<void> {
  const received = await client.ended()
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n/)
  assert.doesNotMatch(received, /\r\n0\r\n/)
  const length = /content-length: (\d+)/i.exec(received)?.[1]
  if (length !== undefined) assert.ok(received.length - received.indexOf('\r\n\r\n') - 4 < Number(length))
}
