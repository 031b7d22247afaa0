import { setTimeout as sleep } from 'node:timers/promises'
import type { RegistryConfig } from '../config/config.ts'
import type { ChangeCause } from '../history/route-history.ts'
import type { Log } from '../log/log.ts'
import type { CommandContext } from '../route/check-command.ts'
import { type ConsulConnectOptions, connectConsulRegistry } from './consul/consul-registry.ts'
import { createCustomRegistry } from './custom.ts'
import { openFileRegistry } from './file.ts'
import type { InstanceReport } from './instance-report.ts'
import type { RouteFeed } from './route-feed.ts'
import { createStaticRegistry } from './static.ts'

/** Where routes come from. Made by connectRegistry(), silent until it is started. */
export interface Registry extends AsyncDisposable {
  /** Begins to push what the backend says, and goes on until the registry is disposed of. Called once. */
  start(outlet: RegistryOutlet): void
  /** Everything that exists at the start was pushed: services and overrides; or what a snapshot knew. Pending for as long as that takes; never rejects. */
  readonly ready: Promise<void>
  /** The page for requests without a route; `''` for none. */
  readonly noRouteHtml: string
  status(): RegistryStatus
  /** Why each instance of a service is routed or not. Only where there are checks. */
  instances?(service: string): readonly InstanceReport[]
  /** Only where an operator can write route commands. */
  readonly overrides?: OverrideStore
  /** Only where Fabio can register itself. */
  readonly announcer?: Announcer
}

/** Whom a registry pushes to. */
export interface RegistryOutlet {
  readonly sink: RouteSink
  /** What the sink was given since the last call belongs together: commit it. */
  readonly onChange: (causes?: readonly ChangeCause[]) => void
  readonly onNoRouteHtml: (html: string) => void
}

/** The part of the route feed that a registry needs. */
export type RouteSink = Pick<RouteFeed, 'setInstance' | 'removeInstance' | 'setText' | 'setCommands' | 'removeText'>

/** Where an operator's route commands are kept. Its failures are the backend's. */
export interface OverrideStore {
  /** Paths below `registry.consul.kvpath`: `''` is the key itself, `/team-a` a key below it. */
  list(): Promise<readonly string[]>
  /** What problems and the document call the text of a path. */
  sourceOf(path: string): string
  /** A path that does not exist has the empty value. `version` is a decimal number as text. */
  read(path: string): Promise<{ readonly value: string; readonly version: string }>
  /** Creates the path when it is absent, whatever the version; changes it only when `version` is the current one. */
  write(path: string, value: string, version: string): Promise<'stored' | 'version-mismatch'>
}

export interface Announcer {
  /** Registers Fabio and these aliases (`register=` in routes). Resolves when every name was tried once; it never gives up. */
  start(aliases: readonly string[]): Promise<Announcement>
}

/** Fabio is registered for as long as this exists. To dispose of it deregisters all names, within a limited time. */
export interface Announcement extends AsyncDisposable {
  /** All aliases that are wanted from now on. Returns at once. */
  setAliases(names: readonly string[]): void
}

export interface RegistryStatus {
  /** `registry.backend`. */
  readonly backend: string
  /** Stale: at least one source cannot be read, and what it said last stays in service. */
  readonly state: 'connecting' | 'connected' | 'stale'
  /** When this state began, in milliseconds since 1970. */
  readonly since: number
  /** What went wrong, in the words of the last error. */
  readonly reason?: string | undefined
  readonly sources: readonly SourceStatus[]
  /** The routes are those of a snapshot, until the backend has said everything. */
  readonly snapshot?: { readonly writtenAt: number } | undefined
  /** Routes that stay although the backend says that they are gone, until it confirms it. */
  readonly held?: HeldRoutes | undefined
  /** How many requests the registry has sent. */
  readonly requests: number
}

export interface HeldRoutes {
  /** In milliseconds since 1970. */
  readonly since: number
  /** The earliest that they can go, in milliseconds since 1970; later when nothing confirms it. */
  readonly until: number
  readonly instances: number
  readonly routes: number
}

export interface SourceStatus {
  /** `health state`, `manual config`, the path of a file … */
  readonly name: string
  readonly isConnected: boolean
  /** When isConnected became what it is, in milliseconds since 1970. */
  readonly since: number
  /** The last time that the backend answered, in milliseconds since 1970. */
  readonly lastContact: number | undefined
  /** Consul's index, decimal; `''` where there is none. */
  readonly index: string
  readonly error: string | undefined
}

export interface ConnectOptions {
  readonly log: Log
  /** Stops the attempts. */
  readonly signal: AbortSignal
  /** For the CONSUL_* variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What route commands are checked with. */
  readonly context: CommandContext
  /** `proxy.noroute.known = 503`: services without a healthy instance are told of. */
  readonly tellsDown?: boolean
}

/**
 * Tries until `registry.timeout` is over, at least once. Throws an Error whose text is Fabio's, or the signal's reason. A Consul that is away
 * ends nothing, unless `registry.required`: it goes on being asked.
 */
export async function connectRegistry(config: RegistryConfig, options: ConnectOptions): Promise<Registry> {
  const startedAt = performance.now()
  const deadline = startedAt + config.timeoutMs
  // A start that does not depend on Consul is not held up by it for longer than the listeners are.
  const waitUntil = startedAt + Math.min(config.timeoutMs, config.deadlineMs || config.timeoutMs)
  for (;;) {
    try {
      return await connectBackend(config, { ...options, waitUntil })
    } catch (cause) {
      options.signal.throwIfAborted()
      options.log.warn(`Error initializing backend. ${cause instanceof Error ? cause.message : String(cause)}`)
      // Looked at after the attempt, as with Fabio: there is always one, and the last one may outlast the deadline.
      if (performance.now() > deadline) throw new Error('Timeout registering backend.', { cause })
      await sleep(config.retryMs, undefined, { signal: options.signal })
    }
  }
}

async function connectBackend(config: RegistryConfig, options: ConsulConnectOptions): Promise<Registry> {
  switch (config.backend) {
    case 'consul':
      return await connectConsulRegistry(config, options)
    case 'static':
      return createStaticRegistry(config.static, options.log)
    case 'file':
      return await openFileRegistry(config.file, options.log)
    case 'custom':
      return createCustomRegistry(config.custom, options.log)
  }
}
