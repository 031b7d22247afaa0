import { constants, createGunzip, createGzip, type Gunzip, type Gzip, gzipSync } from 'node:zlib'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Exchange } from './exchange.ts'
import type { ResponseAdditions } from './response-head.ts'

/** Slows down and restarts where the body comes from. */
export interface BodySource {
  pause(): void
  resume(): void
}

/**
 * The body of an answer on its way through gzip (`proxy.gzip.contenttype`), or out of it. A stream stays one: each batch is flushed
 * through.
 */
export class RecodedBody {
  private readonly exchange: Exchange
  private readonly source: BodySource
  private readonly coder: Gzip | Gunzip | undefined
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
    this.coder = additions.isUnpacked ? createGunzip() : createGzip()
    this.coder.on('data', (bytes: Buffer) => this.pass(bytes))
    this.coder.on('drain', () => source.resume())
    this.coder.on('error', () => this.break())
    this.coder.on('end', () => {
      if (!this.isDead) exchange.downstream.sendEnd(this.trailers)
    })
  }

  write(bytes: Buffer, from: number, to: number): void {
    const copy = Buffer.from(bytes.subarray(from, to))
    if (this.coder === undefined) this.whole.push(copy)
    else if (!this.coder.write(copy)) this.source.pause()
  }

  flush(): void {
    if (this.isStream) this.coder?.flush(constants.Z_SYNC_FLUSH)
  }

  end(trailers: string): void {
    this.trailers = trailers
    if (this.coder !== undefined) {
      this.coder.end()
      return
    }
    const bytes = gzipSync(Buffer.concat(this.whole))
    this.pass(bytes)
    this.exchange.downstream.sendEnd(trailers)
  }

  /** The client has taken what it got. */
  resume(): void {
    this.coder?.resume()
  }

  destroy(): void {
    this.isDead = true
    this.coder?.destroy()
  }

  private pass(bytes: Buffer): void {
    if (this.isDead) return
    this.exchange.bodyBytes += bytes.length
    this.exchange.downstream.sendBody(bytes, 0, bytes.length)
    if (!this.exchange.downstream.flush()) this.coder?.pause()
  }

  private break(): void {
    if (this.isDead) return
    this.isDead = true
    this.exchange.downstream.abort()
  }
}
