import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { GeneratorTask } from './generator-task.ts'
import { type GeneratedLoad, httpMessages } from './load.ts'
import { clientFrame, HANDSHAKE, serverFrameBytes } from './websocket.ts'

/** A connection of the load: one operation at a time. */
export class LoadConnection {
  onDone: (isGood: boolean) => void = () => {}
  /** When its operation was to begin. */
  dueAt = 0
  /** Bytes, ever. */
  received = 0
  private socket!: Socket
  private readonly task: GeneratorTask
  private readonly messages: readonly Buffer[]
  private readonly replyBytes: number
  private readonly closes: boolean
  private isWaiting = false
  private next = 0
  /** Bytes of the answer that are still to come; -1 while its head is. */
  private missing = -1
  private head = ''

  private constructor(task: GeneratorTask, first: number) {
    this.task = task
    const { load } = task
    this.messages = messagesOf(load)
    this.replyBytes = replyBytesOf(load)
    this.closes = load.kind === 'http' && load.closes === true
    this.next = first
  }

  static async open(task: GeneratorTask): Promise<LoadConnection> {
    const connection = new LoadConnection(task, opened++ * 17)
    await connection.connect()
    if (task.load.kind === 'websocket') await connection.shakeHands()
    if (task.load.kind === 'bulk') connection.socket.write('BULK')
    return connection
  }

  send(): void {
    this.isWaiting = true
    this.missing = this.replyBytes
    this.head = ''
    if (this.socket.destroyed) {
      void this.connect().then(
        () => this.write(),
        () => this.done(false),
      )
    } else {
      this.write()
    }
  }

  /** One operation, and its end. */
  exchange(): Promise<void> {
    const { onDone } = this
    return new Promise(resolve => {
      this.onDone = isGood => {
        onDone(isGood)
        resolve()
      }
      this.send()
    })
  }

  private async connect(): Promise<void> {
    const socket = connect({ port: this.task.port, host: '127.0.0.1', noDelay: true })
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.onBytes(bytes))
    socket.on('error', () => socket.destroy())
    await once(socket, 'connect')
    socket.on('close', () => {
      if (this.socket === socket && this.isWaiting) this.done(false)
    })
  }

  private async shakeHands(): Promise<void> {
    this.socket.write(HANDSHAKE)
    while (!this.head.includes('\r\n\r\n')) await once(this.socket, 'data')
    if (!this.head.startsWith('HTTP/1.1 101')) throw new Error(`no WebSocket: ${this.head}`)
  }

  private write(): void {
    const { messages } = this
    this.next = (this.next + 1) % messages.length
    this.socket.write(messages[this.next]!)
  }

  private onBytes(bytes: Buffer): void {
    this.received += bytes.length
    if (!this.isWaiting) {
      if (this.task.load.kind === 'websocket') this.head += bytes.toString('latin1')
      return
    }
    if (this.missing >= 0) this.missing -= bytes.length
    else this.readHead(bytes)
    if (this.missing === 0) this.done(this.head === '' || this.head.startsWith('HTTP/1.1 2'))
  }

  private readHead(bytes: Buffer): void {
    this.head += bytes.toString('latin1')
    const end = this.head.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.head.slice(0, end + 2))?.[1]
    if (length === undefined) this.socket.destroy()
    else this.missing = end + 4 + Number(length) - this.head.length
  }

  private done(isGood: boolean): void {
    this.isWaiting = false
    if (this.closes) this.socket.destroy()
    this.onDone(isGood)
  }
}

let opened = 0
const made = new Map<GeneratedLoad, readonly Buffer[]>()

function messagesOf(load: GeneratedLoad): readonly Buffer[] {
  const known = made.get(load)
  if (known !== undefined) return known
  const messages = makeMessages(load)
  made.set(load, messages)
  return messages
}

function makeMessages(load: GeneratedLoad): readonly Buffer[] {
  switch (load.kind) {
    case 'http':
      return httpMessages(load).map(({ head, bodyBytes }) =>
        Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(bodyBytes, 'x')]),
      )
    case 'websocket':
      return [clientFrame(Buffer.alloc(load.messageBytes, 'm'))]
    case 'tcp':
      return [Buffer.alloc(load.messageBytes, 'm')]
    case 'bulk':
      return []
  }
}

/** How long an answer is, where that is known beforehand. */
function replyBytesOf(load: GeneratedLoad): number {
  if (load.kind === 'websocket') return serverFrameBytes(load.messageBytes)
  return load.kind === 'tcp' ? load.messageBytes : -1
}
