import { PEERS } from './peers/all.ts'
import { medianOf, type Results } from './results.ts'

/** One picture has so many of the scenarios; the table of the report has all. */
const PANELS: readonly { readonly scenario: string; readonly title: string }[] = [
  { scenario: 'small-get', title: 'small GET' },
  { scenario: 'browser-get', title: 'browser-like GET, 20 + 15 headers' },
  { scenario: 'hosts-10000', title: 'small GET, 10,000 hosts' },
  { scenario: 'new-connection', title: 'small GET, new connection' },
  { scenario: 'http2', title: 'small GET in HTTP/2 over TLS' },
  { scenario: 'grpc', title: 'gRPC, unary call' },
  { scenario: 'websocket', title: 'WebSocket message' },
  { scenario: 'tcp', title: 'TCP message' },
]

const NAMES: ReadonlyMap<string, string> = new Map([
  ['this', 'this router'],
  ['fabio', 'Fabio 1.7'],
  ['haproxy', 'HAProxy'],
  ['nginx', 'nginx'],
  ['undici', 'node:http + undici'],
  ['http-proxy', 'http-proxy'],
])

const COLUMNS = 2
const PANEL_WIDTH = 440
const ROW_HEIGHT = 24
const LABEL_WIDTH = 130
const BAR_WIDTH = 210
const TOP = 64
/** A bar this many times as long as ours is cut off, and says so: else nobody could compare the short ones. */
const CUT = 9

/** Colours follow the reader's: on a page in dark, the picture is dark. */
const STYLE = `
  text { font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 16px } .panel { font-weight: 600 } .small { fill: #59636e; font-size: 12px }
  .bar { fill: #a9b4c0 } .ours { fill: #0a7d5a } .edge { fill: #fff }
  .paper { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .bar { fill: #55606d } .ours { fill: #2fbf8f } .paper, .edge { fill: #0d1117 }
  }`

/** Processor time an operation, of every peer: shorter is better. As SVG. */
export function drawPicture(results: Results): string {
  const rowsPerPanel = PEERS.length
  const panelHeight = 34 + rowsPerPanel * ROW_HEIGHT + 14
  const width = COLUMNS * PANEL_WIDTH + 32
  const height = TOP + Math.ceil(PANELS.length / COLUMNS) * panelHeight
  const panels = PANELS.map(({ scenario, title }, n) => {
    const x = 24 + (n % COLUMNS) * PANEL_WIDTH
    const y = TOP + Math.floor(n / COLUMNS) * panelHeight
    return panel(results, scenario, title, x, y)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>Processor time an operation, this router beside others</title>
<style>${STYLE}
</style>
<rect class="paper" width="${width}" height="${height}" rx="8"/>
<text class="title" x="24" y="30">Processor time an operation, in microseconds</text>
<text class="small" x="24" y="48">shorter is better · one core for the proxy · medians of alternating rounds on one machine</text>
${panels.join('\n')}
</svg>
`
}

function panel(results: Results, scenario: string, title: string, x: number, y: number): string {
  const rows = Object.values(results)
    .flatMap(result => result.rows)
    .filter(row => row.kind === 'maximum' && row.scenario === scenario)
  const times = PEERS.map(({ name }) => ({
    name,
    time: medianOf(
      rows.find(row => row.peer === name),
      'cpuMicroseconds',
    ),
  }))
  const measured = times.filter(({ time }) => !Number.isNaN(time))
  const ours = measured.find(({ name }) => name === 'this')?.time ?? 1
  const longest = Math.min(Math.max(...measured.map(({ time }) => time)), ours * CUT)
  const bars = times.map(({ name, time }, n) => bar(name, time, longest, x, y + 34 + n * ROW_HEIGHT))
  return `<text class="panel" x="${x}" y="${y + 20}">${title}</text>\n${bars.join('\n')}`
}

function bar(name: string, time: number, longest: number, x: number, y: number): string {
  const label = `<text class="small" x="${x + LABEL_WIDTH - 8}" y="${y + 14}" text-anchor="end">${NAMES.get(name) ?? name}</text>`
  const from = x + LABEL_WIDTH
  if (Number.isNaN(time)) return `${label}<text class="small" x="${from}" y="${y + 14}">–</text>`
  const isCut = time > longest
  const length = Math.max(2, Math.round((Math.min(time, longest) / longest) * BAR_WIDTH))
  const rect = `<rect class="${name === 'this' ? 'ours' : 'bar'}" x="${from}" y="${y + 2}" width="${length}" height="16" rx="2"/>`
  const gap = isCut
    ? `<path class="edge" d="M${from + length - 22} ${y + 20} l6 -20 h4 l-6 20 z M${from + length - 14} ${y + 20} l6 -20 h4 l-6 20 z"/>`
    : ''
  const value = time >= 1000 ? Math.round(time).toLocaleString('en') : time.toFixed(time < 100 ? 1 : 0)
  return `${label}${rect}${gap}<text x="${from + length + 6}" y="${y + 14}">${value}</text>`
}
