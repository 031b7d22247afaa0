import type { RegistryConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { NoRoutePage } from './no-route-page.ts'
import type { Registry } from './registry.ts'

/** Routes from the option `registry.static.routes`. They never change. */
export function createStaticRegistry(config: RegistryConfig['static'], log: Log): Registry {
  const page = new NoRoutePage(log)
  const started = Promise.withResolvers<void>()
  const since = Date.now()
  return {
    start({ sink, onChange, onNoRouteHtml }) {
      sink.setText(SOURCE, config.routes)
      onChange()
      if (page.update(config.noRouteHtml)) onNoRouteHtml(config.noRouteHtml)
      started.resolve()
    },
    ready: started.promise,
    get noRouteHtml() {
      return page.html
    },
    status: () => ({
      backend: 'static',
      state: 'connected',
      since,
      sources: [{ name: SOURCE, isConnected: true, since, lastContact: since, index: '', error: undefined }],
      requests: 0,
    }),
    async [Symbol.asyncDispose]() {},
  }
}

const SOURCE = 'registry.static.routes'
