import * as grpc from '@grpc/grpc-js'

/** A call that has ended, as its client saw it. */
export interface EndedCall {
  readonly code: number
  readonly details: string
  readonly messages: readonly string[]
  readonly head: grpc.Metadata | undefined
  readonly trailers: grpc.Metadata
}

/** What calls of all kinds have in common. */
interface Noted {
  readonly metadata: grpc.Metadata
  getPath(): string
  getHost(): string
  on(event: 'cancelled', listener: () => void): unknown
}

const bytes = (value: Buffer): Buffer => value

function method(path: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  }
}

const SERVICE = {
  unary: method('/test.Echo/Unary', false, false),
  collect: method('/test.Echo/Collect', true, false),
  count: method('/test.Echo/Count', false, true),
  chat: method('/test.Echo/Chat', true, true),
}

export interface GrpcEcho extends AsyncDisposable {
  readonly port: number
  /** How many calls were cancelled by their client. */
  readonly cancelled: number
  /** Calls it has seen. */
  readonly calls: readonly { readonly path: string; readonly metadata: grpc.Metadata; readonly host: string }[]
  /** Ends as a deploy does: no new calls, those under way may finish. */
  shutdown(): Promise<void>
}

/** A gRPC server of `@grpc/grpc-js`. `fail:CODE:TEXT` makes Unary fail, `hang` keeps it from answering. */
export async function startGrpcEcho(
  options: { readonly name?: string; readonly credentials?: grpc.ServerCredentials; readonly port?: number } = {},
): Promise<GrpcEcho> {
  const { name = 'echo', credentials = grpc.ServerCredentials.createInsecure(), port = 0 } = options
  const calls: { path: string; metadata: grpc.Metadata; host: string }[] = []
  let cancelled = 0
  const note = (call: Noted): void => {
    calls.push({ path: call.getPath(), metadata: call.metadata, host: call.getHost() })
    call.on('cancelled', () => {
      cancelled++
    })
  }
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(SERVICE, {
    unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      note(call)
      const head = new grpc.Metadata()
      head.set('server', name)
      call.sendMetadata(head)
      const text = String(call.request)
      const [, code, details] = /^fail:(\d+):(.*)$/.exec(text) ?? []
      const trailers = new grpc.Metadata()
      trailers.set('trailing', 'yes')
      trailers.set('trailing-bin', Buffer.from([0, 255]))
      if (code !== undefined) callback({ code: Number(code), details: details ?? '', metadata: trailers })
      else if (text.startsWith('size:')) callback(null, Buffer.alloc(Number(text.slice(5))))
      else if (text !== 'hang') callback(null, call.request, trailers)
    },
    collect(call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      note(call)
      let received = 0
      call.on('data', (message: Buffer) => {
        received += message.length
      })
      call.on('end', () => callback(null, Buffer.from(String(received))))
    },
    count(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      note(call)
      const until = Number(String(call.request))
      for (let i = 1; i <= until; i++) call.write(Buffer.from(String(i)))
      call.end()
    },
    chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      note(call)
      call.on('data', (message: Buffer) => call.write(message))
      call.on('end', () => call.end())
    },
  })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) => (error === null ? resolve(at) : reject(error)))
  })
  return {
    port: bound,
    get cancelled() {
      return cancelled
    },
    calls,
    shutdown: () => new Promise(resolve => server.tryShutdown(() => resolve())),
    async [Symbol.asyncDispose]() {
      server.forceShutdown()
    },
  }
}

/** A client of `@grpc/grpc-js` without a schema: messages are bytes. */
export class GrpcClient implements Disposable {
  private readonly client: grpc.Client

  constructor(port: number, credentials = grpc.credentials.createInsecure(), options: grpc.ClientOptions = {}) {
    const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }
    this.client = new grpc.Client(`127.0.0.1:${port}`, credentials, { ...unlimited, ...options })
  }

  async unary(
    path: string,
    message: string | Buffer = '',
    {
      metadata = {},
      ...options
    }: grpc.CallOptions & { readonly metadata?: Readonly<Record<string, string | readonly string[]>> } = {},
  ): Promise<EndedCall> {
    const call = this.client.makeServerStreamRequest(
      path,
      bytes,
      bytes,
      Buffer.from(message),
      metadataOf(metadata),
      options,
    )
    return await ended(call)
  }

  /** Sends all messages, with a breath between them, and ends. */
  async stream(path: string, messages: readonly (string | Buffer)[]): Promise<EndedCall> {
    const call = this.client.makeBidiStreamRequest(path, bytes, bytes, new grpc.Metadata())
    const end = ended(call)
    for (const message of messages) {
      call.write(Buffer.from(message))
      await new Promise(resolve => setImmediate(resolve))
    }
    call.end()
    return await end
  }

  open(path: string): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(path, bytes, bytes, new grpc.Metadata())
  }

  [Symbol.dispose](): void {
    this.client.close()
  }
}

/** Resolves with the status of a call, whatever it is. */
export function ended(
  call: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>,
): Promise<EndedCall> {
  const messages: string[] = []
  let head: grpc.Metadata | undefined
  call.on('metadata', (metadata: grpc.Metadata) => {
    head = metadata
  })
  call.on('data', (message: Buffer) => messages.push(message.toString('latin1')))
  // What the error says, the status says too.
  call.on('error', () => {})
  return new Promise(resolve => {
    call.on('status', ({ code, details, metadata }: grpc.StatusObject) =>
      setImmediate(() => resolve({ code, details, messages, head, trailers: metadata })),
    )
  })
}

function metadataOf(values: Readonly<Record<string, string | readonly string[]>>): grpc.Metadata {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(values)) {
    for (const one of typeof value === 'string' ? [value] : value) metadata.add(name, one)
  }
  return metadata
}
