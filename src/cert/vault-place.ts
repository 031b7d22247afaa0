import type { Log } from '../log/log.ts'
import type { Texts } from './pair-up.ts'
import type { VaultClient } from './vault-client.ts'

/** `type=vault`: each secret below a path of a KV engine, of either version, is a pair: its fields `cert` and `key`. */
export async function readVaultSecrets(
  client: VaultClient,
  path: string,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Texts> {
  const place = await findEngine(client, path.replace(/^\/+|\/+$/g, ''), signal)
  const listed = await client.ask('LIST', place.metadata, { signal })
  const keys = Array.isArray(listed?.keys) ? listed.keys.map(String) : []
  const texts = new Map<string, string>()
  for (const key of keys.filter(name => !name.endsWith('/'))) {
    try {
      const answer = await client.ask('GET', `${place.data}/${key}`, { signal })
      const secret = place.isVersion2 ? (answer?.data as Record<string, unknown> | undefined) : answer
      if (typeof secret?.cert === 'string') texts.set(`${key}-cert.pem`, secret.cert)
      if (typeof secret?.key === 'string') texts.set(`${key}-key.pem`, secret.key)
    } catch (cause) {
      signal.throwIfAborted()
      log.warn(
        `cert: Failed to read secret ${place.data}/${key}: ${cause instanceof Error ? cause.message : String(cause)}`,
      )
    }
  }
  return texts
}

async function findEngine(
  client: VaultClient,
  path: string,
  signal: AbortSignal,
): Promise<{ metadata: string; data: string; isVersion2: boolean }> {
  const mount = await client.ask('GET', `sys/internal/ui/mounts/${path}`, { signal })
  const options = mount?.options as { version?: unknown } | null | undefined
  const root = typeof mount?.path === 'string' ? mount.path : ''
  if (options?.version !== '2' || root === '') return { metadata: path, data: path, isVersion2: false }
  const below = path.startsWith(root) ? path.slice(root.length) : ''
  const at = (kind: string): string => `${root}${kind}${below === '' ? '' : `/${below}`}`
  return { metadata: at('metadata'), data: at('data'), isVersion2: true }
}
