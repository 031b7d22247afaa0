import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from './pinned-process.ts'

/** What a peer is to do: the same for all of them. */
export interface PeerTask {
  readonly proxyPort: number
  readonly upstreamPort: number
  /** For its configuration file. */
  readonly scratch: string
}

export interface Peer {
  readonly name: string
  /** What its configuration says, for the report. */
  readonly work: string
  /** undefined when it is not on this machine. */
  command(task: PeerTask): { readonly command: readonly string[]; readonly env?: NodeJS.ProcessEnv } | undefined
}

const root = join(import.meta.dirname, '..')

/** This router, as built, with one worker. */
const ours: Peer = {
  name: 'this',
  work: 'one worker, static route, all forwarding headers, keep-alive upstream, no access log',
  command: ({ proxyPort, upstreamPort }) => ({
    command: [join(root, 'fabio'), ...fabioFlags(proxyPort, upstreamPort), '-runtime.gomaxprocs', '1'],
  }),
}

/** The original: the binary that FABIO_REFERENCE names, or one on PATH. */
const fabio: Peer = {
  name: 'fabio',
  work: 'GOMAXPROCS=1, static route, as shipped',
  command: ({ proxyPort, upstreamPort }) => {
    const path = process.env.FABIO_REFERENCE ?? which('fabio')
    return path === undefined
      ? undefined
      : { command: [path, ...fabioFlags(proxyPort, upstreamPort)], env: { GOMAXPROCS: '1' } }
  },
}

function fabioFlags(proxyPort: number, upstreamPort: number): string[] {
  const routes = `route add bench / http://127.0.0.1:${upstreamPort}/`
  return [
    '-registry.backend',
    'static',
    '-registry.static.routes',
    routes,
    '-proxy.addr',
    `127.0.0.1:${proxyPort}`,
    '-ui.addr',
    `127.0.0.1:${proxyPort + 1000}`,
    '-log.level',
    'ERROR',
    '-insecure',
  ]
}

const nginx: Peer = {
  name: 'nginx',
  work: 'one worker process, the same headers, keep-alive upstream, buffering as shipped, no access log',
  command: task => {
    const path = which('nginx')
    if (path === undefined) return undefined
    const file = join(task.scratch, 'nginx-proxy.conf')
    writeFileSync(file, nginxProxy(task))
    return { command: [path, '-c', file, '-e', join(task.scratch, 'nginx-proxy.err')] }
  },
}

function nginxProxy({ proxyPort, upstreamPort, scratch }: PeerTask): string {
  return `worker_processes 1; daemon off; pid ${scratch}/nginx-proxy.pid;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; client_max_body_size 0;
  client_body_temp_path ${scratch}/nginx-proxy-body; proxy_temp_path ${scratch}/nginx-proxy-temp;
  fastcgi_temp_path ${scratch}/nginx-proxy-f; uwsgi_temp_path ${scratch}/nginx-proxy-u; scgi_temp_path ${scratch}/nginx-proxy-s;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${proxyPort};
    location / {
      proxy_pass http://bench; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Real-Ip $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Host $host;
      proxy_set_header Forwarded "for=$remote_addr; proto=$scheme; by=127.0.0.1; httpproto=http/1.1";
    }
  }
}
`
}

const haproxy: Peer = {
  name: 'haproxy',
  work: 'one thread, the same headers, http-reuse always, no log',
  command: task => {
    const path = which('haproxy')
    if (path === undefined) return undefined
    const file = join(task.scratch, 'haproxy.cfg')
    writeFileSync(file, haproxyConfig(task))
    return { command: [path, '-q', '-f', file] }
  },
}

function haproxyConfig({ proxyPort, upstreamPort }: PeerTask): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:${proxyPort}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Real-Ip %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port 80
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header Forwarded "for=%[src]; proto=http; by=127.0.0.1; httpproto=http/1.1"
  default_backend out
backend out
  server one 127.0.0.1:${upstreamPort}
`
}

function yardstick(name: string, file: string, work: string): Peer {
  return {
    name,
    work,
    command: ({ proxyPort, upstreamPort }) => ({
      command: [process.execPath, join(import.meta.dirname, 'peers', file), String(proxyPort), String(upstreamPort)],
    }),
  }
}

/** In the order of the report. The first is what the others are compared with. */
export const PEERS: readonly Peer[] = [
  ours,
  fabio,
  haproxy,
  nginx,
  yardstick('undici', 'node-http-undici.ts', 'node:http in, undici Pool.dispatch out, the same headers'),
  yardstick('http-proxy', 'http-proxy.ts', 'http-proxy 1.18.1 with xfwd and a keep-alive agent'),
]
