// Instances of a service are replaced one after the other through a real Consul agent, under constant load: what is lost?
//   node bench/zero-loss.bench.ts [REPLACEMENTS]

import { startConsulAgent } from '../test/harness/consul-agent.ts'
import { rollInstances } from '../test/harness/rolling-deploy.ts'
import { startFabio } from '../test/harness/start-fabio.ts'

const replacements = Number(process.argv[2] ?? 50)

await using consul = await startConsulAgent()
await using fabio = await startFabio({
  flags: [
    '-registry.backend',
    'consul',
    '-registry.consul.addr',
    consul.addr,
    '-registry.consul.register.enabled=false',
  ],
  logLevel: 'WARN',
})
const { gets, posts, failedGets, failedPosts, doubled, lost } = await rollInstances({
  consul,
  url: fabio.url,
  uiUrl: fabio.uiUrl,
  replacements,
  onReplaced: count => process.stderr.write(`\r${count}/${replacements}`),
})
process.stderr.write('\r')
process.stdout.write(
  `${replacements} instances replaced, every second one killed, ${fabio.app.plane.workerCount} workers\n` +
    `  GET: ${gets}, ${failedGets.length} failed ${summarize(failedGets)}\n` +
    `  POST: ${posts}, ${failedPosts.length} failed ${summarize(failedPosts)}\n` +
    `  orders carried out twice: ${doubled.length}, confirmed and not carried out: ${lost.length}\n`,
)
if (process.env.VERBOSE === '1') process.stdout.write(fabio.log())
process.exitCode = failedGets.length + doubled.length + lost.length > 0 ? 1 : 0

function summarize(outcomes: readonly string[]): string {
  return [...Map.groupBy(outcomes, outcome => outcome)].map(([outcome, all]) => `(${all.length}x ${outcome})`).join(' ')
}
