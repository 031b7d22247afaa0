import type { Config } from '../config/config.ts'
import { probeListener } from '../listener/listener.ts'
import type { Log } from '../log/log.ts'
import type { Route } from '../route/table.ts'
import { DynamicPorts } from './dynamic-ports.ts'
import type { ToWorker } from './messages.ts'

type PortMessage = Extract<ToWorker, { kind: 'open-port' | 'close-port' }>

/** All listeners with `proto=tcp-dynamic`, as the workers are told of them. */
export class DynamicListeners implements Disposable {
  private readonly listeners = new Map<number, DynamicPorts>()

  constructor(
    { config, log, routes }: { readonly config: Config; readonly log: Log; routes(): Iterable<Route> },
    post: (message: PortMessage) => void,
  ) {
    for (const [listener, spec] of config.proxy.listeners.entries()) {
      if (spec.proto !== 'tcp-dynamic') continue
      const ports = new DynamicPorts({
        spec,
        log,
        routes,
        probe: port => probeListener({ ...spec, addr: `:${port}`, host: '', port }),
        open: port => post({ kind: 'open-port', listener, port }),
        close: port => post({ kind: 'close-port', port }),
      })
      this.listeners.set(listener, ports)
    }
  }

  /** A new worker opens what is open. */
  tell(worker: { post(message: PortMessage): void }): void {
    for (const [listener, { ports }] of this.listeners)
      for (const port of ports) worker.post({ kind: 'open-port', listener, port })
  }

  [Symbol.dispose](): void {
    for (const ports of this.listeners.values()) ports[Symbol.dispose]()
  }
}
