import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempDisposable, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { hashSync } from 'bcryptjs'
import { type AuthService, startAuth } from '../../src/auth/auth-service.ts'
import { Authenticator, type Verdict } from '../../src/auth/authenticator.ts'
import type { AuthSchemeSpec } from '../../src/config/auth-scheme-spec.ts'
import { until } from '../harness/until.ts'
import { WorkerThreads } from '../harness/worker-threads.ts'
import { createRecordedLog } from '../metrics/recorded-log.ts'
import { basic, verdictOf } from './credentials.ts'

const DENIED = { kind: 'denied', challenge: 'Basic realm="Team area"' }
const PASS = { kind: 'pass' }

/** About half a second of work. */
const SLOW = hashSync('slow', 12)

function spec(file: string, refreshMs = 0, name = 'team'): AuthSchemeSpec {
  return { name, type: 'basic', file, realm: 'Team area', refreshMs }
}

function schemesOf(...specs: readonly AuthSchemeSpec[]): ReadonlyMap<string, AuthSchemeSpec> {
  return new Map(specs.map(scheme => [scheme.name, scheme]))
}

interface RunningAuth extends AsyncDisposable {
  readonly path: string
  readonly service: AuthService
  readonly lines: readonly string[]
  said(text: string): Promise<void>
  /** As in one worker of the data plane. */
  authenticator(): Authenticator
}

/** The real thread with one scheme, `team`, and its file. */
async function running(text: string, refreshMs = 0): Promise<RunningAuth> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fabio-auth-'))
  const path = join(folder.path, 'htpasswd')
  await writeFile(path, text)
  const { log, lines, said } = createRecordedLog()
  const schemes = schemesOf(spec(path, refreshMs))
  const service = await startAuth(schemes, { log })
  return {
    path,
    service,
    lines,
    said,
    authenticator: () => new Authenticator(schemes.values(), service.connect()),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await folder.remove()
    },
  }
}

describe('authentication', () => {
  test('lets in who is in the file with that password, and challenges everybody else', async () => {
    const sha1 = createHash('sha1').update('x').digest('base64')
    const lines = ['plain:x', `sha:{SHA}${sha1}`, `bcrypt:${hashSync('x', 4)}`, 'nocolon']
    await using it = await running(lines.join('\n'))
    using auth = it.authenticator()
    for (const { user, password, verdict } of [
      { user: 'plain', password: 'x', verdict: PASS },
      { user: 'sha', password: 'x', verdict: PASS },
      { user: 'bcrypt', password: 'x', verdict: PASS },
      { user: 'plain', password: 'y', verdict: DENIED },
      { user: 'bcrypt', password: '', verdict: DENIED },
      { user: 'nobody', password: 'x', verdict: DENIED },
      { user: 'nocolon', password: '', verdict: DENIED },
      { user: '', password: '', verdict: DENIED },
    ]) {
      assert.deepEqual(await verdictOf(auth, basic(user, password)), verdict, `${user}:${password}`)
    }
    assert.deepEqual(await verdictOf(auth, undefined), DENIED)
    assert.deepEqual(await verdictOf(auth, basic('plain', 'x'), { scheme: 'other' }), { kind: 'unknown-scheme' })
    await it.said(`[WARN] Error processing a line in an htpasswd file: malformed line, no colon: line 4 of ${it.path}`)
  })

  test('keeps schemes apart', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fabio-auth-'))
    const files = ['team', 'ops'].map(name => spec(join(folder.path, name), 0, name))
    for (const { name, file } of files) await writeFile(file, `a:${name}\n`)
    const schemes = schemesOf(...files)
    await using service = await startAuth(schemes, { log: createRecordedLog().log })
    using auth = new Authenticator(schemes.values(), service.connect())
    for (const scheme of ['team', 'ops']) {
      for (const password of ['team', 'ops']) {
        const { kind } = await verdictOf(auth, basic('a', password), { scheme })
        assert.equal(kind, scheme === password ? 'pass' : 'denied')
      }
    }
  })

  test('does not start with a file that cannot be read', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fabio-auth-'))
    const missing = join(folder.path, 'missing')
    const { log, lines } = createRecordedLog()
    using threads = new WorkerThreads()
    await assert.rejects(startAuth(schemesOf(spec(missing)), { log }), {
      message: `open ${missing}: no such file or directory`,
    })
    assert.deepEqual(lines, [])
    assert.equal(threads.all.length, 0)
  })

  test('has no thread without schemes', async () => {
    using threads = new WorkerThreads()
    await using service = await startAuth(new Map(), { log: createRecordedLog().log })
    assert.equal(threads.all.length, 0)
    using auth = new Authenticator([], service.connect())
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), { kind: 'unknown-scheme' })
  })
})

describe('the loop of a worker', () => {
  test('goes on while a password is verified: other requests are answered, timers run', async () => {
    await using it = await running(`slow:${SLOW}\nknown:x\n`)
    using auth = it.authenticator()
    assert.deepEqual(await verdictOf(auth, basic('known', 'x')), PASS)

    const order: string[] = []
    const slow = verdictOf(auth, basic('slow', 'slow')).then(verdict => order.push(`slow ${verdict.kind}`))
    order.push('asked')
    order.push(`known ${auth.check('team', basic('known', 'x'))?.kind}`)
    for (let n = 0; n < 3; n++) {
      await turn()
      order.push('turn')
    }
    order.push(`no header ${auth.check('team', undefined)?.kind}`)
    await slow
    assert.deepEqual(order, ['asked', 'known pass', 'turn', 'turn', 'turn', 'no header denied', 'slow pass'])
    // And a verification costs once: the same request is known now.
    assert.deepEqual(auth.check('team', basic('slow', 'slow')), PASS)
  })

  test('is not kept from others by a flood of one: workers take turns, and so do clients', async () => {
    await using it = await running(`a:${hashSync('x', 8)}\nb:x\nc:x\n`)
    using flooded = it.authenticator()
    using calm = it.authenticator()
    const order: string[] = []
    const note = (name: string) => (verdict: Verdict) => void order.push(`${name} ${verdict.kind}`)
    const flood = Array.from({ length: 20 }, (_, n) =>
      verdictOf(flooded, basic('a', String(n)), { client: '198.51.100.1' }).then(note('flood')),
    )
    const victims = [
      verdictOf(flooded, basic('b', 'x'), { client: '192.0.2.1' }).then(note('same worker')),
      verdictOf(calm, basic('c', 'x'), { client: '192.0.2.2' }).then(note('other worker')),
    ]
    await Promise.all(victims)
    assert.ok(order.length < 10, order.join())
    assert.ok(order.includes('same worker pass') && order.includes('other worker pass'), order.join())
    await Promise.all(flood)
    assert.equal(order.filter(line => line === 'flood denied').length, 20)
  })

  test('costs one verification together with all others: what one worker asked for is known to the next', async () => {
    using threads = new WorkerThreads()
    await using it = await running(`slow:${SLOW}\n`)
    const thread = threads.all[0]!
    const workOf = async (auth: Authenticator): Promise<number> => {
      const before = await thread.cpuUsage()
      assert.deepEqual(await verdictOf(auth, basic('slow', 'slow')), PASS)
      return (await thread.cpuUsage(before)).user
    }
    using first = it.authenticator()
    using second = it.authenticator()
    const work = await workOf(first)
    // Work, not time: how busy the machine is makes no difference.
    assert.ok((await workOf(second)) < work / 5)
  })
})

describe('a change of the file', () => {
  test('is seen, and passes of changed users end at once', async () => {
    await using it = await running('a:x\nb:x\nc:x\n', 20)
    using auth = it.authenticator()
    for (const user of ['a', 'b', 'c']) assert.deepEqual(await verdictOf(auth, basic(user, 'x')), PASS)

    await writeFile(it.path, 'a:x\nb:y\nd:x\n')
    await until('b has another password', async () => (await verdictOf(auth, basic('b', 'y'))).kind === 'pass')
    assert.deepEqual(auth.check('team', basic('a', 'x')), PASS)
    assert.equal(auth.check('team', basic('b', 'x')), undefined)
    assert.deepEqual(await verdictOf(auth, basic('b', 'x')), DENIED)
    assert.deepEqual(await verdictOf(auth, basic('c', 'x')), DENIED)
    assert.deepEqual(await verdictOf(auth, basic('d', 'x')), PASS)
  })

  test('that removes it ends all passes; the same file brought back with its old time brings them back', async () => {
    await using it = await running('a:x\n', 20)
    using auth = it.authenticator()
    await utimes(it.path, 1_500_000_000, 1_500_000_000)
    await it.said('successfully reloaded')
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), PASS)

    await rename(it.path, `${it.path}.away`)
    await it.said('[INFO] The htpasswd credentials have been cleared')
    await until('a is out', async () => (await verdictOf(auth, basic('a', 'x'))).kind === 'denied')

    await rename(`${it.path}.away`, it.path)
    await until('a is in again', async () => (await verdictOf(auth, basic('a', 'x'))).kind === 'pass')
  })

  test('is not looked for without an interval', async () => {
    await using it = await running('a:x\n')
    using auth = it.authenticator()
    await rm(it.path)
    using other = it.authenticator()
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), PASS)
    assert.deepEqual(await verdictOf(other, basic('a', 'x')), PASS)
    assert.deepEqual(it.lines, [])
  })
})

describe('a thread that dies', () => {
  test('is logged and replaced; who waits is answered, and workers go on with new ports', async () => {
    using threads = new WorkerThreads()
    await using it = await running(`slow:${SLOW}\na:x\n`)
    using auth = it.authenticator()
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), PASS)
    const replaced = new Promise<void>(resolve =>
      it.service.onReplaced(() => {
        auth.connect(it.service.connect())
        resolve()
      }),
    )
    const waiting = verdictOf(auth, basic('slow', 'slow'))
    const queued = verdictOf(auth, basic('a', 'y'))
    await threads.kill(0)
    assert.deepEqual(await waiting, { kind: 'busy' })
    await replaced
    assert.deepEqual(await queued, DENIED)
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), PASS)
    assert.deepEqual(await verdictOf(auth, basic('slow', 'slow')), PASS)
    await it.said('[ERROR] auth thread died and is replaced: exit code 1')
    assert.equal(threads.all.length, 1)
  })

  test('gives ports that are closed while there is none', async () => {
    using threads = new WorkerThreads()
    await using it = await running('a:x\n')
    await threads.kill(0)
    using auth = new Authenticator([spec(it.path)], it.service.connect(), { waiting: 9, waitMs: 1, verifyMs: 1 })
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), { kind: 'busy' })
  })

  test('is replaced also while the file is missing: nobody gets in until it is back', async () => {
    using threads = new WorkerThreads()
    await using it = await running('a:x\n')
    using auth = it.authenticator()
    await rm(it.path)
    it.service.onReplaced(() => auth.connect(it.service.connect()))
    await threads.kill(0)
    await it.said('[WARN] Error accessing htpasswd file: stat')
    await until('there is an answer', async () => (await verdictOf(auth, basic('a', 'x'))).kind === 'denied')
    await writeFile(it.path, 'a:x\n')
    await until('the file is read', async () => (await verdictOf(auth, basic('a', 'x'))).kind === 'pass')
  })

  test('again and again is replaced again and again', async () => {
    using threads = new WorkerThreads()
    await using it = await running('a:x\n')
    using auth = it.authenticator()
    for (let n = 0; n < 3; n++) {
      const replaced = new Promise<void>(resolve => it.service.onReplaced(resolve))
      await threads.kill(0)
      await replaced
    }
    auth.connect(it.service.connect())
    assert.deepEqual(await verdictOf(auth, basic('a', 'x')), PASS)
    assert.equal(it.lines.filter(line => line.includes('auth thread died')).length, 3)
  })
})
