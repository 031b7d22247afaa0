// `npm run fuzz -- --floods [SECONDS] [--only NAME] [--drops COUNT]`: each attack alone for so long, and what it costs the router
// until it is as before.
// `npm run fuzz -- --soak [MINUTES]`: all attacks together for so long; memory must level off, and honest clients notice nothing.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Random } from '../framing/random.ts'
import { ATTACKS, type Attack } from './attacks.ts'
import { GoodClients, type Service } from './good-clients.ts'
import { RouterProcess } from './router-process.ts'
import { startHostileUpstream } from './upstreams.ts'

const RECOVERY_MS = 60_000
/** Connections that are kept to upstreams, and the clients of who measures. */
const SPARE_SOCKETS = 40
/** The last third of a soak may need this much more memory than the middle third. */
const LEVEL = 1.1

const { values, positionals } = parseArgs({
  options: {
    floods: { type: 'boolean' },
    soak: { type: 'boolean' },
    only: { type: 'string', default: '' },
    drops: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
})
const seed = Number(values.seed)
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
let shots = 0
await using good = await GoodClients.start()

async function attackUntil(attack: Attack, port: number, mayGoOn: () => boolean): Promise<number> {
  let done = 0
  const lane = async (): Promise<void> => {
    while (mayGoOn()) {
      await attack.run(port, new Random(seed, shots++))
      done++
    }
  }
  await Promise.all(Array.from({ length: attack.width }, lane))
  return done
}

async function serveMeanwhile<T>(
  router: RouterProcess,
  work: () => Promise<T>,
): Promise<{ result: T; service: Service }> {
  good.begin(router.port)
  const result = await work()
  return { result, service: await good.stop() }
}

/** @returns how long it took until the router has no more sockets than before, in ms */
async function recover(router: RouterProcess, before: number): Promise<number> {
  const startedAt = performance.now()
  while (router.sockets > before + SPARE_SOCKETS) {
    if (performance.now() - startedAt > RECOVERY_MS) throw new Error(`${router.sockets} sockets are left of ${before}`)
    await sleep(20)
  }
  return performance.now() - startedAt
}

function isWell({ wrong }: Service): boolean {
  for (const one of wrong.slice(0, 5)) process.stdout.write(`   WRONG ${one}\n`)
  return wrong.length === 0
}

async function flood(
  router: RouterProcess,
  attack: Attack,
  limits: { seconds: number; drops: number },
): Promise<boolean> {
  const before = await router.figures()
  const sockets = router.sockets
  let peak = before.rss
  const sampling = setInterval(() => void router.figures().then(({ rss }) => (peak = Math.max(peak, rss))), 250)
  const until = performance.now() + limits.seconds * 1000
  let started = 0
  const isDrop = attack.name === 'connections opened and dropped'
  const mayGoOn = isDrop ? () => started++ < limits.drops : () => performance.now() < until
  const begunAt = performance.now()
  const { result: done, service } = await serveMeanwhile(router, () => attackUntil(attack, router.port, mayGoOn))
  const seconds = (performance.now() - begunAt) / 1000
  clearInterval(sampling)
  const recovered = await recover(router, sockets)
  const after = await router.figures()
  process.stdout.write(
    `${attack.name.padEnd(38)} ${String(done).padStart(7)} in ${seconds.toFixed(0).padStart(3)} s  ` +
      `rss ${mb(before.rss)}, most ${mb(peak)}, then ${mb(after.rss)}  heap ${mb(after.heap)}  ` +
      `recovered in ${recovered.toFixed(0)} ms  honest: ${service.asked} asked, ${service.wrong.length} wrong, ` +
      `slowest ${service.slowestMs.toFixed(0)} ms\n`,
  )
  return isWell(service)
}

async function soak(router: RouterProcess, minutes: number): Promise<boolean> {
  const sockets = router.sockets
  const startedAt = performance.now()
  const until = startedAt + minutes * 60_000
  const samples: number[] = []
  const show = async (): Promise<void> => {
    const { rss, heap, external, workers } = await router.figures()
    samples.push(rss)
    if (samples.length % 6 !== 1) return
    const passed = ((performance.now() - startedAt) / 60_000).toFixed(1)
    process.stdout.write(
      `${passed.padStart(5)} min  ${workers} workers  rss ${mb(rss)}  heap ${mb(heap)}  external ${mb(external)}  ` +
        `${router.sockets} sockets  ${shots} attacks\n`,
    )
  }
  await show()
  const sampling = setInterval(() => void show(), 5000)
  const { service } = await serveMeanwhile(router, () =>
    Promise.all(ATTACKS.map(attack => attackUntil(attack, router.port, () => performance.now() < until))),
  )
  clearInterval(sampling)
  const recovered = await recover(router, sockets)
  const third = Math.floor(samples.length / 3)
  const middle = Math.max(...samples.slice(third, 2 * third))
  const last = Math.max(...samples.slice(2 * third))
  process.stdout.write(
    `${shots} attacks; most memory in the middle third ${mb(middle)}, in the last ${mb(last)}; ` +
      `sockets as before after ${recovered.toFixed(0)} ms; honest: ${service.asked} asked, ${service.wrong.length} wrong, ` +
      `slowest ${service.slowestMs.toFixed(0)} ms\n`,
  )
  if (last > middle * LEVEL) process.stdout.write('   WRONG memory does not level off\n')
  return isWell(service) && last <= middle * LEVEL
}

await using hostile = await startHostileUpstream(seed)
await using router = await RouterProcess.start(good.url, hostile.url)
let isGood = true
if (values.floods) {
  const limits = { seconds: Number(positionals[0] ?? 10), drops: Number(values.drops) }
  for (const attack of ATTACKS) {
    if (attack.name.includes(values.only)) isGood = (await flood(router, attack, limits)) && isGood
  }
} else {
  isGood = await soak(router, Number(positionals[0] ?? 10))
}
if (router.hasExited) isGood = false
process.exitCode = isGood ? 0 : 1
