import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/config/config-error.ts'
import { parseIpAddress } from '../../src/config/ip-address.ts'
import { type LoadResult, loadConfig } from '../../src/config/load.ts'
import type { InterfaceAddress, Machine } from '../../src/config/machine.ts'

export type Loaded = Extract<LoadResult, { kind: 'run' }>

/** A machine of which everything is known. */
export const MACHINE: Machine = {
  addresses: [
    onInterface('lo', 1, '127.0.0.1/8', ['up', 'loopback', 'running']),
    onInterface('lo', 1, '::1/128', ['up', 'loopback', 'running']),
    onInterface('eth0', 2, '203.0.114.9/25'),
    onInterface('eth0', 2, '10.1.2.3/24'),
    onInterface('eth0', 2, 'fe80::42:1/64'),
    onInterface('eth1', 3, '192.168.7.1/16'),
    onInterface('eth1', 3, 'fd00::2/48'),
    onInterface('eth1', 3, '2a01:4f8::17/64'),
  ],
  defaultInterface: 'eth0',
  cores: 4,
  temporaryDirectory: '/tmp',
  services: new Map([['http', 80]]),
}

interface Given {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Text of the properties file; its place in messages is `fabio.properties`. */
  readonly file?: string
}

/** Loads a configuration that is expected to be good. */
export async function loadFrom({ argv = [], env = {}, file }: Given): Promise<Loaded> {
  const result = await withFile(file, path => loadConfig({ argv: [...path, ...argv], env, machine: MACHINE }))
  if (result.kind !== 'run') throw new Error(`unexpected result ${result.kind}`)
  const origins = [...result.origins].map(
    ([name, origin]) => [name, { ...origin, place: hideFolder(origin.place) }] as const,
  )
  return {
    ...result,
    origins: new Map(origins),
    warnings: result.warnings.map(hideFolder),
    infos: result.infos.map(hideFolder),
  }
}

/** Loads a configuration that is expected to be refused. */
export async function refusalOf(given: Given): Promise<{ readonly message: string; readonly exitCode: number }> {
  try {
    await loadFrom(given)
  } catch (error) {
    if (error instanceof ConfigError) return { message: hideFolder(error.message), exitCode: error.exitCode }
    throw error
  }
  throw new Error('nothing was refused')
}

async function withFile<T>(text: string | undefined, use: (argv: readonly string[]) => Promise<T>): Promise<T> {
  if (text === undefined) return await use([])
  const folder = await mkdtemp(join(tmpdir(), 'fabio-config-'))
  try {
    const path = join(folder, 'fabio.properties')
    await writeFile(path, text)
    return await use(['-cfg', path])
  } finally {
    await rm(folder, { recursive: true })
  }
}

function hideFolder(message: string): string {
  return message.replaceAll(/[^\s(]*\/fabio\.properties/g, 'fabio.properties')
}

function onInterface(
  interfaceName: string,
  interfaceIndex: number,
  cidr: string,
  interfaceFlags: readonly string[] = ['up', 'broadcast', 'multicast', 'running'],
): InterfaceAddress {
  const address = parseIpAddress(cidr)
  if (address === undefined) throw new Error(`not an address: ${cidr}`)
  return { ...address, interfaceName, interfaceIndex, interfaceFlags }
}
