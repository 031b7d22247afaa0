import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PinnedProcess, which } from './pinned-process.ts'

/** Debian has it in a package of its own, `libnginx-mod-stream`. */
export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

const KIB = 1024
const MIB = 1_048_576

export interface NginxUpstreamOptions {
  readonly port: number
  /** Where a ClientHello is read and gets an answer of HTTP in the clear, if nginx has its stream module. */
  readonly helloPort: number
  readonly cpus: string
  readonly scratch: string
}

/** An nginx that answers without doing anything, on the processor of the load. */
export async function startNginxUpstream(options: NginxUpstreamOptions): Promise<PinnedProcess> {
  const { port, helloPort, cpus, scratch } = options
  const path = which('nginx')
  if (path === undefined) throw new Error('the bench needs nginx for its upstream')
  const files = join(scratch, 'files')
  mkdirSync(files, { recursive: true })
  writeFileSync(join(files, '64k'), Buffer.alloc(64 * KIB, 'x'))
  writeFileSync(join(files, '1m'), Buffer.alloc(MIB, 'x'))
  writeFileSync(join(files, 'upload'), '')
  const file = join(scratch, 'nginx-upstream.conf')
  writeFileSync(file, configuration(port, files, scratch, helloPort))
  const outputFile = join(scratch, 'nginx-upstream.out')
  const upstream = new PinnedProcess([path, '-c', file, '-e', outputFile], { cpus, outputFile })
  await upstream.listening(port)
  return upstream
}

function configuration(port: number, files: string, scratch: string, helloPort: number): string {
  const hasStream = existsSync(STREAM_MODULE)
  const answer = 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'
  const hello = `stream { server { listen 127.0.0.1:${helloPort} backlog=8192; ssl_preread on; return "${answer}"; } }`
  return `${hasStream ? `load_module ${STREAM_MODULE};` : ''} worker_processes 1; daemon off; pid ${scratch}/nginx-upstream.pid;
events { worker_connections 16384; }
${hasStream ? hello : ''}
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0; sendfile on; tcp_nopush off;
  client_body_buffer_size 2m; open_file_cache max=16;
  client_body_temp_path ${scratch}/nginx-body; proxy_temp_path ${scratch}/nginx-temp;
  fastcgi_temp_path ${scratch}/nginx-f; uwsgi_temp_path ${scratch}/nginx-u; scgi_temp_path ${scratch}/nginx-s;
  default_type text/plain;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    root ${files};
    location / { return 200 "an answer of thirty-seven bytes, twice"; }
    location = /64k { }
    location = /1m { }
    # \`return\` answers before the body is read; a file that does not take POST is refused after it.
    location = /upload { mirror /nothing; error_page 405 =200 /taken; }
    location = /nothing { internal; return 204; }
    location = /browser {
      add_header X-Frame-Options DENY; add_header X-Content-Type-Options nosniff; add_header Referrer-Policy same-origin;
      add_header Cache-Control "private, no-cache"; add_header Set-Cookie "session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly";
      add_header Set-Cookie "theme=dark; Path=/"; add_header Content-Language en; add_header X-Request-Id 0b6d3f3e-7c52-4e53-9a61-0b8d0b0b7d55;
      add_header Strict-Transport-Security "max-age=31536000"; add_header Permissions-Policy "geolocation=()";
      return 200 "an answer of thirty-seven bytes, twice";
    }
  }
}
`
}
