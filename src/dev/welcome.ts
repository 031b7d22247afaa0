import { realpathSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'

export interface WelcomeOptions {
  /** Where the router listens, `http://localhost:9999`. */
  readonly proxyUrl: string
  readonly uiUrl: string
  /** `host:port` */
  readonly registryAddr: string
  /** `host:port` of the router's TCP listener, if it has one. */
  readonly tcpAddress: string | undefined
}

/** One thing to try: a shell line, and what it shows. */
interface WelcomeStep {
  readonly title: string
  readonly expect: string
  readonly command: string
}

/** Where the list goes. Colours only on a terminal. */
export interface WelcomeOutput {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const USUAL_REGISTRY_PORT = '8500'
const TITLE_WIDTH = 12

/** Prints what there is to see and to try. Every line can be pasted into a shell as it is. */
export function printWelcome(output: WelcomeOutput, options: WelcomeOptions, env: NodeJS.ProcessEnv): void {
  const isColoured = output.isTTY === true && (env.NO_COLOR ?? '') === ''
  const paint = (code: string, text: string): string => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text)
  const links = [
    ['Page', `${options.proxyUrl}/`, 'everything below, in a browser'],
    ['UI', options.uiUrl, 'the routing table, and its overrides'],
    ['Registry', `http://${options.registryAddr}/v1/catalog/services`, registryNote(options.registryAddr)],
  ] as const
  const widest = Math.max(...links.map(([, url]) => url.length))
  const lines = [
    '',
    `  ${paint('1;32', 'fabio -dev is running')}, with a registry in memory and a few services to route to.`,
    '',
    ...links.map(
      ([name, url, note]) =>
        `  ${paint('1', name.padEnd(TITLE_WIDTH))}${paint('4', url)}${' '.repeat(widest - url.length)}  ${paint('2', note)}`,
    ),
    '',
  ]
  for (const { title, expect, command } of welcomeSteps(options)) {
    lines.push(
      `  ${paint('1', title.padEnd(TITLE_WIDTH))}${expect}`,
      `  ${' '.repeat(TITLE_WIDTH)}${paint('36', command)}`,
      '',
    )
  }
  lines.push(`  ${paint('2', 'Ctrl-C ends it all; nothing is kept.')}`, '', '')
  output.write(lines.join('\n'))
}

/** In an order in which each does what it says. */
export function welcomeSteps(options: WelcomeOptions): readonly WelcomeStep[] {
  const proxy = options.proxyUrl.replace(/^http:\/\//u, '')
  const { registryAddr, tcpAddress } = options
  const count = `for i in $(seq 50); do curl -s ${proxy}/api/version; done | sort | uniq -c`
  const say = `s.onopen=()=>s.send("hello");s.onmessage=e=>{console.log(e.data);s.close()}`
  const [tcpHost, tcpPort] = (tcpAddress ?? '').split(/:(?=\d+$)/u)
  const maintenance = `http://${registryAddr}/v1/agent/service/maintenance/api-1`
  return [
    { title: 'Path', expect: 'who answered, and what arrived there', command: `curl ${proxy}/api/hello` },
    { title: 'Weights', expect: 'about 40 answers of v1, 10 of v2', command: count },
    { title: 'Host', expect: 'a greeting from hello.localhost', command: `curl -H 'Host: hello.localhost' ${proxy}/` },
    { title: 'Events', expect: 'the time, each second; Ctrl-C ends', command: `curl -N ${proxy}/events` },
    {
      title: 'WebSocket',
      expect: 'the word that was sent',
      command: `${nodeCommand()} -e 's=new WebSocket("ws://${proxy}/ws");${say}'`,
    },
    ...(tcpAddress === undefined
      ? []
      : [
          {
            title: 'TCP',
            expect: 'the word that was sent',
            command: `bash -c 'exec 3<>/dev/tcp/${tcpHost}/${tcpPort}; echo hello >&3; head -n 1 <&3'`,
          },
        ]),
    {
      title: 'Override',
      expect: 'true; from now on v1 and v2 share equally: count again',
      command: `curl -X PUT ${registryAddr}/v1/kv/fabio/config -d 'route weight api /api weight 0.2 tags "v1"'`,
    },
    {
      title: 'Take out',
      expect: 'nothing; only v2 answers now: count again',
      command: `curl -X PUT '${maintenance}?enable=true'`,
    },
    { title: 'Bring back', expect: 'nothing; v1 answers again', command: `curl -X PUT '${maintenance}?enable=false'` },
  ]
}

function registryNote(addr: string): string {
  const isUsual = addr.endsWith(`:${USUAL_REGISTRY_PORT}`)
  return `speaks Consul's HTTP API${isUsual ? '' : ` (port ${USUAL_REGISTRY_PORT} was taken)`}`
}

/** A Node that has WebSocket: `node` where that is the one which runs us, else this one by its path. */
function nodeCommand(): string {
  const path = process.execPath
  if (firstOnPath('node') === realpathSync(path)) return 'node'
  const shortest = [path, relative('', path)].reduce((a, b) => (b.length < a.length ? b : a))
  return /^[\w./-]+$/u.test(shortest) ? shortest : `'${shortest.replaceAll("'", "'\\''")}'`
}

function firstOnPath(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    // npm puts these in front for what it runs; the shell that gets the line has them not.
    if (folder.endsWith(join('node_modules', '.bin'))) continue
    try {
      return realpathSync(join(folder, program))
    } catch {
      // Not in this folder; the next may have it.
    }
  }
  return undefined
}
