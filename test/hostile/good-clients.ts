// Honest clients of a router under attack, in a thread of their own: how long they wait is not how busy the attackers are.

import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { RawClient, request } from '../harness/raw-client.ts'

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

/** Starts them. @returns what ends them and tells what they saw */
export function startGoodClients(port: number): () => Promise<Service> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } })
  const seen = new Promise<Service>((resolve, reject) => worker.once('message', resolve).once('error', reject))
  return () => {
    worker.postMessage('stop')
    return seen
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

async function serveThread(): Promise<void> {
  const { port } = workerData as { port: number }
  const stop = new AbortController()
  parentPort?.once('message', () => stop.abort())
  const all = await Promise.all(NAMES.map(name => askOnAndOn(port, name, stop.signal)))
  const service: Service = {
    asked: all.reduce((sum, { asked }) => sum + asked, 0),
    wrong: all.flatMap(({ wrong }) => wrong),
    slowestMs: Math.max(...all.map(one => one.slowestMs)),
  }
  parentPort?.postMessage(service)
}

if (!isMainThread) await serveThread()
