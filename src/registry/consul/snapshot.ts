import { open, readFile, rename, rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { type AgentSelf, type CatalogInstance, decodeCatalogInstances } from '../../consul/decode.ts'

/** The last good routes, as far as they come from Consul. */
export interface Snapshot {
  /** In milliseconds since 1970. */
  readonly writtenAt: number
  /** Which Consul it is of: address, namespace and the like as one text. */
  readonly origin: string
  readonly agent: AgentSelf
  /** All that are routed. */
  readonly instances: readonly CatalogInstance[]
  /** The operator's route commands by key. */
  readonly texts: ReadonlyMap<string, string>
  readonly noRouteHtml: string
}

/** Raised when what is written changes its meaning. A file of another version is left alone. */
const VERSION = 1
const FORMAT = 'fabio routes'
/** So many are written before other work gets its turn. */
const INSTANCES_PER_TURN = 1000

/**
 * Writes the file anew beside the old one, and puts it in its place when it is whole and on the disk. One line a thing, in JSON: the head, the
 * texts, the page, the instances as Consul writes them, and a last line that says how many there are.
 */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  const { writtenAt, origin, agent, instances, texts, noRouteHtml } = snapshot
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using file = await open(temporary, 'w', 0o600)
    await file.write(`${JSON.stringify({ format: FORMAT, version: VERSION, writtenAt, origin, agent })}\n`)
    await file.write(`${JSON.stringify({ texts: [...texts], noRouteHtml })}\n`)
    for (let from = 0; from < instances.length; from += INSTANCES_PER_TURN) {
      const lines = instances.slice(from, from + INSTANCES_PER_TURN).map(instance => JSON.stringify(encode(instance)))
      await file.write(`${lines.join('\n')}\n`)
      await setImmediate()
    }
    await file.write(`${JSON.stringify({ instances: instances.length })}\n`)
    await file.sync()
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause
  }
}

/** Undefined when there is no such file. Throws an Error that says what is wrong with it. */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw cause
  })
  if (text === undefined) return undefined
  const lines = text.split('\n').slice(0, -1)
  const [head, texts, ...rest] = lines.map((line, at) => parseLine(line, at + 1))
  const end = rest.pop()
  const { format, version, writtenAt, origin, agent } = head ?? {}
  if (format !== FORMAT) throw new Error('it is no file of routes')
  if (version !== VERSION) throw new Error(`it is of version ${String(version)}, and only ${VERSION} is known`)
  if (end?.instances !== rest.length) throw new Error('it is not whole')
  if (typeof writtenAt !== 'number' || typeof origin !== 'string') throw new Error('its first line lacks something')
  const page = texts?.noRouteHtml
  return {
    writtenAt,
    origin,
    agent: readAgent(agent),
    instances: decodeCatalogInstances(rest),
    texts: readTexts(texts?.texts),
    noRouteHtml: typeof page === 'string' ? page : '',
  }
}

type Line = Readonly<Record<string, unknown>>

function parseLine(line: string, number: number): Line {
  try {
    const parsed: unknown = JSON.parse(line)
    if (isObject(parsed)) return parsed
  } catch {
    // What it is instead does not matter.
  }
  throw new Error(`line ${number} is no JSON object`)
}

function isObject(json: unknown): json is Line {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function readAgent(json: unknown): AgentSelf {
  const { datacenter, nodeName } = isObject(json) ? json : {}
  if (typeof datacenter !== 'string' || typeof nodeName !== 'string') throw new Error('its first line has no agent')
  return { datacenter, nodeName }
}

function readTexts(json: unknown): Map<string, string> {
  const texts = new Map<string, string>()
  for (const pair of Array.isArray(json) ? json : []) {
    const [key, text]: unknown[] = Array.isArray(pair) ? pair : []
    if (typeof key !== 'string' || typeof text !== 'string') throw new Error('its second line has a text that is none')
    texts.set(key, text)
  }
  return texts
}

/** The words of Consul's catalogue, so that its decoder reads them. */
function encode(instance: CatalogInstance): object {
  return {
    Node: instance.node,
    Address: instance.nodeAddress,
    ServiceID: instance.serviceId,
    ServiceName: instance.serviceName,
    ServiceAddress: instance.serviceAddress,
    ServicePort: instance.servicePort,
    ServiceTags: instance.serviceTags,
    ModifyIndex: instance.modifyIndex,
  }
}
