// A real Consul agent in trouble, the router under load: what fails, and how long until the routes are right again after each fault?
//   node bench/consul-chaos.bench.ts [SECONDS OF EACH FAULT] [PART OF A TITLE]

import { startConsulAgent } from '../test/harness/consul-agent.ts'
import {
  CHAOS_AGENT,
  CHAOS_STEPS,
  ChaosServices,
  createRouterToken,
  PARTITION,
  partitionOf,
  ROUTER_TOKEN,
  runChaosStep,
} from '../test/harness/consul-chaos.ts'
import { ConsulRelay } from '../test/harness/consul-relay.ts'
import { NetworkPath } from '../test/harness/network-path.ts'
import { startFabio } from '../test/harness/start-fabio.ts'
import { until } from '../test/harness/until.ts'

const faultMs = Number(process.argv[2] ?? 5) * 1000
const part = process.argv[3] ?? ''

await using consul = await startConsulAgent(CHAOS_AGENT)
await createRouterToken(consul)
await using services = await new ChaosServices(consul).start()
await using relay = await ConsulRelay.start(consul.addr)
const refusal = await NetworkPath.refusal()
await using network = refusal === undefined ? await NetworkPath.to(relay.addr) : undefined
if (refusal !== undefined) process.stdout.write(`left out: ${PARTITION}: ${refusal}\n`)
await using fabio = await startFabio({
  flags: [
    '-registry.backend=consul',
    '-registry.consul.addr',
    network?.addr ?? relay.addr,
    '-registry.consul.token',
    ROUTER_TOKEN,
    '-registry.consul.register.enabled=false',
  ],
  logLevel: 'WARN',
})
await until('all services are routed', () => fabio.app.routes.size === services.paths.length)
let failed = 0
const steps = network === undefined ? CHAOS_STEPS : [...CHAOS_STEPS, partitionOf(network)]
for (const step of steps.filter(({ title }) => title.includes(part))) {
  process.stderr.write(`${step.title} …`)
  const { title, requests, failures, recoveryMs } = await runChaosStep(
    step,
    { consul, relay, services, faultMs },
    fabio,
  )
  failed += failures.length
  process.stderr.write('\r')
  process.stdout.write(
    `${title}, ${faultMs / 1000} s: ${requests} requests, ${failures.length} failed, right again after ${(recoveryMs / 1000).toFixed(1)} s\n`,
  )
  for (const failure of failures.slice(0, 3)) process.stdout.write(`  ${failure}\n`)
}
if (process.env.VERBOSE === '1') process.stdout.write(fabio.log())
process.exitCode = failed > 0 ? 1 : 0
