import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { both, put } from '../cert/follow-source.ts'
import { answering, OK, startRawUpstream } from './raw-upstream.ts'
import { startFabio } from './start-fabio.ts'
import { TestAuthority } from './test-authority.ts'

export interface Rotation {
  readonly requests: number
  /** Of a handshake or a request; the first ones in words. */
  readonly failures: readonly string[]
  /** Serial numbers of the certificates that clients were shown. */
  readonly shown: ReadonlySet<string>
  /** How many times a certificate was replaced. */
  readonly replaced: number
  readonly seconds: number
}

/**
 * HTTPS requests, each on a new connection with a whole handshake, while the certificate of their name, and another beside it, is
 * replaced every second.
 * @param ratePerSecond 0 as many as there can be
 */
export async function rotateUnderLoad(options: {
  readonly seconds: number
  readonly clients: number
  readonly ratePerSecond: number
}): Promise<Rotation> {
  await using authority = await TestAuthority.create()
  await using upstream = await startRawUpstream(answering(OK))
  const directory = join(authority.directory, 'certs')
  const issue = async (): Promise<void> => {
    await put(directory, 'b.pem', both(await authority.issue('b.test')))
    await put(directory, 'a.pem', both(await authority.issue('a.test')))
  }
  await issue()
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=dir',
    flags: ['-proxy.cs', `cs=dir;type=path;cert=${directory};refresh=1s`],
    logLevel: 'ERROR',
  })
  const trusting = tls.createSecureContext({ ca: authority.ca })
  const failures: string[] = []
  const shown = new Set<string>()
  let requests = 0
  let replaced = 0
  const startedAt = performance.now()
  const until = startedAt + options.seconds * 1000
  const rotating = (async () => {
    while (performance.now() < until) {
      await issue()
      replaced++
      await sleep(700)
    }
  })()
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const dueAt = options.ratePerSecond === 0 ? 0 : startedAt + (requests * 1000) / options.ratePerSecond
      requests++
      if (dueAt > performance.now()) await sleep(dueAt - performance.now())
      try {
        shown.add(await ask(fabio.port, trusting))
      } catch (cause) {
        failures.push(String(cause))
      }
    }
  }
  await Promise.all(Array.from({ length: options.clients }, client))
  await rotating
  return { requests, failures, shown, replaced, seconds: (performance.now() - startedAt) / 1000 }
}

/** One request on a connection of its own. @returns the serial number of the certificate */
async function ask(port: number, secureContext: tls.SecureContext): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'a.test', secureContext })
  try {
    await once(socket, 'secureConnect')
    const serial = socket.getPeerCertificate().serialNumber
    socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    const [answer] = await once(socket, 'data')
    if (!String(answer).startsWith('HTTP/1.1 200 ')) throw new Error(String(answer).slice(0, 80))
    return serial
  } finally {
    socket.destroy()
  }
}
