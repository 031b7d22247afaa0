import type { Log } from '../log/log.ts'
import { type DemoOptions, startDemoServices } from './demo-services.ts'
import { startDevRegistry } from './dev-registry.ts'

/** Where the router and its UI will be; see {@link DemoOptions}. */
export type DevModeOptions = Omit<DemoOptions, 'registryAddr'> & {
  /** The first port the registry tries; 8500 when left out, and 0 is any. */
  readonly registryPort?: number
  readonly log: Log
}

export interface DevMode extends AsyncDisposable {
  /** For registry.consul.addr. */
  readonly registryAddr: string
}

/**
 * All that `-dev` needs besides the router: a registry in memory, and services that have registered with it. Resolves
 * when the routes are there to be read; to be stopped after the router.
 */
export async function startDevMode(options: DevModeOptions): Promise<DevMode> {
  const registry = await startDevRegistry({ host: '127.0.0.1', port: options.registryPort ?? 8500, log: options.log })
  try {
    const demos = await startDemoServices({ ...options, registryAddr: registry.addr })
    return {
      registryAddr: registry.addr,
      async [Symbol.asyncDispose]() {
        await demos[Symbol.asyncDispose]()
        await registry[Symbol.asyncDispose]()
      },
    }
  } catch (cause) {
    await registry[Symbol.asyncDispose]()
    throw cause
  }
}
