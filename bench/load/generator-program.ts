// A load generator of our own, for what wrk does not do: a fixed rate, WebSockets, TCP, connections at rest. It runs as a
// process of its own, on the processor of the load.

import { performance } from 'node:perf_hooks'
import { LoadConnection } from './connection.ts'
import type { GeneratorResult, GeneratorTask } from './generator-task.ts'

/** Connections opened at the same time. */
const OPENING = 64
/** What is still under way at the end is waited for this long. */
const TAIL_MS = 2000
const BULK_UNIT = 1_048_576

const task = JSON.parse(process.argv[2] ?? '{}') as GeneratorTask
const connections = await openAll()
if (task.isIdle === true) await keepOpen()
else process.stdout.write(`${JSON.stringify(task.load.kind === 'bulk' ? await runBulk() : await runOperations())}\n`)
process.exit(0)

async function openAll(): Promise<LoadConnection[]> {
  const opened: LoadConnection[] = []
  while (opened.length < task.load.connections) {
    const missing = Math.min(OPENING, task.load.connections - opened.length)
    opened.push(...(await Promise.all(Array.from({ length: missing }, () => LoadConnection.open(task)))))
  }
  return opened
}

async function keepOpen(): Promise<void> {
  let errors = 0
  for (const connection of connections) {
    connection.onDone = isGood => {
      if (!isGood) errors++
    }
  }
  for (let i = 0; i < connections.length; i += OPENING) {
    const group = connections.slice(i, i + OPENING)
    await Promise.all(group.map(connection => connection.exchange()))
  }
  process.stdout.write(`${JSON.stringify({ open: connections.length - errors })}\n`)
  for await (const piece of process.stdin) void piece
}

async function runBulk(): Promise<GeneratorResult> {
  const startedAt = performance.now()
  const before = connections.reduce((sum, connection) => sum + connection.received, 0)
  await new Promise(resolve => setTimeout(resolve, task.seconds * 1000))
  const bytes = connections.reduce((sum, connection) => sum + connection.received, 0) - before
  const seconds = (performance.now() - startedAt) / 1000
  return { operations: bytes / BULK_UNIT, seconds, errors: 0, p50: 0, p99: 0, p999: 0, late: 0 }
}

async function runOperations(): Promise<GeneratorResult> {
  const times: number[] = []
  const lateness: number[] = []
  let errors = 0
  const startedAt = performance.now()
  const endsAt = startedAt + task.seconds * 1000
  const { rate } = task
  const free: LoadConnection[] = [...connections]
  /** When operations were due that no connection was free for. */
  const waiting: number[] = []
  let waitingFrom = 0
  let underWay = 0

  const begin = (connection: LoadConnection, dueAt: number): void => {
    underWay++
    connection.dueAt = dueAt
    connection.send()
  }
  for (const connection of connections) {
    connection.onDone = isGood => {
      underWay--
      const now = performance.now()
      if (!isGood) errors++
      else if (rate !== undefined || now <= endsAt) times.push(now - connection.dueAt)
      if (waitingFrom < waiting.length) return begin(connection, waiting[waitingFrom++]!)
      if (rate === undefined && now < endsAt) return begin(connection, now)
      free.push(connection)
    }
  }
  if (rate === undefined) {
    for (const connection of free.splice(0)) begin(connection, startedAt)
  } else {
    let begun = 0
    await new Promise<void>(resolve => {
      const ticker = setInterval(() => {
        const now = performance.now()
        const due = Math.floor(((Math.min(now, endsAt) - startedAt) * rate) / 1000)
        for (; begun < due; begun++) {
          lateness.push(now - (startedAt + (begun * 1000) / rate))
          const connection = free.pop()
          if (connection === undefined) waiting.push(now)
          else begin(connection, now)
        }
        if (now < endsAt) return
        clearInterval(ticker)
        resolve()
      }, 1)
    })
  }
  const deadline = endsAt + TAIL_MS
  while ((underWay > 0 || performance.now() < endsAt) && performance.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  times.sort((a, b) => a - b)
  lateness.sort((a, b) => a - b)
  return {
    operations: times.length,
    seconds: task.seconds,
    // What never came back is not left out of the count: it is an error.
    errors: errors + (rate === undefined ? 0 : underWay + waiting.length - waitingFrom),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
    late: quantile(lateness, 0.99),
  }
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
