import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { RegistryConfig } from '../../src/config/config.ts'
import type { RouteCommand } from '../../src/route/command.ts'
import { parseRouteCommands } from '../../src/route/parse-commands.ts'
import { registryConfig } from './registry-config.ts'

/** What the endpoint does with a request. */
export type Answer = (req: IncomingMessage, res: ServerResponse) => void

export interface CustomServer extends AsyncDisposable {
  /** `127.0.0.1:4711` */
  readonly host: string
  /** Changes what it answers from now on. */
  answer: Answer
  /** Of every request so far: the target and the headers. */
  readonly requests: readonly IncomingMessage[]
  /** Resolves with the next request from now on, after it was answered. */
  nextRequest(): Promise<IncomingMessage>
  /** `registry.*` for this endpoint, asked ten times a second. */
  config(changes?: Partial<RegistryConfig['custom']>): RegistryConfig
}

/** An endpoint of the custom registry on a port of its own. */
export async function startCustomServer(
  answer: Answer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<CustomServer> {
  const requests: IncomingMessage[] = []
  let next = Promise.withResolvers<IncomingMessage>()
  const listener: RequestListener = (req, res) => {
    requests.push(req)
    custom.answer(req, res)
    res.on('close', () => {
      const { resolve } = next
      next = Promise.withResolvers()
      resolve(req)
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  const custom: CustomServer = {
    host,
    answer,
    requests,
    nextRequest: () => next.promise,
    config: changes =>
      registryConfig({
        backend: 'custom',
        custom: {
          host,
          scheme: tls === undefined ? 'http' : 'https',
          path: 'routes',
          queryParams: '',
          noRouteHtml: '',
          checkTlsSkipVerify: false,
          timeoutMs: 10_000,
          pollIntervalMs: 0,
          ...changes,
        },
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return custom
}

/** Answers 200 with a text. */
export function text(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_req, res) => res.writeHead(200, headers).end(body)
}

/** Answers with commands, as the endpoint writes them. */
export function commands(routes: string): Answer {
  return text(JSON.stringify(parseRouteCommands(routes).commands.map(asElement)))
}

function asElement(command: RouteCommand): object {
  switch (command.kind) {
    case 'add': {
      const { service, dst, fixedWeight: weight, tags, options } = command.target
      return { cmd: 'route add', service, src: command.src, dst, weight, tags, opts: Object.fromEntries(options) }
    }
    case 'remove':
      return { cmd: 'route del', service: command.service, src: command.src, dst: command.dst, tags: command.tags }
    case 'weigh':
      return { cmd: 'route weight', service: command.service, src: command.src, weight: command.weight }
  }
}
