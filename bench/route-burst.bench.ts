// A table of many routes comes, and goes, at once: for how long does a worker look at nothing else?
//   node bench/route-burst.bench.ts [ROUTES]
// Two answers: the delay of the loop as its metrics have it, which is longer where other work has the processors; and the most processor time
// between two turns (turn-probe-program.ts), which is the router's own.

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPorts } from '../test/harness/spawn-fabio.ts'
import { startFabio } from '../test/harness/start-fabio.ts'

const probe = join(import.meta.dirname, 'turn-probe-program.ts')
if (!process.execArgv.includes(probe)) {
  const args = [...process.execArgv, '--import', probe, import.meta.filename, ...process.argv.slice(2)]
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1)
}

const [metricsPort = 0] = await findPorts(1)
const size = Number(process.argv[2] ?? 60_000)
const directory = await mkdtemp(join(tmpdir(), 'burst-'))
const path = join(directory, 'routes')
const turns = new BroadcastChannel('turns')
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
  const untilSize = async (wanted: number): Promise<void> => {
    while (fabio.app.routes.size !== wanted) await sleep(100)
    await fabio.app.routes.settled()
    await sleep(1500)
  }
  await watchWorkers('started', metricsPort, () => sleep(1000))
  await watchWorkers('nothing happens', metricsPort, () => sleep(2000))
  for (const time of ['for the first time', 'once more']) {
    await writeFile(path, table)
    await watchWorkers(`they come ${time}`, metricsPort, () => untilSize(size))
    await writeFile(path, line(0))
    await watchWorkers(`they go ${time}`, metricsPort, () => untilSize(1))
  }
} finally {
  turns.close()
  await rm(directory, { recursive: true })
}

/** The longest delay of a worker's event loop while something happens, and the longest turn. */
async function watchWorkers(title: string, port: number, happens: () => Promise<void>): Promise<void> {
  let worst = 0
  let isOver = false
  await readDelay(port)
  await readTurns()
  const startedAt = performance.now()
  const over = happens().finally(() => {
    isOver = true
  })
  while (!isOver) {
    await Promise.race([over, sleep(300)])
    worst = Math.max(worst, await readDelay(port))
  }
  await over
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const turn = await readTurns()
  process.stdout.write(
    `${size} routes, ${title}: ${seconds} s, longest turn of a worker ${turn.toFixed(1)} ms of processor time, longest delay ${(worst * 1000).toFixed(1)} ms\n`,
  )
}

async function readDelay(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const delays = [...text.matchAll(/fabio_event_loop_delay_seconds\{quantile="1",thread="\d+"\} (\S+)/g)]
  return Math.max(0, ...delays.map(([, seconds]) => Number(seconds)))
}

/** Of all workers, since it was asked last. */
async function readTurns(): Promise<number> {
  let longest = 0
  turns.onmessage = ({ data }: MessageEvent) => {
    longest = Math.max(longest, Number((data as { worst: number }).worst))
  }
  turns.postMessage('how long?')
  await sleep(300)
  return longest
}
