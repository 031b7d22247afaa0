import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type AdminOptions, startAdmin } from '../../src/admin/server.ts'
import type { Log } from '../../src/log/log.ts'
import { FakeTable } from './fake-table.ts'
import { MemoryStore } from './memory-store.ts'

export interface TestAdmin extends AsyncDisposable {
  readonly port: number
  readonly table: FakeTable
  readonly store: MemoryStore
  /** `level text`, in the order written. */
  readonly logged: readonly string[]
  /** The path goes out as it is written here, without any cleaning. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Bytes in, everything that comes back until the server closes. */
  sendBytes(bytes: string): Promise<string>
}

interface SendOptions {
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestAdminOptions extends Partial<Omit<AdminOptions, 'ui'>> {
  readonly access?: string
  readonly path?: string
  readonly title?: string
  readonly color?: string
  readonly table?: FakeTable
  readonly readTimeoutMs?: number
  readonly writeTimeoutMs?: number
}

/** An admin server on a free port, with a table and overrides that the test fills. */
export async function startTestAdmin(options: TestAdminOptions = {}): Promise<TestAdmin> {
  const {
    access = 'rw',
    path = '',
    title = '',
    color = 'light-green',
    readTimeoutMs = 0,
    writeTimeoutMs = 0,
    ...rest
  } = options
  const table = options.table ?? new FakeTable()
  const store = new MemoryStore()
  const logged: string[] = []
  const listener = { addr: '127.0.0.1:0', host: '127.0.0.1', port: 0, readTimeoutMs, writeTimeoutMs, idleTimeoutMs: 0 }
  const source = { linkEnabled: false, newTab: true, scheme: 'http', host: '', port: '' }
  const admin = await startAdmin({
    ui: { access, path, title, color, routingTable: { source }, listener },
    describedConfig: { Proxy: { Strategy: 'rnd', DialTimeout: 30_000_000_000 }, Insecure: false },
    describedOptions: {
      'proxy.addr': { value: ':9999,:3021;proto=tcp', origin: 'file', place: '/etc/fabio.properties:3' },
      'proxy.dialtimeout': { value: '30s', origin: 'default', place: 'default' },
      'ui.title': { value: 'Staging', origin: 'env', place: 'environment variable FABIO_UI_TITLE' },
      'registry.consul.token': { value: '', origin: 'default', place: 'default' },
    },
    version: '1.7.3',
    routes: table,
    registryStatus: () => ({ backend: 'consul', state: 'connected', since: 1000, sources: [], requests: 7 }),
    log: createRecordingLog(logged),
    overrides: store,
    ...rest,
  })
  const port = admin.port ?? 0
  const send = (method: string, target: string, sendOptions?: SendOptions) => sendTo(port, method, target, sendOptions)
  return {
    port,
    table,
    store,
    logged,
    send,
    get: (target, headers = {}) => send('GET', target, { headers }),
    sendBytes: bytes => sendBytesTo(port, bytes),
    [Symbol.asyncDispose]: () => admin[Symbol.asyncDispose](),
  }
}

async function sendTo(
  port: number,
  method: string,
  path: string,
  { headers = {}, body }: SendOptions = {},
): Promise<Answer> {
  const req = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  req.end(body)
  const [res] = await once(req, 'response')
  return { status: res.statusCode, headers: res.headers, body: await text(res) }
}

async function sendBytesTo(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes, 'latin1')
  let answer = ''
  socket.on('data', chunk => {
    answer += chunk.toString('latin1')
  })
  socket.on('error', () => {}) // A reset is a way to close as well.
  await once(socket, 'close')
  return answer
}

function createRecordingLog(logged: string[]): Log {
  const write = (level: string) => (message: string) => void logged.push(`${level} ${message}`)
  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    isOn: () => true,
  }
}
