// What one line of the access log costs in a worker: rendering, gathering and handing chunks over, without the write itself.
// Run: node bench/access-log.bench.ts
import { compileAccessFormat } from '../src/log/access-log.ts'
import type { AccessRecord } from '../src/log/access-record.ts'
import { AccessWriter } from '../src/log/access-writer.ts'

const HEADERS = new Map([
  ['referer', 'https://www.example.com/catalogue/shoes?page=3'],
  [
    'user-agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  ],
  ['x-request-id', '7f3c2b1a9d8e4f60'],
])

const FORMATS = [
  { name: 'common', format: 'common', isEscaped: false },
  { name: 'combined', format: 'combined', isEscaped: false },
  { name: 'combined, escaped', format: 'combined', isEscaped: true },
  {
    name: 'custom, 11 fields',
    format:
      '$time_rfc3339_us $remote_addr $request_method $request_url $response_status $response_body_size $response_time_us $upstream_addr $upstream_service $header.X-Request-Id $upstream_request_uri',
    isEscaped: false,
  },
]

const START_MS = Date.now()
const LINES = 200_000
const ROUNDS = 15

const records = Array.from({ length: 4096 }, (_, line) => recordOf(line))

console.log(`CPU time of the thread for one line, best of ${ROUNDS} rounds; the requests exist before`)
for (const { name, format, isEscaped } of FORMATS) {
  let bytes = 0
  const writer = new AccessWriter({
    format: compileAccessFormat(format, { escape: isEscaped }),
    post: chunk => {
      bytes += chunk.bytes.length
      Atomics.sub(chunk.pending, 0, chunk.bytes.length)
    },
  })
  const nanoseconds = measure(() => {
    for (let line = 0; line < LINES; line++) writer.write(records[line % records.length]!)
    writer.flush()
  })
  console.log(`${name.padEnd(20)} ${String(nanoseconds).padStart(5)} ns, ${Math.round(bytes / LINES / ROUNDS)} bytes`)
}

/** Nanoseconds of CPU a line, in the best round: the others shared the machine with something. */
function measure(round: () => void): number {
  let best = Infinity
  for (let n = 0; n < ROUNDS; n++) {
    const before = process.threadCpuUsage()
    round()
    const { user, system } = process.threadCpuUsage(before)
    best = Math.min(best, ((user + system) * 1000) / LINES)
  }
  return Math.round(best)
}

/** A different request every time, as in life. */
function recordOf(line: number): AccessRecord {
  const path = `/catalogue/${line % 1000}`
  return {
    remoteAddr: '192.0.2.17:52114',
    method: 'GET',
    requestTarget: `${path}?page=3`,
    proto: 'HTTP/1.1',
    requestScheme: 'https',
    originalHost: 'www.example.com',
    requestHost: 'www.example.com',
    requestPath: path,
    requestQuery: 'page=3',
    status: 200,
    bodyBytes: 5120 + (line % 100),
    endMs: START_MS + line * 0.02,
    durationNs: 1_234_567 + line,
    upstreamAddr: '10.0.0.7:8080',
    upstreamScheme: 'http',
    upstreamPath: path,
    upstreamQuery: 'page=3',
    upstreamService: 'catalogue',
    header: name => HEADERS.get(name),
  }
}
