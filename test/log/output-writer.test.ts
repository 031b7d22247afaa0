import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { OutputWriter } from '../../src/log/output-writer.ts'

/** Runs `program` in a process of its own with OutputWriter at hand; a real pipe (not a socket) comes from the shell. */
function run(program: string, reader = 'cat'): ChildProcess {
  const module = JSON.stringify(new URL('../../src/log/output-writer.ts', import.meta.url).href)
  const source = `import { OutputWriter } from ${module}\nconst drops = []\nconst out = new OutputWriter({ fd: 1, onDrop: (lines, cause) => drops.push({ lines, cause }) })\n${program}`
  return spawn('sh', ['-c', `"$NODE" --input-type=module -e "$SOURCE" | ${reader}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: the reader ends with it.
    detached: true,
    env: { ...process.env, NODE: process.execPath, SOURCE: source },
  })
}

async function outputOf(child: ChildProcess): Promise<{ stdout: string; stderr: string }> {
  assert.ok(child.stdout !== null && child.stderr !== null)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { stdout, stderr }
}

test('everything is written to a pipe, in order', async () => {
  const { stdout } = await outputOf(
    run(`for (let n = 0; n < 20000; n++) out.write(n + ' ' + 'x'.repeat(40) + '\\n')\nawait out.flush()`),
  )
  const lines = stdout.split('\n').slice(0, -1)
  assert.equal(lines.length, 20_000)
  assert.ok(lines.every((line, n) => line.startsWith(`${n} `)))
})

test('everything is written to a file, in order, bytes as they are', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'fabio-output-')), 'out')
  const fd = openSync(path, 'w')
  const writer = new OutputWriter({ fd, onDrop: () => assert.fail() })
  for (let n = 0; n < 1000; n++) writer.write(n % 2 === 0 ? `${n}\n` : Buffer.from(`${n}\n`))
  writer.write(new Uint8Array([0xff, 0x0a]))
  await writer[Symbol.asyncDispose]()
  closeSync(fd)
  const bytes = readFileSync(path)
  assert.equal(bytes.subarray(0, -2).toString(), Array.from({ length: 1000 }, (_, n) => `${n}\n`).join(''))
  assert.deepEqual([...bytes.subarray(-2)], [0xff, 0x0a])
})

test('a reader that does not read holds up neither the event loop nor the end', async () => {
  const child = run(
    `const start = performance.now()
     for (let n = 0; n < 40; n++) out.write(Buffer.alloc(1 << 20, 'x'), 1000)
     let turns = 0
     const timer = setInterval(() => turns++, 1)
     setTimeout(async () => {
       await out[Symbol.asyncDispose]()
       console.error(JSON.stringify({ turns: turns > 20, drops, ms: performance.now() - start }))
       process.exit(0)
     }, 200)`,
    'sleep 30',
  )
  assert.ok(child.stderr !== null)
  const [said] = await once(child.stderr, 'data')
  process.kill(-(child.pid ?? assert.fail()))
  const { turns, drops } = JSON.parse(String(said))
  assert.equal(turns, true)
  assert.deepEqual(drops, [{ lines: 24_000, cause: 'nobody reads them' }])
})

test('a reader that has gone costs the lines only', async () => {
  const { stderr } = await outputOf(
    run(
      `setTimeout(async () => {
         let done = 0
         for (let n = 0; n < 10; n++) out.write('line\\n', 1, () => done++)
         await out.flush()
         out.write('line\\n', 1, () => done++)
         await out[Symbol.asyncDispose]()
         console.error(JSON.stringify({ drops, done }))
       }, 300)`,
      'true',
    ),
  )
  assert.deepEqual(JSON.parse(stderr), { drops: [{ lines: 11, cause: 'EPIPE' }], done: 11 })
})

test('a synchronous line is out before the process ends, behind what waited', async () => {
  const { stdout } = await outputOf(run(`out.write('one\\n'); out.writeSync('two\\n'); process.exit(1)`))
  assert.equal(stdout, 'one\ntwo\n')
})

test('flushSync at the exit writes what waits', async () => {
  const { stdout } = await outputOf(
    run(
      `process.on('exit', () => out.flushSync()); for (let n = 0; n < 500; n++) out.write(n + '\\n'); process.exit(0)`,
    ),
  )
  assert.equal(stdout, Array.from({ length: 500 }, (_, n) => `${n}\n`).join(''))
})

test('flush with nothing to write resolves', async () => {
  const writer = new OutputWriter({ fd: 2, onDrop: () => assert.fail() })
  await writer.flush()
  await writer[Symbol.asyncDispose]()
})
