import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { TestAuthority } from './test-authority.ts'

/**
 * As much of Vault's HTTP API as certificates need (https://developer.hashicorp.com/vault/api-docs): KV engines of both versions at
 * `kv1/` and `kv2/`, a PKI role at `pki/issue/web`, tokens, wrapped tokens. Answers have the form of Vault 1.15's.
 */
export interface VaultDouble extends AsyncDisposable {
  readonly url: string
  /** `kv1/fabio/a` or `kv2/fabio/a` to its fields. */
  readonly secrets: Map<string, Readonly<Record<string, string>>>
  /** Good tokens, with the seconds they live; 0 for ever. */
  readonly tokens: Map<string, number>
  /** Wrapping tokens, each good for one unwrapping. */
  readonly wrapped: Map<string, string>
  /** `GET sys/internal/ui/mounts/kv1/fabio`, in their order. */
  readonly requests: string[]
  /** Answers that fail instead, until it is undefined. */
  failure: number | undefined
}

export async function startVaultDouble(authority: TestAuthority): Promise<VaultDouble> {
  const vault = new Vault(authority)
  const server = createServer((request, response) => {
    vault.answer(request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      },
      (cause: unknown) => response.writeHead(500).end(String(cause)),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(vault, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const denied: Answer = { status: 403, body: { errors: ['permission denied'] } }
const missing: Answer = { status: 404, body: { errors: [] } }
const data = (content: unknown): Answer => ({ status: 200, body: { data: content } })

class Vault {
  readonly secrets = new Map<string, Readonly<Record<string, string>>>()
  readonly tokens = new Map<string, number>()
  readonly wrapped = new Map<string, string>()
  readonly requests: string[] = []
  failure: number | undefined
  private readonly authority: TestAuthority

  constructor(authority: TestAuthority) {
    this.authority = authority
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://vault')
    const path = decodeURIComponent(url.pathname.replace(/^\/v1\//, ''))
    const method = url.searchParams.get('list') === 'true' ? 'LIST' : (request.method ?? '')
    let text = ''
    for await (const piece of request) text += String(piece)
    this.requests.push(`${method} ${path}`)
    if (this.failure !== undefined) return { status: this.failure, body: { errors: ['out of order'] } }
    const token = String(request.headers['x-vault-token'] ?? '')
    if (path === 'sys/wrapping/unwrap') return this.unwrap(token)
    if (!this.tokens.has(token)) return denied
    if (path === 'auth/token/lookup-self')
      return data({ ttl: this.tokens.get(token), renewable: this.tokens.get(token) !== 0 })
    if (path === 'auth/token/renew-self')
      return { status: 200, body: { auth: { lease_duration: this.tokens.get(token) } } }
    if (path.startsWith('sys/internal/ui/mounts/')) return mountOf(path.slice('sys/internal/ui/mounts/'.length))
    if (path === 'pki/issue/web') return this.issue(String((JSON.parse(text) as { common_name?: unknown }).common_name))
    return method === 'LIST' ? this.list(path) : this.read(path)
  }

  private unwrap(token: string): Answer {
    const inner = this.wrapped.get(token)
    if (inner === undefined) return { status: 400, body: { errors: ['wrapping token is not valid or does not exist'] } }
    this.wrapped.delete(token)
    return { status: 200, body: { auth: { client_token: inner } } }
  }

  private list(path: string): Answer {
    const place = `${path.replace(/^kv2\/metadata/, 'kv2')}/`
    const below = [...this.secrets.keys()].filter(name => name.startsWith(place)).map(name => name.slice(place.length))
    const keys = [...new Set(below.map(name => name.replace(/\/.*/, '/')))]
    return keys.length === 0 ? missing : data({ keys })
  }

  private read(path: string): Answer {
    const isVersion2 = path.startsWith('kv2/data/')
    const secret = this.secrets.get(isVersion2 ? path.replace('kv2/data', 'kv2') : path)
    if (secret === undefined || (path.startsWith('kv2/') && !isVersion2)) return missing
    return isVersion2 ? data({ data: secret, metadata: { version: 1 } }) : data(secret)
  }

  private async issue(name: string): Promise<Answer> {
    if (!name.endsWith('.test'))
      return { status: 400, body: { errors: [`common name ${name} not allowed by this role`] } }
    const { cert, key } = await this.authority.issue(name)
    return data({ certificate: cert, private_key: key, ca_chain: [this.authority.ca], serial_number: '0a:0b' })
  }
}

function mountOf(path: string): Answer {
  if (path.startsWith('kv2/')) return data({ path: 'kv2/', type: 'kv', options: { version: '2' } })
  // A Vault that does not know the question answers 404; it has KV of version 1 only.
  return missing
}
