import { type ConsulClient, MAX_TRANSACTION_READS } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import type { KnownInstance } from './instance-catalog.ts'

/**
 * The catalogue changed somewhere: which of these services are affected? Consul does not say. Health checks do not tell either:
 * when an instance is registered again with another address, its checks stay as they are, only the index of the list of all
 * checks moves; and not even that one if it is registered without its checks.
 * So the version of every known instance is read, in transactions of many. Where those are not to be had (a token or a proxy
 * forbids PUT), all services may have changed.
 *
 * Throws a ConsulError when Consul cannot be asked now.
 */
export async function findChangedServices(
  client: ConsulClient,
  known: Iterable<KnownInstance>,
  signal: AbortSignal,
): Promise<Set<string>> {
  const instances = [...known]
  const changed = new Set<string>()
  for (let at = 0; at < instances.length; at += MAX_TRANSACTION_READS) {
    const batch = instances.slice(at, at + MAX_TRANSACTION_READS)
    const versions = await readVersions(client, batch, signal)
    batch.forEach(({ service, version }, position) => {
      if (versions?.[position] !== version) changed.add(service)
    })
  }
  return changed
}

async function readVersions(
  client: ConsulClient,
  batch: readonly KnownInstance[],
  signal: AbortSignal,
): Promise<readonly (number | undefined)[] | undefined> {
  const refs = batch.map(({ instance }) => ({ node: instance.node, serviceId: instance.serviceId }))
  try {
    return await client.readServiceVersions(refs, { signal })
  } catch (cause) {
    if (!(cause instanceof ConsulError)) throw cause
    const isRefused = cause.kind === 'garbage' || (cause.status !== undefined && cause.status < 500)
    if (!isRefused) throw cause
    return undefined
  }
}
