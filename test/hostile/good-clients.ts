// Honest clients of a router under attack, in a thread of their own: how long they wait is not how busy the attackers are.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, type MessagePort, parentPort, Worker } from 'node:worker_threads'
import { RawClient, request } from '../harness/raw-client.ts'
import { startGoodUpstream } from './upstreams.ts'

/** What they see. */
export interface Service {
  readonly asked: number
  /** Answers that were not the right ones, and connections that broke. */
  readonly wrong: readonly string[]
  readonly slowestMs: number
}

const NAMES = ['a', 'b', 'c', 'd']
const PATIENCE_MS = 10_000
/** A connection carries so many requests; the router must take new ones as well. */
const REQUESTS = 20

/** The thread of honest clients, and of the upstream they ask for. */
export class GoodClients implements AsyncDisposable {
  /** Of the upstream. */
  readonly url: string
  private readonly worker: Worker

  private constructor(worker: Worker, url: string) {
    this.worker = worker
    this.url = url
  }

  static async start(): Promise<GoodClients> {
    const worker = new Worker(new URL(import.meta.url))
    const [url] = (await once(worker, 'message')) as [string]
    return new GoodClients(worker, url)
  }

  /** They ask on and on from now on. */
  begin(port: number): void {
    this.worker.postMessage(port)
  }

  async stop(): Promise<Service> {
    const seen = once(this.worker, 'message')
    this.worker.postMessage('stop')
    const [service] = (await seen) as [Service]
    return service
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.terminate()
  }
}

/** Asks one question after the other, on connections that are kept and renewed, until the signal. */
async function askOnAndOn(port: number, name: string, signal: AbortSignal): Promise<Service> {
  const wrong: string[] = []
  let asked = 0
  let slowestMs = 0
  while (!signal.aborted) {
    try {
      await using client = await RawClient.connect(port)
      for (let i = 0; i < REQUESTS && !signal.aborted; i++) {
        const token = `${name}-${asked++}`
        const startedAt = performance.now()
        const { status, body } = await client.ask(question(token, asked % 4 === 0), PATIENCE_MS)
        slowestMs = Math.max(slowestMs, performance.now() - startedAt)
        if (status !== 200 || body !== token) wrong.push(`${token}: ${status} ${body}`)
        await sleep(20)
      }
    } catch (error) {
      wrong.push(`${name}-${asked}: ${String(error).slice(0, 200)}`)
      await sleep(20)
    }
  }
  return { asked, wrong, slowestMs }
}

function question(token: string, isPost: boolean): string {
  if (!isPost) return request(`GET /good/${token} HTTP/1.1`, 'Host: a')
  return `${request(`POST /good/${token} HTTP/1.1`, 'Host: a', 'Content-Length: 5')}hello`
}

async function askAll(port: number, signal: AbortSignal): Promise<Service> {
  const all = await Promise.all(NAMES.map(name => askOnAndOn(port, name, signal)))
  return {
    asked: all.reduce((sum, { asked }) => sum + asked, 0),
    wrong: all.flatMap(({ wrong }) => wrong),
    slowestMs: Math.max(...all.map(one => one.slowestMs)),
  }
}

async function runThread(port: MessagePort): Promise<void> {
  const { url } = await startGoodUpstream()
  let stop = new AbortController()
  port.on('message', (message: number | 'stop') => {
    if (message === 'stop') return stop.abort()
    stop = new AbortController()
    void askAll(message, stop.signal).then(service => port.postMessage(service))
  })
  port.postMessage(url)
}

if (!isMainThread && parentPort !== null) await runThread(parentPort)
