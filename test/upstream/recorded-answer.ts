import type { Link } from '../../src/socket/link.ts'
import type { HttpConnection, ResponseReceiver, UpstreamFault } from '../../src/upstream/http-connection.ts'
import type { ConnectionSeeker, HttpPool } from '../../src/upstream/http-pool.ts'
import type { BodyKind } from '../../src/wire/http1-body.ts'
import type { Http1Head } from '../../src/wire/http1-head.ts'
import { until } from '../harness/until.ts'

/** Waits for one connection, sends one request on it, and takes down what comes of it. */
export class RecordedAnswer implements ConnectionSeeker, ResponseReceiver {
  connection: HttpConnection | undefined
  noConnection: string | undefined
  error: Error | undefined
  interims: number[] = []
  status = 0
  bodyKind: BodyKind | undefined
  body = ''
  trailers: string | undefined
  fault: UpstreamFault | undefined
  switched: { link: Link; rest: string } | undefined
  private readonly upgrade: string

  constructor(upgrade = '') {
    this.upgrade = upgrade
  }

  /** Asks on an idle connection of the pool, or else on a new one. */
  ask(pool: HttpPool): this {
    const idle = pool.take(Number.POSITIVE_INFINITY)
    if (idle === undefined) pool.connect(this)
    else this.onConnection(idle)
    return this
  }

  async whole(): Promise<this> {
    await until('the answer is whole', () => this.trailers !== undefined)
    return this
  }

  async failed(): Promise<string> {
    await until('there is no answer', () => this.fault !== undefined || this.noConnection !== undefined)
    return this.fault ?? this.noConnection ?? ''
  }

  onConnection(connection: HttpConnection): void {
    this.connection = connection
    connection.begin(this, { isHead: false, upgrade: this.upgrade, responseTimeoutMs: undefined })
    connection.link.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    connection.requestDone()
  }

  onNoConnection(fault: 'connect' | 'connect-timeout', error: Error | undefined): void {
    this.noConnection = fault
    this.error = error
  }

  onInformational(head: Http1Head): void {
    this.interims.push(head.status)
  }

  onHead(head: Http1Head, bodyKind: BodyKind): void {
    this.status = head.status
    this.bodyKind = bodyKind
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.body += bytes.toString('latin1', from, to)
  }

  onBatch(): void {}

  onAnswered(trailers: string): void {
    this.trailers = trailers
  }

  onFault(fault: UpstreamFault, error: Error | undefined): void {
    this.fault = fault
    this.error = error
  }

  onUpstreamDrain(): void {}

  onSwitch(_head: Http1Head, link: Link, rest: Buffer): void {
    this.switched = { link, rest: rest.toString('latin1') }
  }
}
