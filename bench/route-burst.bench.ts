// A table of many routes comes, and goes, at once: for how long does a worker look at nothing else?
//   node bench/route-burst.bench.ts [ROUTES]

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPorts } from '../test/harness/spawn-fabio.ts'
import { startFabio } from '../test/harness/start-fabio.ts'

const [metricsPort = 0] = await findPorts(1)
const size = Number(process.argv[2] ?? 60_000)
const directory = await mkdtemp(join(tmpdir(), 'burst-'))
const path = join(directory, 'routes')
const upstream = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
const line = (i: number): string =>
  `route add svc-${i} host-${i}.test/path http://10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80/`
const table = Array.from({ length: size }, (_, i) => line(i)).join('\n')
try {
  await writeFile(path, line(0))
  await using fabio = await startFabio({
    addr: `127.0.0.1:0,127.0.0.1:${metricsPort};proto=prometheus`,
    flags: [
      '-registry.backend=file',
      '-registry.file.path',
      path,
      '-metrics.target=prometheus',
      '-log.routes.format=delta',
    ],
    logLevel: 'WARN',
  })
  const quiet = await watchWorkers(metricsPort, () => sleep(2000))
  await writeFile(path, table)
  const coming = await watchWorkers(metricsPort, async () => {
    while (fabio.app.routes.size < size) await sleep(100)
    await fabio.app.routes.settled()
  })
  await writeFile(path, line(0))
  const going = await watchWorkers(metricsPort, async () => {
    while (fabio.app.routes.size > 1) await sleep(100)
    await fabio.app.routes.settled()
    await sleep(1500)
  })
  for (const [title, { seconds, worst }] of Object.entries({
    'nothing happens': quiet,
    'they come': coming,
    'they go': going,
  }))
    process.stdout.write(
      `${size} routes, ${title}: ${seconds.toFixed(1)} s, longest pause of a worker ${worst.toFixed(1)} ms\n`,
    )
} finally {
  upstream.close()
  await rm(directory, { recursive: true })
}

/** The longest delay of a worker's event loop while something happens, as its metrics have it. */
async function watchWorkers(port: number, happens: () => Promise<void>): Promise<{ seconds: number; worst: number }> {
  let worst = 0
  let isOver = false
  await readDelay(port)
  const startedAt = performance.now()
  const over = happens().finally(() => {
    isOver = true
  })
  while (!isOver) {
    await Promise.race([over, sleep(300)])
    worst = Math.max(worst, await readDelay(port))
  }
  await over
  return { seconds: (performance.now() - startedAt) / 1000, worst: worst * 1000 }
}

async function readDelay(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const delays = [...text.matchAll(/fabio_event_loop_delay_seconds\{quantile="1",thread="\d+"\} (\S+)/g)]
  return Math.max(0, ...delays.map(([, seconds]) => Number(seconds)))
}
