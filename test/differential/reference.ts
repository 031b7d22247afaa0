// The original, as its binary.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { findPorts } from '../harness/spawn-fabio.ts'
import { until } from '../harness/until.ts'
import type { Abilities } from './generate.ts'

export const NEW: Abilities = {
  redirects: true,
  accessRules: true,
  prepend: true,
  hostNames: true,
  cleansPaths: true,
  globHosts: true,
  optionsPerTarget: true,
  foldsHosts: true,
  strips: true,
  sendsHost: true,
  authenticates: true,
  matches: true,
}

const OLD: Abilities = {
  redirects: false,
  accessRules: false,
  prepend: false,
  hostNames: false,
  cleansPaths: false,
  globHosts: false,
  optionsPerTarget: false,
  foldsHosts: false,
  strips: false,
  sendsHost: false,
  authenticates: false,
  matches: false,
}

/** Releases before 1.7 know less, and meant some things differently (docs/differences.md says which release is followed). */
export function abilitiesOf(path: string): Abilities {
  const version = execFileSync(path, ['-v']).toString().trim()
  if (/^1\.5\.[0-3]\b/.test(version)) return OLD
  return { ...NEW, cleansPaths: !/^1\.([0-6]\.|7\.[0-2]\b)/.test(version) }
}

export async function startReference(
  path: string,
  routes: string,
  moreFlags: readonly string[],
): Promise<AsyncDisposable & { port: number }> {
  const [port = 0, ui = 0] = await findPorts(2)
  const flags = ['-registry.backend', 'static', '-registry.static.routes', routes]
  flags.push('-proxy.addr', `127.0.0.1:${port}`, '-ui.addr', `127.0.0.1:${ui}`)
  const child = spawn(path, [...flags, ...moreFlags], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const reference = {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
  try {
    await until('the original listens', () => takesConnections(port))
  } catch (cause) {
    await reference[Symbol.asyncDispose]()
    throw cause
  }
  return reference
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
