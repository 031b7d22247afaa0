// What HPACK costs a worker: the blocks of a connection, read and written, beside the octets they take.
// Run: node bench/hpack.bench.ts
import { HpackDecoder } from '../src/wire/hpack-decoder.ts'
import { HpackEncoder, maxBlockBytes } from '../src/wire/hpack-encoder.ts'
import { BROWSER_HEADERS } from './scenario.ts'

const ROUNDS = 15
const PER_ROUND = 20_000
const UNLIMITED = 1e9

interface Subject {
  readonly name: string
  /** The fields of message number `i` of a connection. */
  fields(i: number): string[]
}

const CALL = [
  ...[':method', 'POST', ':scheme', 'http', ':path', '/echo.Echo/Unary', ':authority', 'echo.example:9999'],
  ...['content-type', 'application/grpc', 'user-agent', 'grpc-go/1.80.0', 'te', 'trailers'],
]
const ANSWER = [
  ...[':status', '200', 'server', 'nginx/1.22.1', 'date', 'Sun, 22 Nov 2026 12:00:00 GMT'],
  ...['content-type', 'text/plain', 'content-length', '38'],
]
const BROWSER = [
  ...[':method', 'GET', ':scheme', 'https', ':path', '/catalogue/garden?page=2', ':authority', 'shop.example'],
  ...BROWSER_HEADERS.flatMap(([name, value]) => [name.toLowerCase(), value]),
]

const SUBJECTS: readonly Subject[] = [
  { name: 'call of gRPC', fields: () => CALL },
  {
    name: 'call with a deadline and a trace',
    fields: i => [...CALL, 'grpc-timeout', `${i % 1000}m`, 'traceparent', trace(i)],
  },
  { name: 'trailers of gRPC', fields: () => ['grpc-status', '0', 'grpc-message', ''] },
  { name: 'small answer', fields: () => ANSWER },
  { name: "browser's request", fields: i => [...BROWSER, 'x-request-id', trace(i)] },
]

function trace(i: number): string {
  const number = ((i * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0')
  return `00-${number}${number}${number}${number}-${number}${number}-01`
}

for (const { name, fields } of SUBJECTS) {
  const lists = Array.from({ length: PER_ROUND }, (_, i) => fields(i))
  let encodingNs = Number.POSITIVE_INFINITY
  let decodingNs = Number.POSITIVE_INFINITY
  let octets = 0
  for (let round = 0; round < ROUNDS; round++) {
    const blocks = Buffer.alloc(PER_ROUND * 400 + maxBlockBytes(lists[0]!))
    const ends = new Uint32Array(PER_ROUND + 1)
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder()
    encodingNs = Math.min(
      encodingNs,
      measure(() => {
        for (let i = 0; i < PER_ROUND; i++) ends[i + 1] = encoder.encode(lists[i]!, blocks, ends[i]!)
      }),
    )
    decodingNs = Math.min(
      decodingNs,
      measure(() => {
        for (let i = 0; i < PER_ROUND; i++) decoder.decode(blocks, ends[i]!, ends[i + 1]!, [], UNLIMITED, UNLIMITED)
      }),
    )
    octets = ends[PER_ROUND]! / PER_ROUND
  }
  console.log(
    `${name.padEnd(34)} write ${encodingNs.toFixed(0).padStart(6)} ns   read ${decodingNs.toFixed(0).padStart(6)} ns   ${octets.toFixed(1).padStart(6)} octets`,
  )
}

/** Nanoseconds a block. */
function measure(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / PER_ROUND
}
