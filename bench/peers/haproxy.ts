import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { which } from '../pinned-process.ts'
import { type PeerTask, routeOf, SERVER_NAME, setupName } from '../setup.ts'
import type { Peer } from './peer.ts'

export const haproxy: Peer = {
  name: 'haproxy',
  work: 'one thread, the same headers, http-reuse always, no log',
  isHere: () => which('haproxy') !== undefined,
  cannot: () => undefined,
  command: task => {
    const file = join(task.scratch, `haproxy-${setupName(task.setup)}-${task.proxyPort}.cfg`)
    writeFileSync(file, configuration(task))
    return { command: [which('haproxy') ?? 'haproxy', '-q', '-f', file] }
  },
}

function configuration(task: PeerTask): string {
  const { setup, proxyPort, upstreamPort, echoPort, helloPort, grpcPort, scratch } = task
  const isLogged = setup.kind === 'logged'
  const shared = `global
  nbthread ${setup.kind === 'workers' ? setup.count : 1}
  maxconn 19000
  no strict-limits
${isLogged ? '  log stdout format raw local0\n' : ''}defaults
  timeout connect 5s
  timeout client 3600s
  timeout server 3600s
  timeout tunnel 3600s
`
  if (setup.kind === 'tcp')
    return `${shared}  mode tcp
frontend in
  bind 127.0.0.1:${proxyPort} backlog 8192
  default_backend out
backend out
  server one 127.0.0.1:${echoPort}
`
  if (setup.kind === 'sni')
    return `${shared}  mode tcp
frontend in
  bind 127.0.0.1:${proxyPort} backlog 8192
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend out if { req.ssl_sni -i ${SERVER_NAME} }
backend out
  server one 127.0.0.1:${helloPort}
`
  if (setup.kind === 'grpc')
    return `${shared}  mode http
  http-reuse always
frontend in
  bind 127.0.0.1:${proxyPort} proto h2 backlog 8192
  default_backend out
backend out
  server one 127.0.0.1:${grpcPort} proto h2
`
  const tls = setup.kind === 'https' ? ` ssl crt ${scratch}/${setup.key}-both.pem alpn h2,http/1.1` : ''
  return `${shared}  mode http
  option http-keep-alive
  http-reuse always
${isLogged ? '  log global\n  option httplog\n' : ''}frontend in
  bind 127.0.0.1:${proxyPort} backlog 8192${tls}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Real-Ip %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port 80
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header Forwarded "for=%[src]; proto=http; by=127.0.0.1; httpproto=http/1.1"
  use_backend echo if { path_beg /ws }
  ${route(task)}
backend out
  server one 127.0.0.1:${upstreamPort}
backend echo
  server one 127.0.0.1:${echoPort}
`
}

/** A table is a map file, which it searches as a tree. */
function route({ setup, scratch }: PeerTask): string {
  if (setup.kind !== 'paths' && setup.kind !== 'hosts') return 'default_backend out'
  const file = join(scratch, `haproxy-${setupName(setup)}.map`)
  const lines = Array.from({ length: setup.size }, (_, n) => {
    const { host, path } = routeOf(setup.kind, n)
    return `${setup.kind === 'paths' ? path : host} out`
  })
  writeFileSync(file, `${lines.join('\n')}\n`)
  const found = setup.kind === 'paths' ? `path,map_beg(${file})` : `req.hdr(host),map(${file})`
  return `use_backend %[${found}]`
}
