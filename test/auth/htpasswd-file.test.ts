import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtempDisposable, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { HtpasswdFile } from '../../src/auth/htpasswd-file.ts'

/** A file that is looked at when a test says so, what it says, and whom it says to have lost. */
interface Watched extends AsyncDisposable {
  readonly path: string
  readonly file: HtpasswdFile
  readonly lines: string[]
  readonly lost: (readonly string[])[]
  /** Who can log in, of `user:password` each. */
  passing(...credentials: string[]): string[]
}

async function watched(text?: string): Promise<Watched> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fabio-auth-'))
  const path = join(folder.path, 'htpasswd')
  if (text !== undefined) await writeFile(path, text, 'latin1')
  const lines: string[] = []
  const lost: (readonly string[])[] = []
  const file = new HtpasswdFile({
    path,
    log: { info: line => lines.push(`[INFO] ${line}`), warn: line => lines.push(`[WARN] ${line}`) },
    onChange: users => lost.push(users),
  })
  return {
    path,
    file,
    lines,
    lost,
    passing: (...credentials) =>
      credentials.filter(pair => {
        const [user = '', password = ''] = pair.split(':')
        return file.users.verify(user, password)
      }),
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

/** Writes the file anew, with a modification time that differs from all before. */
async function rewrite({ path }: Watched, text: string, time: number): Promise<void> {
  await writeFile(path, text, 'latin1')
  await utimes(path, time, time)
}

/** Root may read everything; for this long the process is nobody. */
async function withoutRoot(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

describe('at the start', () => {
  test('the users of the file can log in', async () => {
    await using it = await watched('a:x\nb:y\n')
    await it.file.load()
    assert.deepEqual(it.passing('a:x', 'b:y', 'a:y', 'c:x'), ['a:x', 'b:y'])
    assert.deepEqual(it.lines, [])
  })

  test('a file that cannot be read is an error in Fabio’s words', async () => {
    await using it = await watched()
    const open = (words: string, path = it.path) => ({ message: `open ${path}: ${words}` })
    await assert.rejects(it.file.load(), open('no such file or directory'))

    await symlink(it.path, it.path)
    await assert.rejects(it.file.load(), open('too many levels of symbolic links'))

    await rm(it.path)
    await mkdir(it.path)
    await assert.rejects(it.file.load(), { message: `Error scanning htpasswd file: read ${it.path}: is a directory` })
    assert.ok(!it.file.isLoaded)
  })

  test('bad lines are told, by number, the first of them one by one', async () => {
    await using it = await watched(`secret\na:{SHA}secret\n${'secret\n'.repeat(30)}b:x\n`)
    await it.file.load()
    const begin = '[WARN] Error processing a line in an htpasswd file:'
    assert.equal(it.lines[0], `${begin} malformed line, no colon: line 1 of ${it.path}`)
    assert.equal(it.lines[1], `${begin} Malformed sha1: illegal base64 data: line 2 of ${it.path}`)
    assert.equal(it.lines.length, 21)
    assert.equal(it.lines[20], `${begin} 12 more lines of ${it.path}`)
    assert.ok(!it.lines.some(line => line.includes('secret')))
    assert.deepEqual(it.passing('b:x'), ['b:x'])
  })
})

describe('a look at the file', () => {
  test('changes nothing when the file looks the same', async () => {
    await using it = await watched('a:x\n')
    await it.file.load()
    await it.file.refresh()
    assert.deepEqual(it.lines, [])
    assert.equal(it.lost.length, 1)
  })

  for (const { name, time } of [
    { name: 'newer', time: 2_000_000_000 },
    { name: 'older', time: 1_000_000_000 },
  ]) {
    test(`reads one that is ${name}, and tells who has another password or is gone`, async () => {
      await using it = await watched('same:x\nother:x\ngone:x\n')
      await it.file.load()
      await rewrite(it, 'same:x\nother:y\nnew:x\n', time)
      await it.file.refresh()
      assert.deepEqual(it.passing('same:x', 'other:x', 'other:y', 'gone:x', 'new:x'), ['same:x', 'other:y', 'new:x'])
      assert.deepEqual(it.lines, [`[INFO] The htpasswd file has been successfully reloaded: ${it.path}`])
      assert.deepEqual(it.lost, [[], ['other', 'gone']])
    })
  }

  test('reads one of the same time that is another file', async () => {
    await using it = await watched('a:x\n')
    await utimes(it.path, 1_500_000_000, 1_500_000_000)
    await it.file.load()
    await writeFile(`${it.path}.new`, 'a:y\n')
    await utimes(`${it.path}.new`, 1_500_000_000, 1_500_000_000)
    await rename(`${it.path}.new`, it.path)
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x', 'a:y'), ['a:y'])
  })

  test('clears the users once when it is missing, and says so once', async () => {
    await using it = await watched('a:x\nb:y\n')
    await it.file.load()
    await rm(it.path)
    await it.file.refresh()
    await it.file.refresh()
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x', 'b:y', ':'), [])
    assert.deepEqual(it.lines, [
      `[WARN] Error accessing htpasswd file: stat ${it.path}: no such file or directory`,
      `[INFO] The htpasswd credentials have been cleared: ${it.path}`,
    ])
    assert.deepEqual(it.lost, [[], ['a', 'b']])
  })

  test('brings the users back with the file, also when it is the same one with the same time', async () => {
    await using it = await watched('a:x\n')
    await it.file.load()
    const before = await stat(it.path, { bigint: true })
    await rename(it.path, `${it.path}.away`)
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x'), [])

    await rename(`${it.path}.away`, it.path)
    const after = await stat(it.path, { bigint: true })
    assert.equal(after.mtimeNs, before.mtimeNs)
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x'), ['a:x'])
    assert.match(it.lines.at(-1) ?? '', /successfully reloaded/)

    await rm(it.path)
    await it.file.refresh()
    assert.match(it.lines.at(-1) ?? '', /have been cleared/)
    assert.equal(it.lines.filter(line => line.includes('Error accessing')).length, 2)
  })

  test('keeps the users while the file is there but cannot be read, says so once, and tries again', async () => {
    await using it = await watched('a:x\n')
    await it.file.load()
    await rm(it.path)
    await mkdir(it.path)
    await it.file.refresh()
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x'), ['a:x'])
    assert.deepEqual(it.lines, [
      `[WARN] Error reloading htpasswd file: Error scanning htpasswd file: read ${it.path}: is a directory`,
    ])
    await rm(it.path, { recursive: true })
    await writeFile(it.path, 'a:y\n')
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x', 'a:y'), ['a:y'])
  })

  test('says that it may not read', async () => {
    await using it = await watched('a:x\n')
    await chmod(dirname(it.path), 0o755)
    await chmod(it.path, 0)
    await withoutRoot(() => assert.rejects(it.file.load(), { message: `open ${it.path}: permission denied` }))
  })

  test('empties the users when the file is empty', async () => {
    await using it = await watched('a:x\n')
    await it.file.load()
    await rewrite(it, '', 2_000_000_000)
    await it.file.refresh()
    assert.deepEqual(it.passing('a:x', ':'), [])
    assert.match(it.lines[0] ?? '', /successfully reloaded/)
  })
})
