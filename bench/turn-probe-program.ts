// Loaded into every thread (`node --import`): for how long did a thread look at nothing else? In processor time, which other work on the machine
// does not lengthen. Between two ticks of a timer that is always due lies one turn of the loop, and little more.

import { isMainThread } from 'node:worker_threads'

const TICK_MS = 1

if (!isMainThread) {
  const channel = new BroadcastChannel('turns')
  let worst = 0
  let before = process.threadCpuUsage()
  setInterval(() => {
    const now = process.threadCpuUsage()
    worst = Math.max(worst, (now.user + now.system - before.user - before.system) / 1000)
    before = now
  }, TICK_MS).unref()
  channel.onmessage = () => {
    channel.postMessage({ worst })
    worst = 0
  }
  channel.unref()
}
