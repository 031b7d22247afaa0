import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { ConsulError } from './consul-error.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface LongAnswer {
  readonly statusCode: number
  readonly headers: Headers
  readonly body: Buffer
}

/** A buffer for all reads of a connection, in place of a new one each: megabytes outside of the heap a second, and the collections that they cost. */
const READ_BYTES = 262_144
/** A read that is no longer is copied: a head that comes in pieces is kept in pieces until it is whole. Longer heads are refused. */
const MAX_HEAD_BYTES = 16_384

/**
 * For sockets of a dispatcher that is only ever asked by `requestLong`, which takes what it is given before the next read. What undici is handed
 * are bytes of this one buffer.
 */
export function readIntoOneBuffer(): { buffer: Buffer; callback: (length: number, bytes: Uint8Array) => boolean } {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  return {
    buffer,
    callback(this: Socket | undefined, length: number): boolean {
      const read = buffer.subarray(0, length)
      this?.push(length > MAX_HEAD_BYTES ? read : Buffer.from(read))
      // Goes on when this was taken.
      return false
    },
  }
}

/**
 * One exchange whose answer is collected in `space`, or in more memory where that is not enough. Without a stream between the parser and the
 * memory: it would keep the pieces, and hold the connection up while it is not read.
 */
export function requestLong(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { space, maxBytes, signal }: { readonly space: Buffer; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<LongAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    const give = (cause: Error): void => {
      signal.removeEventListener('abort', onAbort)
      reject(cause)
      controller?.abort(cause)
    }
    const onAbort = (): void => give(asError(signal.reason))
    signal.addEventListener('abort', onAbort)
    let statusCode = 0
    let headers: Headers = {}
    let whole = space
    let bytes = 0
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started
        // Where it was given up before there was a connection for it.
        if (signal.aborted) started.abort(asError(signal.reason))
      },
      onResponseStart(_, status, fields) {
        statusCode = status
        headers = fields
      },
      onResponseData(_, piece) {
        if (bytes + piece.length > maxBytes)
          return give(new ConsulError(`the answer has more than ${maxBytes} bytes`, { kind: 'too-large' }))
        if (bytes + piece.length > whole.length) whole = enlarge(whole, bytes, piece.length)
        whole.set(piece, bytes)
        bytes += piece.length
      },
      onResponseEnd() {
        signal.removeEventListener('abort', onAbort)
        resolve({ statusCode, headers, body: whole.subarray(0, bytes) })
      },
      onResponseError(_, cause) {
        signal.removeEventListener('abort', onAbort)
        reject(cause)
      },
    })
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

/** More memory with the same beginning. */
export function enlarge(full: Buffer, used: number, more: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * full.length, used + more))
  larger.set(full.subarray(0, used))
  return larger
}
