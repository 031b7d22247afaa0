import { constants, createGzip, type Gzip, gzipSync } from 'node:zlib'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Exchange } from './exchange.ts'
import type { ResponseAdditions } from './response-head.ts'

/** Slows down and restarts where the body comes from. */
export interface BodySource {
  pause(): void
  resume(): void
}

/** The body of an answer on its way through gzip (`proxy.gzip.contenttype`). A stream stays one: each batch is flushed through. */
export class CompressedBody {
  private readonly exchange: Exchange
  private readonly source: BodySource
  private readonly gzip: Gzip | undefined
  private readonly isStream: boolean
  /** A small body, collected and compressed in one go so that its length is known. */
  private whole: Buffer[] = []
  private trailers = ''
  private isDead = false

  constructor(exchange: Exchange, additions: ResponseAdditions, bodyKind: BodyKind, source: BodySource) {
    this.exchange = exchange
    this.source = source
    this.isStream = bodyKind !== 'length'
    if (additions.isWhole) return
    this.gzip = createGzip()
    this.gzip.on('data', (bytes: Buffer) => this.pass(bytes))
    this.gzip.on('drain', () => source.resume())
    this.gzip.on('error', () => this.break())
    this.gzip.on('end', () => {
      if (!this.isDead) exchange.downstream.sendEnd(this.trailers)
    })
  }

  write(bytes: Buffer, from: number, to: number): void {
    const copy = Buffer.from(bytes.subarray(from, to))
    if (this.gzip === undefined) this.whole.push(copy)
    else if (!this.gzip.write(copy)) this.source.pause()
  }

  flush(): void {
    if (this.isStream) this.gzip?.flush(constants.Z_SYNC_FLUSH)
  }

  end(trailers: string): void {
    this.trailers = trailers
    if (this.gzip !== undefined) {
      this.gzip.end()
      return
    }
    const bytes = gzipSync(Buffer.concat(this.whole))
    this.pass(bytes)
    this.exchange.downstream.sendEnd(trailers)
  }

  /** The client has taken what it got. */
  resume(): void {
    this.gzip?.resume()
  }

  destroy(): void {
    this.isDead = true
    this.gzip?.destroy()
  }

  private pass(bytes: Buffer): void {
    if (this.isDead) return
    this.exchange.bodyBytes += bytes.length
    this.exchange.downstream.sendBody(bytes, 0, bytes.length)
    if (!this.exchange.downstream.flush()) this.gzip?.pause()
  }

  private break(): void {
    if (this.isDead) return
    this.isDead = true
    this.exchange.downstream.abort()
  }
}
