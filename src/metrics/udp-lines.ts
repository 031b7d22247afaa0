import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import { type BackendAddress, type ResolvedAddress, resolveHost } from './backend-address.ts'
import { Outage } from './outage.ts'

/** Fits an Ethernet frame behind IPv6 and UDP headers, as the makers of statsd advise. */
const DATAGRAM_BYTES = 1432

/** What a DogStatsD server reads at most. A longer line would arrive cut, so it is not sent at all. */
const MAX_LINE_BYTES = 8192

/** After this many datagrams the receiver gets a moment: its socket buffer is about 200 KB, and what does not fit is lost. */
const BURST = 64

/**
 * Lines to a UDP server, as many as fit into one datagram, each ended by LF. A datagram with one line is byte for byte what
 * Fabio sends; it sends nothing but such.
 */
export class UdpLines {
  readonly #address: BackendAddress
  readonly #outage: Outage
  readonly #log: Log
  readonly #backend: string
  #socket: Socket | undefined
  #resolved: ResolvedAddress | undefined
  #toldTooLong = false
  /** Has a datagram been sent, and has nothing been refused since? Refusals come late, if at all. */
  #isUnrefused = false

  constructor(backend: string, address: BackendAddress, log: Log) {
    this.#backend = backend
    this.#address = address
    this.#log = log
    this.#outage = new Outage(`${backend} at ${address.host}:${address.port}`, log)
  }

  /** Resolves when all is handed to the network; a failure is logged once and ends the sending until the next call. */
  async send(lines: Iterable<string>): Promise<void> {
    if (this.#isUnrefused) this.#outage.succeeded()
    this.#isUnrefused = false
    let datagrams = 0
    try {
      for (const datagram of this.#pack(lines)) {
        const socket = await this.#connected()
        if (datagrams === 0) this.#isUnrefused = true
        await sendTo(socket, datagram)
        datagrams++
        if (datagrams % BURST === 0) await sleep(1)
      }
    } catch (cause) {
      this.#isUnrefused = false
      this.#outage.failed(cause)
    } finally {
      // The name is looked up anew for the next round: a server that moved is found again.
      this.#resolved = undefined
    }
  }

  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  *#pack(lines: Iterable<string>): Iterable<Buffer> {
    let pending = ''
    let pendingBytes = 0
    for (const line of lines) {
      const bytes = Buffer.byteLength(line) + 1
      if (bytes > MAX_LINE_BYTES) {
        this.#tellTooLong(line)
        continue
      }
      if (pendingBytes > 0 && pendingBytes + bytes > DATAGRAM_BYTES) {
        yield Buffer.from(pending)
        pending = ''
        pendingBytes = 0
      }
      pending += `${line}\n`
      pendingBytes += bytes
    }
    if (pendingBytes > 0) yield Buffer.from(pending)
  }

  #tellTooLong(line: string): void {
    if (this.#toldTooLong) return
    this.#toldTooLong = true
    this.#log.warn(
      `metrics: ${this.#backend}: not sending lines longer than ${MAX_LINE_BYTES} bytes, such as ${line.slice(0, 80)}…`,
    )
  }

  /** A connected socket, because only that learns that nobody listens. */
  async #connected(): Promise<Socket> {
    const known = this.#resolved
    if (this.#socket !== undefined && known !== undefined) return this.#socket
    const resolved = await resolveHost(this.#address.host)
    this.#resolved = resolved
    if (this.#socket?.remoteAddress().address === resolved.ip) return this.#socket
    this.close()
    const socket = createSocket({ type: resolved.family === 6 ? 'udp6' : 'udp4' })
    socket.unref()
    socket.on('error', cause => {
      this.#isUnrefused = false
      this.#outage.failed(cause)
    })
    this.#socket = socket
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(this.#address.port, resolved.ip, () => {
        socket.off('error', reject)
        resolve()
      })
    }).catch((cause: unknown) => {
      this.close()
      throw cause
    })
    return socket
  }
}

async function sendTo(socket: Socket, datagram: Buffer): Promise<void> {
  const first = await sendOnce(socket, datagram)
  if (first === undefined) return
  // The error may belong to an earlier datagram, in which case this one was not sent.
  const second = await sendOnce(socket, datagram)
  if (second !== undefined) throw second
}

function sendOnce(socket: Socket, datagram: Buffer): Promise<Error | undefined> {
  return new Promise(resolve => {
    socket.send(datagram, error => {
      resolve(error ?? undefined)
    })
  })
}
