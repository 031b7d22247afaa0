import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RealConsul extends AsyncDisposable {
  readonly url: string
  /** The ports of this agent, in the order of those that the dev registry names: server, serf LAN, serf WAN. */
  readonly ports: readonly [number, number, number]
}

/** `consul agent -dev` on free ports, ready: it leads, and its node and its own service are in the catalog. */
export async function startConsul(binary: string): Promise<RealConsul> {
  const [http, server, lan, wan] = await freePorts()
  const ports = [`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${lan}`, `-serf-wan-port=${wan}`]
  const args = ['agent', '-dev', ...ports, '-dns-port=-1', '-grpc-port=-1', '-bind=127.0.0.1', `-node=${hostname()}`]
  const child = spawn(binary, args, { stdio: 'ignore' })
  const url = `http://127.0.0.1:${http}`
  const consul: RealConsul = {
    url,
    ports: [server, lan, wan],
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`consul ended with ${child.exitCode}`)
    if (await isReady(url)) return consul
    await sleep(100)
  }
  await consul[Symbol.asyncDispose]()
  throw new Error('consul was not ready after 30 seconds')
}

async function isReady(url: string): Promise<boolean> {
  try {
    const nodes = await (await fetch(`${url}/v1/catalog/nodes`)).text()
    const services = await (await fetch(`${url}/v1/catalog/services`)).text()
    return nodes.includes('lan_ipv4') && nodes.includes('consul-network-segment') && services.includes('"consul"')
  } catch {
    return false // not listening yet
  }
}

async function freePorts(): Promise<[number, number, number, number]> {
  const servers = [0, 1, 2, 3].map(() => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const [a = 0, b = 0, c = 0, d = 0] = servers.map(server => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return [a, b, c, d]
}
