import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Authenticator, type Verdict } from '../../src/auth/authenticator.ts'
import { until } from '../harness/until.ts'
import { basic, verdictOf } from './credentials.ts'
import { ScriptedThread } from './scripted-thread.ts'

const SCHEMES = [
  { name: 'team', realm: 'Team "A"' },
  { name: 'ops', realm: 'ops' },
]
const DENIED = { kind: 'denied', challenge: 'Basic realm="Team \\"A\\""' }
const PASS = { kind: 'pass' }
const LONG_MS = 60_000

function authenticator(thread: ScriptedThread, limits?: { waiting?: number; waitMs?: number; verifyMs?: number }) {
  return new Authenticator(SCHEMES, thread.port, { waiting: 512, waitMs: LONG_MS, verifyMs: LONG_MS, ...limits })
}

describe('at once', () => {
  for (const { name, scheme = 'team', authorization, verdict } of [
    {
      name: 'a scheme that is not configured',
      scheme: 'nobody',
      authorization: basic('a', 'x'),
      verdict: { kind: 'unknown-scheme' },
    },
    {
      name: 'a scheme named like a property',
      scheme: '__proto__',
      authorization: undefined,
      verdict: { kind: 'unknown-scheme' },
    },
    { name: 'no header', authorization: undefined, verdict: DENIED },
    { name: 'an empty header', authorization: '', verdict: DENIED },
    { name: 'another scheme of HTTP', authorization: 'Bearer YTp4', verdict: DENIED },
    { name: 'a header that is no base64', authorization: 'Basic ?', verdict: DENIED },
    { name: 'a header without a colon', authorization: 'Basic YWJj', verdict: DENIED },
    {
      name: 'no header for another scheme',
      scheme: 'ops',
      authorization: undefined,
      verdict: { kind: 'denied', challenge: 'Basic realm="ops"' },
    },
    { name: 'credentials that nobody has seen', authorization: basic('a', 'x'), verdict: undefined },
  ]) {
    test(`${name} is ${verdict?.kind ?? 'not known'}`, () => {
      using thread = new ScriptedThread()
      using auth = authenticator(thread)
      assert.deepEqual(auth.check(scheme, authorization), verdict)
    })
  }

  test('verify() gives what check() would have known, later', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const order: string[] = []
    const heard = new Promise<Verdict>(resolve => {
      auth.verify({ scheme: 'team', authorization: 'nonsense', client: '' }, verdict => {
        order.push('heard')
        resolve(verdict)
      })
      order.push('returned')
    })
    assert.deepEqual(await heard, DENIED)
    assert.deepEqual(order, ['returned', 'heard'])
    const unknown = new Promise<Verdict>(resolve => {
      auth.verify({ scheme: 'nobody', authorization: basic('a', 'x'), client: '' }, resolve)
    })
    auth.verify({ scheme: 'team', authorization: '', client: '' }, () => assert.fail('it was cancelled')).cancel()
    assert.deepEqual(await unknown, { kind: 'unknown-scheme' })
    assert.deepEqual(thread.questions, [])
  })
})

describe('what the thread says', () => {
  test('is asked for with user and password, and a success is remembered', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const first = verdictOf(auth, basic('ü', 'a:b'))
    assert.deepEqual(await thread.asked(1), { scheme: 'team', user: 'ü', password: 'a:b' })
    thread.answer(true)
    assert.deepEqual(await first, PASS)
    assert.deepEqual(auth.check('team', basic('ü', 'a:b')), PASS)
    assert.equal(auth.check('ops', basic('ü', 'a:b')), undefined)
    assert.equal(auth.check('team', basic('ü', 'a:c')), undefined)
    assert.equal(thread.questions.length, 1)
  })

  test('is forgotten within a second or so if it was no', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const first = verdictOf(auth, basic('a', 'x'))
    await thread.asked(1)
    thread.answer(false)
    assert.deepEqual(await first, DENIED)
    await until('the failure is forgotten', () => auth.check('team', basic('a', 'x')) === undefined)
    const second = verdictOf(auth, basic('a', 'x'))
    await thread.asked(2)
    thread.answer(true)
    assert.deepEqual(await second, PASS)
  })

  test('is asked for once by all requests with the same credentials', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const all = Array.from({ length: 20 }, (_, n) => verdictOf(auth, basic('a', 'x'), { client: `192.0.2.${n}` }))
    await thread.asked(1)
    all.push(verdictOf(auth, basic('a', 'x')))
    thread.answer(true)
    for (const verdict of await Promise.all(all)) assert.deepEqual(verdict, PASS)
    assert.equal(thread.questions.length, 1)
  })

  test('holds for a user until the thread says that the user changed', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    for (const user of ['a', 'b']) {
      const verdict = verdictOf(auth, basic(user, 'x'))
      thread.answer(true)
      assert.deepEqual(await verdict, PASS)
    }
    thread.say({ kind: 'changed', scheme: 'ops', lost: ['a'] })
    thread.say({ kind: 'changed', scheme: 'gone', lost: ['a'] })
    thread.say({ kind: 'changed', scheme: 'team', lost: ['a'] })
    await until('a is forgotten', () => auth.check('team', basic('a', 'x')) === undefined)
    assert.deepEqual(auth.check('team', basic('b', 'x')), PASS)
  })

  test('no longer holds as a no when the file was read again', async () => {
    using thread = new ScriptedThread()
    using auth = authenticator(thread)
    const verdict = verdictOf(auth, basic('a', 'x'))
    thread.answer(false)
    assert.deepEqual(await verdict, DENIED)
    thread.say({ kind: 'changed', scheme: 'team', lost: [] })
    const next = verdictOf(auth, basic('b', 'x'))
    thread.answer(true)
    await next
    assert.equal(auth.check('team', basic('a', 'x')), undefined)
  })
})
