// From Consul's answer to the change being served by every worker: a real agent, 100 services, one of them flapping.
//   node bench/consul-change.bench.ts [SERVICES] [CHANGES]

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { startConsulAgent } from '../test/harness/consul-agent.ts'
import { startFabio } from '../test/harness/start-fabio.ts'

const services = Number(process.argv[2] ?? 100)
const changes = Number(process.argv[3] ?? 50)

await using agent = await startConsulAgent()
for (let i = 0; i < services; i++) {
  await agent.put('/v1/agent/service/register', {
    Name: `service-${i}`,
    Address: '127.0.0.1',
    Port: 10_000 + i,
    Tags: [`urlprefix-/service-${i}`],
    Check: { CheckID: `check-${i}`, TTL: '1h', Status: 'passing' },
  })
}

// Stands between the router and the agent only to see when answers pass.
let answeredAt = 0
const [host, port] = agent.addr.split(':')
const between = createServer(client => {
  const consul = connect(Number(port), host)
  client.pipe(consul)
  consul.on('data', () => {
    answeredAt = performance.now()
  })
  consul.pipe(client)
  client.on('error', () => consul.destroy())
  consul.on('error', () => client.destroy())
})
between.listen(0, '127.0.0.1')
await once(between, 'listening')
const address = between.address()
const betweenPort = typeof address === 'object' && address !== null ? address.port : 0

const flags = ['-registry.backend', 'consul', '-registry.consul.addr', `127.0.0.1:${betweenPort}`]
await using fabio = await startFabio({
  flags: [...flags, '-registry.consul.register.enabled=false'],
  logLevel: 'ERROR',
})
const times: number[] = []
for (let i = 0; i < changes; i++) {
  let firstAnswerAt = 0
  answeredAt = 0
  const watch = setInterval(() => {
    if (firstAnswerAt === 0 && answeredAt > 0) firstAnswerAt = answeredAt
  }, 0)
  const changed = new Promise<void>(resolve => {
    const off = fabio.app.routes.subscribe(() => {
      off()
      resolve()
    })
  })
  await agent.put(`/v1/agent/check/${i % 2 === 0 ? 'fail' : 'pass'}/check-7`)
  await changed
  await fabio.app.routes.settled()
  clearInterval(watch)
  times.push(performance.now() - (firstAnswerAt === 0 ? answeredAt : firstAnswerAt))
  process.stderr.write(`\r${i + 1}/${changes}`)
}
times.sort((a, b) => a - b)
const at = (quantile: number): string =>
  (times[Math.min(times.length - 1, Math.floor(times.length * quantile))] ?? 0).toFixed(1)
process.stderr.write('\r')
process.stdout.write(
  `${services} services, ${fabio.app.plane.workerCount} workers, ${changes} changes: from Consul's answer to served by every worker\n` +
    `  median ${at(0.5)} ms, p90 ${at(0.9)} ms, largest ${at(1)} ms\n`,
)
between.close()
