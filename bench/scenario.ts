/** One kind of load. Every peer gets the same. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly path: string
  readonly connections: number
  /** The body of a wrk script, when the request is more than a GET. */
  readonly script?: string
}

const BROWSER_HEADERS = [
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cache-Control', 'max-age=0'],
  ['Cookie', 'session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.1.1234567890.1234567890; consent=yes'],
  ['DNT', '1'],
  ['Priority', 'u=0, i'],
  ['Referer', 'https://shop.example.test/category/garden?page=2'],
  ['Sec-CH-UA', '"Chromium";v="156", "Not.A/Brand";v="8"'],
  ['Sec-CH-UA-Mobile', '?0'],
  ['Sec-CH-UA-Platform', '"Linux"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-User', '?1'],
  ['Sec-GPC', '1'],
  ['Upgrade-Insecure-Requests', '1'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  ],
  ['X-Requested-With', 'XMLHttpRequest'],
]

export const SCENARIOS: readonly Scenario[] = [
  { name: 'small-get', title: 'small GET, keep-alive', path: '/small', connections: 32 },
  {
    name: 'browser-get',
    title: 'GET as a browser sends it (20 headers) and an application answers it (15)',
    path: '/browser',
    connections: 32,
    script: BROWSER_HEADERS.map(
      ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    ).join('\n'),
  },
  {
    name: 'post-1k',
    title: 'POST of 1 KiB',
    path: '/small',
    connections: 32,
    script: `wrk.method = "POST"\nwrk.body = string.rep("x", 1024)\nwrk.headers["Content-Type"] = "text/plain"`,
  },
]
