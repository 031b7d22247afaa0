import dns from 'node:dns'
import type net from 'node:net'

/** How long an address found for a name is used without asking again. Short: names of containers move. */
const FRESH_MS = 1000
const MAX_NAMES = 10_000

interface Entry {
  until: number
  addresses: dns.LookupAddress[] | undefined
  waiting: ((error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void)[]
}

/**
 * A `lookup` for sockets that asks the system once for many connections to the same name: its resolver has four threads for the
 * whole process, and a slow name server would otherwise hold up everything else that needs one.
 */
export function createCachedLookup(): net.LookupFunction {
  const entries = new Map<string, Entry>()

  function ask(hostname: string, entry: Entry): void {
    dns.lookup(hostname, { all: true }, (error, addresses) => {
      const { waiting } = entry
      entry.waiting = []
      if (error !== null || addresses.length === 0) entries.delete(hostname)
      else {
        entry.addresses = addresses
        entry.until = performance.now() + FRESH_MS
      }
      for (const done of waiting) done(error, addresses ?? [])
    })
  }

  return (hostname, options, callback) => {
    const answer = (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]): void => {
      if (error !== null) return callback(error, '', 0)
      if (options.all === true) return callback(null, addresses)
      const first = addresses[0]!
      callback(null, first.address, first.family)
    }
    let entry = entries.get(hostname)
    if (entry?.addresses !== undefined && entry.until > performance.now()) {
      const { addresses } = entry
      return process.nextTick(answer, null, addresses)
    }
    if (entry === undefined || entry.addresses !== undefined) {
      if (entries.size >= MAX_NAMES) entries.clear()
      entry = { until: 0, addresses: undefined, waiting: [] }
      entries.set(hostname, entry)
      entry.waiting.push(answer)
      return ask(hostname, entry)
    }
    entry.waiting.push(answer)
  }
}
