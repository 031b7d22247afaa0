// The router under attack, in a process of its own, with a door for who measures it: a message asks for figures.

import { startFabio } from '../harness/start-fabio.ts'
import { WorkerThreads } from '../harness/worker-threads.ts'
import type { RouterFigures } from './router-process.ts'

const [goodUrl = '', hostileUrl = ''] = process.argv.slice(2)

using threads = new WorkerThreads()
const fabio = await startFabio({
  routes: `route add good /good ${goodUrl}\nroute add hostile / ${hostileUrl}`,
  addr: '127.0.0.1:0;rt=5s;wt=10s;it=5s',
  flags: ['-proxy.limit.headertimeout', '2s', '-proxy.responseheadertimeout', '5s'],
  logLevel: 'FATAL',
})

async function figures(): Promise<RouterFigures> {
  const workers = await Promise.all(threads.all.map(worker => worker.getHeapStatistics()))
  const { rss } = process.memoryUsage()
  const heap = workers.reduce((sum, one) => sum + one.used_heap_size, 0)
  const external = workers.reduce((sum, one) => sum + one.external_memory, 0)
  return { rss, heap, external, workers: workers.length }
}

process.on('message', () => void figures().then(all => process.send?.(all)))
process.on('disconnect', () => process.exit())
process.send?.({ port: fabio.port })
