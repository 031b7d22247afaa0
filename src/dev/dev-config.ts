import type { Config } from '../config/config.ts'
import type { DescribedOptions } from '../config/describe-options.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import { type DevMode, startDevMode } from './dev-mode.ts'
import type { WelcomeOptions } from './welcome.ts'

/** Where the TCP echo is, when the operator has not said where to listen. */
const TCP_ECHO_PORT = 3021

/** The same configuration with a TCP listener beside the default one, so that there is something to try. */
export function withTcpListener(config: Config): Config {
  const [http] = config.proxy.listeners
  if (http === undefined) return config
  const tcp: ListenerSpec = { ...http, addr: `:${TCP_ECHO_PORT}`, host: '', port: TCP_ECHO_PORT, proto: 'tcp' }
  return { ...config, proxy: { ...config.proxy, listeners: [...config.proxy.listeners, tcp] } }
}

/** Where the router is, as somebody on this machine would write it. */
export function addressesOf(config: Config): Omit<WelcomeOptions, 'registryAddr'> {
  const { listeners } = config.proxy
  const http = listeners.find(spec => spec.proto === 'http')
  const tcp = listeners.find(spec => spec.proto === 'tcp')
  return {
    proxyUrl: `http://${hostPort(http)}`,
    uiUrl: `${config.ui.listener?.certSource === undefined ? 'http' : 'https'}://${hostPort(config.ui.listener)}${config.ui.path}/`,
    tcpAddress: tcp === undefined ? undefined : hostPort(tcp),
  }
}

/** The registry and services of `-dev`, and the configuration that uses them. */
export async function startDev(config: Config, log: Log): Promise<{ readonly config: Config; readonly dev: DevMode }> {
  const dev = await startDevMode({ ...addressesOf(config), log })
  const { registry } = config
  return {
    dev,
    config: {
      ...config,
      registry: {
        ...registry,
        backend: 'consul',
        consul: { ...registry.consul, addr: dev.registryAddr, scheme: 'http', token: '', namespace: '' },
      },
    },
  }
}

/** The options whose value -dev decides, as the operator's pages show them. */
export function describeDev({ registry: { backend, consul } }: Config): DescribedOptions {
  const decided = { 'registry.backend': backend, 'registry.consul.addr': consul.addr, 'registry.consul.token': '' }
  const entries = Object.entries(decided).map(
    ([name, value]) => [name, { value, origin: 'flag', place: '-dev on the command line' }] as const,
  )
  return Object.fromEntries(entries)
}

function hostPort(spec: { readonly host: string; readonly port: number } | undefined): string {
  if (spec === undefined) return 'localhost'
  const { host, port } = spec
  const isAny = host === '' || host === '0.0.0.0' || host === '::'
  if (isAny) return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
