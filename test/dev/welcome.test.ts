import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { printWelcome, welcomeSteps } from '../../src/dev/welcome.ts'

const OPTIONS = {
  proxyUrl: 'http://localhost:9999',
  uiUrl: 'http://localhost:9998/',
  registryAddr: '127.0.0.1:8500',
  tcpAddress: 'localhost:3021',
}

function printed(options: typeof OPTIONS, output: { isTTY?: boolean } = {}, env: NodeJS.ProcessEnv = {}): string {
  const parts: string[] = []
  printWelcome({ ...output, write: part => parts.push(part) }, options, env)
  return parts.join('')
}

test('the list has every step, its line to paste, and the addresses', () => {
  const text = printed(OPTIONS)
  for (const step of welcomeSteps(OPTIONS)) {
    assert.ok(text.includes(`  ${step.title.padEnd(12)}${step.expect}\n              ${step.command}\n`), step.title)
  }
  assert.match(text, /^ {2}UI {10}http:\/\/localhost:9998\/ /m)
  assert.doesNotMatch(text, /was taken/)
})

test('a registry on another port is said to be there', () => {
  assert.match(printed({ ...OPTIONS, registryAddr: '127.0.0.1:8502' }), /127\.0\.0\.1:8502.*\(port 8500 was taken\)/)
})

for (const { name, isTTY, env, isColoured } of [
  { name: 'on a terminal', isTTY: true, env: {}, isColoured: true },
  { name: 'on a terminal with an empty NO_COLOR', isTTY: true, env: { NO_COLOR: '' }, isColoured: true },
  { name: 'on a terminal with NO_COLOR', isTTY: true, env: { NO_COLOR: '1' }, isColoured: false },
  { name: 'in a file', isTTY: false, env: {}, isColoured: false },
]) {
  test(`${name} the list has ${isColoured ? 'colours' : 'no colours'}`, () => {
    const text = printed(OPTIONS, { isTTY }, env)
    assert.equal(text.includes('\x1b['), isColoured)
    assert.equal(text.replaceAll(/\x1b\[[\d;]*m/gu, ''), printed(OPTIONS))
  })
}

test('without a TCP listener there is no line for it', () => {
  const steps = welcomeSteps({ ...OPTIONS, tcpAddress: undefined })
  assert.ok(steps.every(step => step.title !== 'TCP'))
})

test('the Node of the line is one that the shell finds, not the one that only npm has on its PATH', () => {
  const path = process.env.PATH
  try {
    process.env.PATH = `/some/project/node_modules/.bin:${dirname(process.execPath)}`
    assert.match(webSocketLine(), /^node -e /)
    process.env.PATH = join(import.meta.dirname, '../../node_modules/.bin')
    assert.doesNotMatch(webSocketLine(), /^node -e /)
  } finally {
    process.env.PATH = path
  }
})

function webSocketLine(): string {
  return welcomeSteps(OPTIONS).find(({ title }) => title === 'WebSocket')?.command ?? ''
}

const [launcher = '', main = ''] = ['../../fabio', '../../src/main.ts'].map(path =>
  fileURLToPath(new URL(path, import.meta.url)),
)
const options = existsSync(launcher) && existsSync(main) ? { timeout: 200_000 } : { skip: 'no ./fabio to start' }

/** What each line shows, by its title; and what one sees after it. */
const SHOWN: ReadonlyMap<string, RegExp> = new Map([
  ['Path', /"path": "\/hello"[\s\S]*"x-forwarded-for"/],
  ['Weights', /\d+ v1\n *\d+ v2/],
  ['Host', /Hello from hello\.localhost/],
  ['Events', /data: \d{4}-/],
  ['WebSocket', /^hello\n$/],
  ['TCP', /^hello\n$/],
  ['Override', /^true\n$/],
  ['Take out', /^$/],
  ['Bring back', /^$/],
])

test('fabio -dev prints lines that do what they say', options, async t => {
  await using fabio = await startFabio()
  const steps = welcomeSteps(fabio.where)
  const count = steps.find(step => step.title === 'Weights')?.command ?? ''
  for (const { title, command } of steps) {
    await t.test(`${title}: ${command}`, async () => {
      assert.ok(fabio.output().includes(command), `not printed:\n${fabio.output()}`)
      assert.match(await shell(command, title === 'Events' ? 5 : undefined), SHOWN.get(title) ?? /no such step/)
    })
    if (title === 'Override')
      await t.test('then both versions get their half', () => countUntil(count, (v1, v2) => v2 > v1 / 2))
    if (title === 'Take out') await t.test('then only v2 answers', () => countUntil(count, v1 => v1 === 0))
    if (title === 'Bring back') await t.test('then v1 answers again', () => countUntil(count, v1 => v1 > 0))
  }
  await t.test('the page and the UI are there', async () => {
    for (const url of [fabio.where.proxyUrl, fabio.where.uiUrl]) assert.equal((await fetch(url)).status, 200)
  })
  await t.test('and Ctrl-C ends it all', async () => {
    fabio.child.kill('SIGINT')
    if (fabio.child.exitCode === null) await once(fabio.child, 'exit')
    assert.equal(fabio.child.exitCode, 0)
    await assert.rejects(fetch(`http://${fabio.where.registryAddr}/v1/status/leader`))
  })
})

interface RunningFabio extends AsyncDisposable {
  readonly child: ChildProcess
  readonly where: typeof OPTIONS
  output(): string
}

/** On ports of its own, until it has printed the list. */
async function startFabio(): Promise<RunningFabio> {
  const [proxy, tcp, ui] = await freePorts()
  const args = ['-dev', '-insecure', '-proxy.addr', `:${proxy},:${tcp};proto=tcp`, '-ui.addr', `:${ui}`]
  const child = spawn(launcher, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const listen = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  while (!output.includes('Ctrl-C')) {
    assert.equal(child.exitCode, null, output)
    await sleep(50)
  }
  const [, registryAddr = ''] = /Registry +http:\/\/([^/\s]+)\//u.exec(output) ?? []
  return {
    child,
    where: {
      proxyUrl: `http://localhost:${proxy}`,
      uiUrl: `http://localhost:${ui}/`,
      registryAddr,
      tcpAddress: `localhost:${tcp}`,
    },
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** What a line shows. One that does not end by itself is ended, as the user is told to. */
async function shell(command: string, seconds = 50): Promise<string> {
  return await new Promise(resolve => {
    execFile('timeout', ['-s', 'INT', `${seconds}`, 'bash', '-c', command], (_failed, stdout) => resolve(stdout))
  })
}

/** A change reaches the routes a moment after it was made. */
async function countUntil(count: string, isIt: (v1: number, v2: number) => boolean): Promise<void> {
  for (;;) {
    const text = await shell(count)
    const of = (version: string): number => Number(new RegExp(`(\\d+) ${version}`).exec(text)?.[1] ?? 0)
    if (isIt(of('v1'), of('v2'))) return
  }
}

async function freePorts(): Promise<readonly number[]> {
  const servers = [0, 1, 2].map(() => createServer().listen(0))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
