import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ConsulAgent, startConsulAgent } from '../harness/consul-agent.ts'
import {
  CHAOS_AGENT,
  CHAOS_STEPS,
  ChaosServices,
  type ChaosStep,
  createRouterToken,
  PARTITION,
  partitionOf,
  ROUTER_TOKEN,
  runChaosStep,
} from '../harness/consul-chaos.ts'
import { ConsulRelay } from '../harness/consul-relay.ts'
import { NetworkPath } from '../harness/network-path.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const skip = realPart('consul') === undefined && missingPart('consul')
const FAULT_MS = 1500
const refusal = skip === false ? await NetworkPath.refusal() : undefined

describe('a Consul agent in trouble costs no request, and what changes afterwards is served', { skip }, () => {
  const stack = new AsyncDisposableStack()
  let consul: ConsulAgent
  let relay: ConsulRelay
  let network: NetworkPath | undefined
  let services: ChaosServices
  let fabio: RunningFabio

  before(async () => {
    consul = stack.use(await startConsulAgent(CHAOS_AGENT))
    await createRouterToken(consul)
    services = stack.use(await new ChaosServices(consul).start())
    relay = stack.use(await ConsulRelay.start(consul.addr))
    if (refusal === undefined) network = stack.use(await NetworkPath.to(relay.addr))
    const registry = ['-registry.backend=consul', '-registry.consul.addr', network?.addr ?? relay.addr]
    const flags = [...registry, '-registry.consul.token', ROUTER_TOKEN, '-registry.consul.register.enabled=false']
    fabio = stack.use(await startFabio({ flags, logLevel: 'WARN' }))
    await until('all services are routed', () => fabio.app.routes.size === services.paths.length)
  })

  after(() => stack.disposeAsync())

  const runStep = async (step: ChaosStep): Promise<void> => {
    const { failures, requests } = await runChaosStep(step, { consul, relay, services, faultMs: FAULT_MS }, fabio)
    assert.deepEqual(failures, [])
    assert.ok(requests > 100, `${requests} requests are no load`)
  }

  for (const step of CHAOS_STEPS) test(step.title, () => runStep(step))

  test(PARTITION, { skip: refusal ?? false }, async () => {
    assert.ok(network !== undefined)
    await runStep(partitionOf(network))
  })
})
