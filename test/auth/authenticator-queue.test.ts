import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Authenticator } from '../../src/auth/authenticator.ts'
import { until } from '../harness/until.ts'
import { basic, verdictOf } from './credentials.ts'
import { ScriptedThread } from './scripted-thread.ts'

const SCHEMES = [
  { name: 'team', realm: 'Team "A"' },
  { name: 'ops', realm: 'ops' },
]
const DENIED = { kind: 'denied', challenge: 'Basic realm="Team \\"A\\""' }
const PASS = { kind: 'pass' }
const BUSY = { kind: 'busy' }
const LONG_MS = 60_000

function authenticator(thread: ScriptedThread, limits?: { waiting?: number; waitMs?: number; verifyMs?: number }) {
  return new Authenticator(SCHEMES, thread.port, { waiting: 512, waitMs: LONG_MS, verifyMs: LONG_MS, ...limits })
}

/** The verdicts of several requests, with their names, in the order in which they come. */
class Verdicts {
  readonly all: string[] = []
  readonly #auth: Authenticator

  constructor(auth: Authenticator) {
    this.#auth = auth
  }

  ask(name: string, client: string): ReturnType<Authenticator['verify']> {
    const attempt = { scheme: 'team', authorization: basic(name, 'x'), client }
    return this.#auth.verify(attempt, verdict => this.all.push(`${name} ${verdict.kind}`))
  }
}

describe('a flood', () => {
  test('of one client keeps others waiting for one verification', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const verdicts = new Verdicts(auth)
    for (let n = 0; n < 50; n++) verdicts.ask(`flood-${n}`, '198.51.100.1')
    verdicts.ask('b1', '192.0.2.1')
    verdicts.ask('b2', '192.0.2.1')
    verdicts.ask('c1', '192.0.2.2')
    for (let n = 1; n <= 7; n++) {
      await thread.asked(n)
      thread.answer(false)
    }
    await thread.asked(8)
    assert.deepEqual(
      thread.questions.map(({ user }) => user),
      ['flood-0', 'flood-1', 'b1', 'c1', 'flood-2', 'b2', 'flood-3', 'flood-4'],
    )
  })

  test('is bounded: the client with the most in the queue hears that we are busy', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread, { waiting: 3 })
    const verdicts = new Verdicts(auth)
    for (let n = 0; n < 6; n++) verdicts.ask(`flood-${n}`, '2001:db8::1')
    verdicts.ask('flood-6', '2001:db8::2')
    assert.deepEqual(verdicts.all, [])
    await turn()
    assert.deepEqual(verdicts.all, ['flood-4 busy', 'flood-5 busy', 'flood-6 busy'])
    verdicts.ask('b', '192.0.2.1')
    await turn()
    assert.equal(verdicts.all.at(-1), 'flood-3 busy')
    for (let n = 1; n <= 4; n++) {
      await thread.asked(n)
      thread.answer(true)
    }
    await until('all have their answer', () => verdicts.all.length === 8)
    assert.deepEqual(verdicts.all.slice(4), ['flood-0 pass', 'flood-1 pass', 'b pass', 'flood-2 pass'])
  })

  test('of passes and denials that were just given costs the thread nothing', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const verdict = verdictOf(auth, basic('a', 'wrong'))
    await thread.asked(1)
    thread.answer(false)
    await verdict
    const kinds = new Set(Array.from({ length: 1000 }, () => auth.check('team', basic('a', 'wrong'))?.kind))
    assert.ok(kinds.has('denied'))
    assert.equal(thread.questions.length, 1)
  })
})

describe('waiting ends', () => {
  test('for credentials whose turn does not come', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread, { waitMs: 5 })
    const verdicts = new Verdicts(auth)
    verdicts.ask('a', '192.0.2.1')
    assert.deepEqual(await verdictOf(auth, basic('b', 'x')), BUSY)
    assert.deepEqual(verdicts.all, [])
    thread.answer(true)
    await until('the first is answered', () => verdicts.all.length === 1)
    assert.deepEqual(verdicts.all, ['a pass'])
    assert.deepEqual(
      thread.questions.map(({ user }) => user),
      ['a'],
    )
  })

  test('for credentials that the thread does not come to an end with, and its answer still counts', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread, { verifyMs: 5 })
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), BUSY)
    const next = verdictOf(auth, basic('b', 'x'))
    assert.equal(thread.questions.length, 1)
    thread.answer(true)
    await thread.asked(2)
    assert.deepEqual(auth.check('team', basic('a', 'x')), PASS)
    thread.answer(true)
    assert.deepEqual(await next, PASS)
  })

  test('for a client that left: nothing is verified for it', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const verdicts = new Verdicts(auth)
    const first = verdicts.ask('a', '192.0.2.1')
    const left = verdicts.ask('b', '192.0.2.1')
    const shared = verdicts.ask('c', '192.0.2.1')
    verdicts.ask('c', '192.0.2.1')
    verdicts.ask('d', '192.0.2.1')
    for (const pending of [first, left, shared]) pending.cancel()
    left.cancel()
    for (let n = 1; n <= 3; n++) {
      await thread.asked(n)
      thread.answer(true)
    }
    await until('those that stayed are answered', () => verdicts.all.length === 2)
    assert.deepEqual(verdicts.all, ['c pass', 'd pass'])
    assert.deepEqual(
      thread.questions.map(({ user }) => user),
      ['a', 'c', 'd'],
    )
    verdicts.ask('b', '192.0.2.1')
    assert.equal((await thread.asked(4)).user, 'b')
  })

  test('for everybody when the worker ends', async () => {
    using thread = new ScriptedThread()
    const auth = authenticator(thread)
    const waiting = ['a', 'b', 'c'].map(user => verdictOf(auth, basic(user, 'x')))
    auth[Symbol.dispose]()
    assert.deepEqual(await Promise.all(waiting), [BUSY, BUSY, BUSY])
  })
})

describe('a thread that dies', () => {
  test('costs what it was at; what waits goes to the next one', async () => {
    using first = new ScriptedThread()
    using second = new ScriptedThread()
    using auth = authenticator(first)
    const [a, b] = [verdictOf(auth, basic('a', 'x')), verdictOf(auth, basic('b', 'x'))]
    await first.asked(1)
    first.die()
    assert.deepEqual(await a, BUSY)
    const c = verdictOf(auth, basic('c', 'x'), { client: '192.0.2.2' })
    auth.connect(second.port)
    for (const [n, user] of ['b', 'c'].entries()) {
      assert.equal((await second.asked(n + 1)).user, user)
      second.answer(true)
    }
    assert.deepEqual(await Promise.all([b, c]), [PASS, PASS])
    assert.deepEqual(auth.check('team', basic('b', 'x')), PASS)
  })

  test('takes along what was remembered: nobody tells any longer when it stops being true', async () => {
    using first = new ScriptedThread()
    using second = new ScriptedThread()
    using auth = authenticator(first, { waitMs: 5 })
    const a = verdictOf(auth, basic('a', 'x'))
    first.answer(true)
    assert.deepEqual(await a, PASS)
    first.die()
    await until('a is forgotten', () => auth.check('team', basic('a', 'x')) === undefined)
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), BUSY)
    assert.deepEqual(auth.check('team', undefined), DENIED)
    auth.connect(second.port)
    const again = verdictOf(auth, basic('a', 'x'))
    await second.asked(1)
    second.answer(true)
    assert.deepEqual(await again, PASS)
  })

  test('may be told of before its end is noticed', async () => {
    using first = new ScriptedThread()
    using second = new ScriptedThread()
    using auth = authenticator(first)
    const a = verdictOf(auth, basic('a', 'x'))
    await first.asked(1)
    // Under way when its port is given up, and never to be taken for an answer to what the second one is asked.
    first.answer(true)
    auth.connect(second.port)
    assert.deepEqual(await a, BUSY)
    assert.equal(auth.check('team', basic('a', 'x')), undefined)
    const b = verdictOf(auth, basic('b', 'wrong'))
    await second.asked(1)
    second.answer(false)
    assert.deepEqual(await b, DENIED)
  })

  test('may be dead when the port arrives', async () => {
    using thread = new ScriptedThread()
    thread.die()
    using auth = authenticator(thread, { waitMs: 5 })
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), BUSY)
  })
})
