import type { IncomingMessage, ServerResponse } from 'node:http'
import { LANDING_SCRIPT } from './landing-script.ts'
import { LANDING_STYLE } from './landing-style.ts'

export interface LandingLinks {
  readonly proxyUrl: string
  readonly uiUrl: string
  readonly registryAddr: string
  readonly tcpAddress: string | undefined
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
} as const

/** The catch-all route of the demo: a page on which everything there is can be tried. */
export function answerLandingPage(request: IncomingMessage, response: ServerResponse, links: LandingLinks): void {
  const [path = '/'] = (request.url ?? '/').split('?')
  switch (path) {
    case '/':
      return send(response, 200, 'text/html', landingPage(links))
    case '/demo.css':
      return send(response, 200, 'text/css', LANDING_STYLE)
    case '/demo.js':
      return send(response, 200, 'text/javascript', LANDING_SCRIPT)
    default:
      return send(
        response,
        404,
        'text/plain',
        `Nothing at ${path}. This is the demo service behind the route /, try there.\n`,
      )
  }
}

function landingPage(links: LandingLinks): string {
  const hello = new URL(links.proxyUrl)
  hello.hostname = 'hello.localhost'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fabio is running</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/demo.css">
<script src="/demo.js" defer></script>
</head>
<body>
<header>
<h1>Fabio is running</h1>
<p>This page came through the router at <code>${escapeHtml(new URL(links.proxyUrl).host)}</code>. Nobody told it where the
services are: they registered themselves, and their tags became routes.</p>
<nav aria-label="Tools">
<a class="button" href="${escapeHtml(links.uiUrl)}">Routing table</a>
<a href="http://${escapeHtml(links.registryAddr)}/v1/catalog/services">Registry</a>
<a href="${escapeHtml(hello.href)}">Host route</a>
<a href="/api/hello">API</a>
</nav>
</header>
<main>
${weightsCard(links)}
<section aria-labelledby="ws-title">
<h2 id="ws-title">WebSocket</h2>
<p>The route <code>/ws</code> leads to an echo.</p>
<form id="ws-form"><label for="ws-text">Say something</label>
<input id="ws-text" name="text" value="hello" autocomplete="off"><button>Send</button></form>
<p class="result" id="ws-result" role="status">connecting …</p>
</section>
<section aria-labelledby="events-title">
<h2 id="events-title">Server-sent events</h2>
<p>The route <code>/events</code> streams the time, each second.</p>
<p class="result" id="events-result">waiting …</p>
</section>
${tcpCard(links)}
</main>
<footer>Ctrl-C in the terminal ends everything; nothing is kept.</footer>
</body>
</html>
`
}

function weightsCard(links: LandingLinks): string {
  const command = `curl -X PUT ${links.registryAddr}/v1/kv/fabio/config -d 'route weight api /api weight 0.2 tags "v1"'`
  return `<section aria-labelledby="api-title" class="wide">
<h2 id="api-title">Two versions, one path</h2>
<p>The service <code>api</code> runs twice behind <code>/api</code>: v1 asks for 80 % of the traffic, v2 for 20 %.</p>
<button id="api-button" type="button">Ask 50 times</button>
<div class="bar" aria-hidden="true"><span id="bar-v1"></span><span id="bar-v2"></span></div>
<p class="result" id="api-result" role="status">not asked yet</p>
<p>Share equally, while it runs, then ask again:</p>
<pre tabindex="0"><code>${escapeHtml(command)}</code></pre>
</section>`
}

function tcpCard({ tcpAddress }: LandingLinks): string {
  if (tcpAddress === undefined) return ''
  const [host, port] = [
    tcpAddress.slice(0, tcpAddress.lastIndexOf(':')),
    tcpAddress.slice(tcpAddress.lastIndexOf(':') + 1),
  ]
  const command = `bash -c 'exec 3<>/dev/tcp/${host}/${port}; echo hello >&3; head -n 1 <&3'`
  return `<section aria-labelledby="tcp-title" class="wide">
<h2 id="tcp-title">TCP</h2>
<p>Port ${escapeHtml(port)} leads to an echo, byte for byte:</p>
<pre tabindex="0"><code>${escapeHtml(command)}</code></pre>
</section>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
