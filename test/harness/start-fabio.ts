import { type App, startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createLog } from '../../src/log/create-log.ts'
import type { LogLevel } from '../../src/log/log.ts'
import { OutputWriter } from '../../src/log/output-writer.ts'

export interface StartFabioOptions {
  /** Route commands of the static registry; another backend is chosen by flags. */
  readonly routes?: string
  /** As on the command line. */
  readonly flags?: readonly string[]
  /** `proxy.addr`; by default one HTTP listener on a free port. */
  readonly addr?: string
  readonly logLevel?: LogLevel
  /** Environment variables, for what does not come from options. */
  readonly env?: Readonly<Record<string, string>>
}

export interface RunningFabio extends AsyncDisposable {
  readonly app: App
  /** Port of the first listener. */
  readonly port: number
  readonly ports: readonly number[]
  readonly url: string
  readonly uiUrl: string
  /** Everything logged so far. */
  log(): string
  /** Everything written to standard output so far: the access log, metrics that print. */
  output(): string
}

/** The whole router in this process, its workers in threads of it, on free ports of 127.0.0.1. */
export async function startFabio(options: StartFabioOptions = {}): Promise<RunningFabio> {
  const { routes = '', flags = [], addr = '127.0.0.1:0', logLevel = 'DEBUG', env = {} } = options
  const usual = ['-proxy.addr', addr, '-ui.addr', '127.0.0.1:0', '-runtime.gomaxprocs', '2', '-log.level', logLevel]
  const registry = flags.some(flag => flag.startsWith('-registry.backend'))
    ? []
    : ['-registry.backend', 'static', '-registry.static.routes', routes]
  const loaded = await loadConfig({ argv: [...usual, ...registry, ...flags], env: {} })
  if (loaded.kind !== 'run') throw new Error(`configuration says ${loaded.kind}`)
  let logged = ''
  let printed = ''
  const destination = {
    write: (text: string) => {
      logged += text
    },
    writeSync: (text: string) => {
      logged += text
    },
  }
  const log = createLog({ level: loaded.config.log.level, format: loaded.config.log.format, destination })
  const stdout = new CollectingOutput(text => {
    printed += text
  })
  const { config, options: described } = loaded
  const { signal } = new AbortController()
  const app = await startApp({ config, options: described, log, stdout, env, signal })
  const port = app.listenerPorts[0] ?? -1
  return {
    app,
    port,
    ports: app.listenerPorts,
    url: `http://127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${app.adminPort}`,
    log: () => logged,
    output: () => printed,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}

/** Standard output that is kept instead of written. */
class CollectingOutput extends OutputWriter {
  readonly #collect: (text: string) => void

  constructor(collect: (text: string) => void) {
    super({ fd: 1, onDrop: () => {} })
    this.#collect = collect
  }

  override write(content: string | Uint8Array, _lines = 1, done?: () => void): void {
    this.#collect(typeof content === 'string' ? content : Buffer.from(content).toString('latin1'))
    done?.()
  }
}
