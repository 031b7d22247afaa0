import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PinnedProcess, which } from './pinned-process.ts'

/** An nginx that answers without doing anything, on the processor of the load. */
export async function startUpstream(port: number, cpu: number, scratch: string): Promise<PinnedProcess> {
  const path = which('nginx')
  if (path === undefined) throw new Error('the bench needs nginx for its upstream')
  const files = join(scratch, 'files')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, '64k'), Buffer.alloc(65_536, 'x'))
  writeFileSync(join(files, '1m'), Buffer.alloc(1_048_576, 'x'))
  const file = join(scratch, 'nginx-upstream.conf')
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${scratch}/nginx-upstream.pid;
events { worker_connections 16384; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0; sendfile on; tcp_nopush off;
  client_body_temp_path ${scratch}/nginx-body; proxy_temp_path ${scratch}/nginx-temp;
  fastcgi_temp_path ${scratch}/nginx-f; uwsgi_temp_path ${scratch}/nginx-u; scgi_temp_path ${scratch}/nginx-s;
  default_type text/plain;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    root ${files};
    location / { return 200 "an answer of thirty-seven bytes, twice"; }
    location = /64k { }
    location = /1m { }
    location = /browser {
      add_header X-Frame-Options DENY; add_header X-Content-Type-Options nosniff; add_header Referrer-Policy same-origin;
      add_header Cache-Control "private, no-cache"; add_header Set-Cookie "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly";
      add_header Set-Cookie "theme=dark; Path=/"; add_header Content-Language en; add_header X-Request-Id 0b6d3f3e-7c52-4e53-9a61-0b8d0b0b7d55;
      add_header Strict-Transport-Security "max-age=31536000"; add_header Permissions-Policy "geolocation=()";
      return 200 "an answer of thirty-seven bytes, twice";
    }
  }
}
`,
  )
  const upstream = new PinnedProcess([path, '-c', file, '-e', join(scratch, 'nginx-upstream.err')], { cpu })
  await upstream.listening(port)
  return upstream
}
