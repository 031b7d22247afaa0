import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A way to a TCP server that leads through a network namespace of its own, and can be parted there: packets are lost in both directions, as
 * between two machines when a cable is pulled. Not permitted everywhere: ask `refusal()` before.
 */
export class NetworkPath implements AsyncDisposable {
  /** `host:port` */
  readonly addr: string
  readonly #names: Names
  readonly #forwarder: ChildProcess
  readonly #server: Server

  private constructor(addr: string, parts: { names: Names; forwarder: ChildProcess; server: Server }) {
    this.addr = addr
    this.#names = parts.names
    this.#forwarder = parts.forwarder
    this.#server = parts.server
  }

  /** Why this machine does not permit it; undefined when it does. */
  static async refusal(): Promise<string | undefined> {
    const names = namesOf()
    try {
      await setUp(names)
      return undefined
    } catch (cause) {
      const reason = cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : String(cause)
      return `network namespaces are not permitted here (${reason})`
    } finally {
      await tearDown(names)
    }
  }

  /** To `host:port` on this machine. */
  static async to(target: string): Promise<NetworkPath> {
    const names = namesOf()
    const [host = '', port = ''] = target.split(':')
    const server = createServer(near => {
      const far = connect(Number(port), host)
      pipeline(near, far, near, () => {
        // Either end has gone, and so has the other.
      })
    })
    try {
      await setUp(names)
      server.listen(0, names.near)
      await once(server, 'listening')
      const address = server.address()
      const nearPort = typeof address === 'object' && address !== null ? address.port : 0
      const program = join(import.meta.dirname, 'forward-process.ts')
      const args = ['netns', 'exec', names.space, process.execPath, program, names.far, names.near, String(nearPort)]
      const forwarder = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const [line] = (await once(forwarder.stdout, 'data')) as [Buffer]
      return new NetworkPath(`${names.far}:${Number(line.toString())}`, { names, forwarder, server })
    } catch (cause) {
      server.close()
      await tearDown(names)
      throw cause
    }
  }

  /** From here on everything is lost, without a word. */
  async part(): Promise<void> {
    await run('ip', ['-n', this.#names.space, 'link', 'set', this.#names.farLink, 'down'])
  }

  async mend(): Promise<void> {
    await run('ip', ['-n', this.#names.space, 'link', 'set', this.#names.farLink, 'up'])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#forwarder, 'exit')
    if (this.#forwarder.exitCode === null && this.#forwarder.kill('SIGKILL')) await exited
    this.#server.close()
    await tearDown(this.#names)
  }
}

interface Names {
  readonly space: string
  readonly nearLink: string
  readonly farLink: string
  readonly near: string
  readonly far: string
}

let count = 0

/** Unlike those of any other process on this machine, as far as a number goes. */
function namesOf(): Names {
  const mark = `${process.pid}x${count++}`
  const net = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) & 255}`
  const at = (count % 60) * 4
  return {
    space: `f${mark}`,
    nearLink: `n${mark}`,
    farLink: `r${mark}`,
    near: `${net}.${at + 1}`,
    far: `${net}.${at + 2}`,
  }
}

async function setUp({ space, nearLink, farLink, near, far }: Names): Promise<void> {
  await run('ip', ['netns', 'add', space])
  await run('ip', ['link', 'add', nearLink, 'type', 'veth', 'peer', 'name', farLink, 'netns', space])
  await run('ip', ['addr', 'add', `${near}/30`, 'dev', nearLink])
  await run('ip', ['link', 'set', nearLink, 'up'])
  await run('ip', ['-n', space, 'addr', 'add', `${far}/30`, 'dev', farLink])
  await run('ip', ['-n', space, 'link', 'set', farLink, 'up'])
}

/** With the namespace goes its end of the pair, and with that the other. */
async function tearDown({ space, nearLink }: Names): Promise<void> {
  for (const args of [
    ['link', 'delete', nearLink],
    ['netns', 'delete', space],
  ])
    await run('ip', args).catch(() => {
      // Was never made.
    })
}
