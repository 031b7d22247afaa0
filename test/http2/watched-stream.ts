import assert from 'node:assert/strict'
import type { Http2Stream, StreamUser } from '../../src/http2/stream.ts'

const OK = [':status', '200', 'content-type', 'text/plain']
const BODY = Buffer.alloc(100_000, 'x')

/** A user of streams that does one of several things with each, and holds it to the order that is promised. */
export class WatchedStream implements StreamUser {
  readonly stream: Http2Stream
  isClosed = false
  private readonly isServer: boolean
  private readonly habit: number
  private hasHead = false
  private hasTrailers = false
  private hasEnded = false
  private isPaused = false

  constructor(stream: Http2Stream, role: 'server' | 'client', isWhole = false) {
    this.stream = stream
    this.isServer = role === 'server'
    this.habit = (stream.id >> 1) % 7
    this.hasHead = this.isServer
    this.hasEnded = isWhole
  }

  begin(): void {
    const { stream, habit, isServer } = this
    if (habit === 0) stream.reset(8)
    else if (habit === 1) this.pause()
    else if (habit === 2 && isServer) stream.sendHead({ fields: OK, isWhole: true })
    else if (habit === 3 && isServer) stream.sendHead({ fields: OK, isWhole: false })
    if (habit === 3 && !stream.write(BODY, 0, BODY.length)) return
    if (habit === 3) stream.end()
  }

  onHead(fields: string[], isWhole: boolean): void {
    this.isOpen()
    assert.equal(this.isServer, false)
    assert.equal(this.hasHead, false, 'two heads')
    assert.equal(fields[0], ':status')
    this.hasHead = Number(fields[1]) >= 200
    assert.ok(this.hasHead || !isWhole)
    if (this.habit === 4) this.stream.reset(8)
  }

  onData(bytes: Buffer, from: number, to: number): void {
    this.isOpen()
    assert.ok(this.hasHead && !this.hasEnded && !this.hasTrailers && !this.isPaused)
    assert.ok(from < to && to <= bytes.length)
    if (this.habit === 5) this.pause()
    if (this.habit === 6) this.stream.write(bytes, from, to)
  }

  onTrailers(): void {
    this.isOpen()
    assert.ok(this.hasHead && !this.hasEnded && !this.hasTrailers && !this.isPaused)
    this.hasTrailers = true
  }

  onEnd(): void {
    this.isOpen()
    assert.ok(this.hasHead && !this.hasEnded && !this.isPaused)
    this.hasEnded = true
    if (this.isServer) this.stream.sendHead({ fields: OK, isWhole: this.habit !== 6 })
    this.stream.sendTrailers(['x-sum', '1'])
  }

  onDrain(): void {
    this.isOpen()
    this.stream.end()
  }

  onClosed(code: number): void {
    this.isOpen()
    this.isClosed = true
    assert.ok(this.stream.isClosed)
    assert.ok(code >= 0)
  }

  private isOpen(): void {
    assert.equal(this.isClosed, false, 'something came after the end')
  }

  private pause(): void {
    this.isPaused = true
    this.stream.pause()
    setImmediate(() => {
      this.isPaused = false
      this.stream.resume()
    })
  }
}
