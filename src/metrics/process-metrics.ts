import { readFileSync } from 'node:fs'
import { Counter, collectDefaultMetrics, Gauge, Registry } from '@prometheus-io/client'

/**
 * Metrics of the process itself in Prometheus' text format: those of the client library (`process_*`, `nodejs_*`), and the three
 * of `process_*` that Go's library has beyond it, so that no graph of Fabio's process loses its numbers.
 */
export class ProcessMetrics {
  readonly #registry = new Registry()

  constructor() {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    new Gauge({
      name: 'process_virtual_memory_max_bytes',
      help: 'Maximum amount of virtual memory available in bytes.',
      registers,
      collect() {
        this.set(maxAddressSpaceBytes())
      },
    })
    new Counter({
      name: 'process_network_receive_bytes_total',
      help: 'Number of bytes received by the process over the network.',
      registers,
      collect() {
        this.reset()
        this.inc(octets('InOctets'))
      },
    })
    new Counter({
      name: 'process_network_transmit_bytes_total',
      help: 'Number of bytes sent by the process over the network.',
      registers,
      collect() {
        this.reset()
        this.inc(octets('OutOctets'))
      },
    })
  }

  format(): Promise<string> {
    return this.#registry.metrics()
  }
}

/** Go's library shows the greatest 64-bit number where there is no limit. */
function maxAddressSpaceBytes(): number {
  const limit = /^Max address space\s+(\S+)/m.exec(readProc('limits'))?.[1]
  return limit === undefined || limit === 'unlimited' ? 2 ** 64 - 1 : Number(limit)
}

/** One of the counters in the two `IpExt:` lines, the first of which has the names. Of the network namespace, as in Go's library. */
function octets(name: string): number {
  const [names, values] = readProc('net/netstat')
    .split('\n')
    .filter(line => line.startsWith('IpExt:'))
    .map(line => line.split(' '))
  return Number(values?.[names?.indexOf(name) ?? -1] ?? 0)
}

/** '' where there is no /proc. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8')
  } catch {
    return ''
  }
}
