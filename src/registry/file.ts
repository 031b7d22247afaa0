import { readFile } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import type { RegistryConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { NoRoutePage } from './no-route-page.ts'
import type { Registry, RegistryOutlet, RegistryStatus } from './registry.ts'
import { WatchedFile } from './watched-file.ts'

/** Routes from the file `registry.file.path`, read again whenever it changes. Throws when a file cannot be read. */
export async function openFileRegistry(config: RegistryConfig['file'], log: Log): Promise<Registry> {
  const routes = await readAtStart('routes', config.path, log)
  // Fabio insists on this file, although having none is the default.
  const html = config.noRouteHtmlPath === '' ? '' : await readAtStart('no route HTML', config.noRouteHtmlPath, log)
  return new FileRegistry(config, { routes, html }, log)
}

/** The two blanks are Fabio's. */
async function readAtStart(what: string, path: string, log: Log): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    log.error(`Cannot read ${what} from  ${path}`)
    const { errno, message } = cause as NodeJS.ErrnoException
    throw new Error(`open ${path}: ${errno === undefined ? message : getSystemErrorMessage(errno)}`, { cause })
  }
}

class FileRegistry implements Registry {
  readonly #config: RegistryConfig['file']
  readonly #atStart: { readonly routes: string; readonly html: string }
  readonly #log: Log
  readonly #page: NoRoutePage
  readonly #started = Promise.withResolvers<void>()
  readonly #files: WatchedFile[] = []

  constructor(config: RegistryConfig['file'], atStart: { readonly routes: string; readonly html: string }, log: Log) {
    this.#config = config
    this.#atStart = atStart
    this.#log = log
    this.#page = new NoRoutePage(log)
  }

  start({ sink, onChange, onNoRouteHtml }: RegistryOutlet): void {
    const { path, noRouteHtmlPath } = this.#config
    const onRoutes = (text: string) => {
      sink.setText(path, text)
      onChange()
    }
    const onHtml = (html: string) => {
      if (this.#page.update(html)) onNoRouteHtml(html)
    }
    onRoutes(this.#atStart.routes)
    onHtml(this.#atStart.html)
    this.#watch('routes', path, this.#atStart.routes, onRoutes)
    if (noRouteHtmlPath !== '') this.#watch('no route HTML', noRouteHtmlPath, this.#atStart.html, onHtml)
    this.#started.resolve()
  }

  get ready(): Promise<void> {
    return this.#started.promise
  }

  get noRouteHtml(): string {
    return this.#page.html
  }

  status(): RegistryStatus {
    const sources = this.#files.map(file => file.status())
    const lost = sources.find(({ isConnected }) => !isConnected)
    return {
      backend: 'file',
      state: lost === undefined ? 'connected' : 'stale',
      since: (lost ?? sources[0])?.since ?? Date.now(),
      reason: lost?.error,
      sources,
      requests: 0,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map(file => file[Symbol.asyncDispose]()))
  }

  #watch(what: string, path: string, text: string, onText: (text: string) => void): void {
    this.#files.push(
      new WatchedFile({
        path,
        text,
        onText: changed => {
          this.#log.info(`Read ${what} from ${path} again`)
          onText(changed)
        },
        onLost: cause =>
          this.#log.warn(`Cannot read ${what} from ${path}, keeping what it said before. ${cause.message}`),
        onRegained: () => this.#log.info(`Can read ${what} from ${path} again`),
      }),
    )
  }
}
