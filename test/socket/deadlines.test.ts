import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadlines, type Expiring } from '../../src/socket/deadlines.ts'
import { until } from '../harness/until.ts'

/** Takes down when it was called. */
class Task implements Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  readonly calls: number[] = []
  wantedAt = Number.POSITIVE_INFINITY
  onCall: () => void = () => {}

  onDeadline(): void {
    this.calls.push(performance.now())
    this.onCall()
  }

  /** Sets the deadline and remembers it. */
  set(deadlines: Deadlines, ms: number): this {
    this.wantedAt = performance.now() + ms
    deadlines.set(this, ms)
    return this
  }
}

describe('a deadline', { concurrency: true }, () => {
  test('is called once, never early', async () => {
    using deadlines = new Deadlines()
    const tasks = [0, 1, 49, 50, 51, 99, 100, 250, 333].map(ms => new Task().set(deadlines, ms))
    await until('all are called', () => tasks.every(({ calls }) => calls.length > 0))
    await sleep(200)
    for (const { calls, wantedAt } of tasks) {
      assert.equal(calls.length, 1)
      assert.ok((calls[0] ?? 0) >= wantedAt, `called ${wantedAt - (calls[0] ?? 0)} ms early`)
    }
  })

  test('of the past is called with the next turn', async () => {
    using deadlines = new Deadlines()
    const task = new Task().set(deadlines, -1000)
    assert.equal(task.calls.length, 0)
    await until('it is called', () => task.calls.length === 1)
  })

  test('can be moved later, again and again', async () => {
    using deadlines = new Deadlines()
    const task = new Task().set(deadlines, 100)
    for (let i = 0; i < 10; i++) {
      await sleep(40)
      assert.equal(task.calls.length, 0)
      task.set(deadlines, 100)
    }
    await until('it is called', () => task.calls.length === 1)
    assert.ok((task.calls[0] ?? 0) >= task.wantedAt)
  })

  test('can be moved earlier', async () => {
    using deadlines = new Deadlines()
    const task = new Task().set(deadlines, 600_000).set(deadlines, 50)
    await until('it is called', () => task.calls.length === 1)
    assert.ok((task.calls[0] ?? 0) >= task.wantedAt)
  })

  test('can be moved later and then earlier', async () => {
    using deadlines = new Deadlines()
    const task = new Task().set(deadlines, 50).set(deadlines, 600_000).set(deadlines, 100)
    await until('it is called', () => task.calls.length === 1)
    assert.ok((task.calls[0] ?? 0) >= task.wantedAt)
  })

  test('that is cleared or removed is not called, and can be set again', async () => {
    using deadlines = new Deadlines()
    const cleared = new Task().set(deadlines, 50)
    const removed = new Task().set(deadlines, 50)
    deadlines.clear(cleared)
    deadlines.remove(removed)
    deadlines.remove(removed)
    deadlines.clear(new Task())
    await sleep(200)
    assert.deepEqual([cleared.calls, removed.calls], [[], []])
    cleared.set(deadlines, 10)
    removed.set(deadlines, 10)
    await until('both are called', () => cleared.calls.length === 1 && removed.calls.length === 1)
  })

  test('that was cleared and set later is not called at the earlier time', async () => {
    using deadlines = new Deadlines()
    const task = new Task().set(deadlines, 50)
    deadlines.clear(task)
    task.set(deadlines, 400)
    await until('it is called', () => task.calls.length === 1)
    assert.ok((task.calls[0] ?? 0) >= task.wantedAt)
  })

  test('may set itself again, and change others, while it is called', async () => {
    using deadlines = new Deadlines()
    const again = new Task()
    const removedByOther = new Task()
    const movedByOther = new Task()
    again.onCall = () => {
      if (again.calls.length < 3) again.set(deadlines, 20)
      deadlines.remove(removedByOther)
      movedByOther.set(deadlines, 300)
    }
    again.set(deadlines, 10)
    removedByOther.set(deadlines, 11)
    movedByOther.set(deadlines, 12)
    await until('it is called three times', () => again.calls.length === 3)
    await until('the moved one is called', () => movedByOther.calls.length === 1)
    assert.deepEqual(removedByOther.calls, [])
    assert.ok((movedByOther.calls[0] ?? 0) >= movedByOther.wantedAt)
  })

  test('is not called when the wheel is gone', async () => {
    const deadlines = new Deadlines()
    const task = new Task().set(deadlines, 10)
    deadlines[Symbol.dispose]()
    await sleep(150)
    assert.deepEqual(task.calls, [])
  })
})

test('twenty thousand deadlines that move all the time are each kept', async () => {
  using deadlines = new Deadlines()
  const tasks = Array.from({ length: 20_000 }, (_, i) => new Task().set(deadlines, (i * 7919) % 400))
  for (let round = 0; round < 5; round++) {
    await sleep(30)
    for (const [i, task] of tasks.entries()) {
      if (task.calls.length === 0 && i % 3 !== 0) task.set(deadlines, (i * 104_729 + round * 31) % 500)
    }
  }
  await until('all are called', () => tasks.every(({ calls }) => calls.length === 1))
  assert.ok(
    tasks.every(({ calls, wantedAt }) => (calls[0] ?? 0) >= wantedAt),
    'none is early',
  )
})

test('deadlines are kept by a thread that was held up for longer than one', async () => {
  using deadlines = new Deadlines()
  const tasks = [10, 120, 130, 400, 900].map(ms => new Task().set(deadlines, ms))
  const until150 = performance.now() + 150
  while (performance.now() < until150) {}
  await until('all are called', () => tasks.every(({ calls }) => calls.length === 1))
  assert.ok(tasks.every(({ calls, wantedAt }) => (calls[0] ?? 0) >= wantedAt))
})
