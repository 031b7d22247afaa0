import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { STREAM_MODULE } from '../nginx-upstream.ts'
import { which } from '../pinned-process.ts'
import { type PeerTask, routeOf, SERVER_NAME, setupName } from '../setup.ts'
import type { Peer } from './peer.ts'

export const nginx: Peer = {
  name: 'nginx',
  work: 'one worker process, the same headers, keep-alive upstream, buffering as shipped, no access log',
  isHere: () => which('nginx') !== undefined,
  cannot: setup => (isStream(setup) && !existsSync(STREAM_MODULE) ? 'its stream module is not here' : undefined),
  command: task => {
    const name = `${setupName(task.setup)}-${task.proxyPort}`
    const file = join(task.scratch, `nginx-${name}.conf`)
    writeFileSync(file, isStream(task.setup) ? stream(task) : http(task))
    return { command: [which('nginx') ?? 'nginx', '-c', file, '-e', join(task.scratch, `nginx-${name}.err`)] }
  },
}

function isStream({ kind }: PeerTask['setup']): boolean {
  return kind === 'tcp' || kind === 'sni'
}

function stream({ setup, proxyPort, echoPort, helloPort, scratch }: PeerTask): string {
  const named = `map $ssl_preread_server_name $pool { ${SERVER_NAME} 127.0.0.1:${helloPort}; }
  server { listen 127.0.0.1:${proxyPort} backlog=8192; ssl_preread on; proxy_pass $pool; }`
  return `load_module ${STREAM_MODULE}; worker_processes 1; daemon off; pid ${scratch}/nginx-${proxyPort}.pid;
events { worker_connections 16384; }
stream { ${setup.kind === 'sni' ? named : `server { listen 127.0.0.1:${proxyPort}; proxy_pass 127.0.0.1:${echoPort}; }`} }
`
}

function http(task: PeerTask): string {
  const { setup, proxyPort, upstreamPort, echoPort, grpcPort, scratch } = task
  const keyKind = setup.kind === 'https' ? setup.key : 'ecdsa'
  const log = setup.kind === 'logged' ? `${scratch}/nginx-access.log combined` : 'off'
  const forwarding = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Real-Ip $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Host $host;
    proxy_set_header Forwarded "for=$remote_addr; proto=$scheme; by=127.0.0.1; httpproto=http/1.1";`
  return `worker_processes ${setup.kind === 'workers' ? setup.count : 1}; daemon off; pid ${scratch}/nginx-${proxyPort}.pid;
events { worker_connections 16384; }
http {
  access_log ${log}; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0;
  client_body_temp_path ${scratch}/nginx-proxy-body; proxy_temp_path ${scratch}/nginx-proxy-temp;
  fastcgi_temp_path ${scratch}/nginx-proxy-f; uwsgi_temp_path ${scratch}/nginx-proxy-u; scgi_temp_path ${scratch}/nginx-proxy-s;
  ssl_certificate ${scratch}/${keyKind}.pem; ssl_certificate_key ${scratch}/${keyKind}.key; ssl_protocols TLSv1.2 TLSv1.3;
  upstream calls { server 127.0.0.1:${grpcPort}; keepalive 512; keepalive_requests 1000000000; }
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000000; }
  ${hostMap(task)}
  server {
    listen 127.0.0.1:${proxyPort} backlog=8192${LISTEN_OPTIONS.get(setup.kind) ?? ''};
    ${forwarding}
    ${locations(task)}
    location /ws {
      proxy_pass http://127.0.0.1:${echoPort}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $host;
    }
  }
}
`
}

const LISTEN_OPTIONS: ReadonlyMap<PeerTask['setup']['kind'], string> = new Map([
  ['workers', ' reuseport'],
  ['https', ' ssl http2'],
  ['grpc', ' http2'],
])

/** Many hosts are looked up in a map: a server block each would cost it several gigabytes. */
function hostMap({ setup }: PeerTask): string {
  if (setup.kind !== 'hosts') return ''
  const lines = Array.from({ length: setup.size }, (_, n) => `${routeOf('hosts', n).host} bench;`)
  return `map_hash_max_size ${Math.max(2048, setup.size * 4)}; map_hash_bucket_size 128;\n  map $host $pool {\n${lines.join('\n')}\n  }`
}

function locations({ setup }: PeerTask): string {
  if (setup.kind === 'hosts') return 'location / { proxy_pass http://$pool; }'
  if (setup.kind === 'grpc') return 'location / { grpc_pass grpc://calls; }'
  if (setup.kind !== 'paths') return 'location / { proxy_pass http://bench; }'
  const lines = Array.from(
    { length: setup.size },
    (_, n) => `location ${routeOf('paths', n).path} { proxy_pass http://bench; }`,
  )
  return lines.join('\n')
}
