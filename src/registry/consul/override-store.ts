import type { ConsulClient } from '../../consul/client.ts'
import { trimSpace } from '../../route/go-text.ts'
import type { OverrideStore } from '../registry.ts'
import { isKeyBelow, normalizeKvPath } from './key-texts.ts'

/** The keys at and below `registry.consul.kvpath`, as the admin API edits them. Failures are ConsulErrors. */
export function createOverrideStore(client: ConsulClient, kvPath: string): OverrideStore {
  const root = normalizeKvPath(kvPath)
  const keyOf = (path: string) => {
    if (path !== '' && !path.startsWith('/'))
      throw new Error(`'${path}' is not the path of an override: it has no slash in front`)
    // The root itself may be empty, and a key does not begin with a slash.
    return root === '' ? path.slice(1) : root + path
  }
  return {
    sourceOf: keyOf,
    async list() {
      const pairs = (await client.keyValues(root)).decode()
      const keys = pairs.map(({ key }) => key).filter(key => isKeyBelow(key, root))
      return keys.map(key => (root === '' ? `/${key}` : key.slice(root.length)))
    },
    async read(path) {
      const answer = await client.keyValue(keyOf(path))
      const found = answer.decode()
      return { value: trimSpace(found?.value ?? ''), version: `${found?.modifyIndex ?? answer.index}` }
    },
    async write(path, value, version) {
      const key = keyOf(path)
      // To create comes first, so a key that was deleted meanwhile can be written again whatever version its reader had.
      if (await client.writeKeyValue(key, value, { version: '0' })) return 'stored'
      if (version === '0') return 'version-mismatch'
      return (await client.writeKeyValue(key, value, { version })) ? 'stored' : 'version-mismatch'
    },
  }
}
