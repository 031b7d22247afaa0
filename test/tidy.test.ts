import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, test } from 'node:test'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

/**
 * Which folder of src may use values of which. Types are open to all. A new arrow is a design decision: it is made here and in
 * docs/decisions.md in the same commit. `.` is what lies in src itself: the process and its composition root.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '.': [
    'admin',
    'auth',
    'cert',
    'check',
    'config',
    'dev',
    'explain',
    'history',
    'lint',
    'listener',
    'log',
    'metrics',
    'migrate',
    'plane',
    'profile',
    'registry',
    'route',
  ],
  admin: ['registry', 'route'],
  auth: [],
  cert: ['consul'],
  // It asks the code that reads a text while the router runs whether it can read it.
  check: ['auth', 'config', 'consul', 'log', 'metrics', 'registry', 'route'],
  config: [],
  consul: [],
  // Go's durations, which Consul's API is full of.
  dev: ['config'],
  // What TLS negotiated, in Fabio's names of cipher suites.
  // It asks the code that serves a request what it would do with one.
  explain: ['proxy', 'registry', 'route', 'wire'],
  history: [],
  http2: ['socket', 'wire'],
  // By the code that reads tags and commands while the router runs.
  lint: ['registry', 'route'],
  listener: ['config', 'socket', 'wire'],
  log: [],
  metrics: [],
  migrate: ['config'],
  // The composition root of the data plane's threads: it gives them their log and their metrics.
  plane: ['auth', 'listener', 'log', 'metrics', 'proxy', 'route', 'socket', 'upstream'],
  profile: [],
  proxy: ['http2', 'route', 'socket', 'upstream', 'wire'],
  registry: ['consul', 'route'],
  route: [],
  socket: [],
  upstream: ['http2', 'socket', 'wire'],
  wire: [],
}

const MAX_LINES = 300
/** Files that read better whole, with the reason in their first lines. */
const WHOLE: ReadonlySet<string> = new Set(['wire/http1-head.ts', 'proxy/http/http1-connection.ts'])

const FORBIDDEN_NAMES = /(^|\/)(index|utils?|helpers?|common|shared|types|constants)\.tsx?$/

function sources(folder: string): string[] {
  return readdirSync(folder)
    .map(name => join(folder, name))
    .flatMap(path => (statSync(path).isDirectory() ? sources(path) : [path]))
    .filter(path => /\.tsx?$/.test(path))
}

function folderOf(file: string): string {
  const [first = '', second] = relative(src, file).split('/')
  return second === undefined ? '.' : first
}

/** Files whose values this one imports. */
function valueImports(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found: string[] = []
  for (const [, clause = '', path = ''] of text.matchAll(/^(?:import|export)\s+([^'"]*?)\s*from\s+'(\.[^']+)'/gm)) {
    if (clause.startsWith('type ')) continue
    const names = /\{([^}]*)\}/
      .exec(clause)?.[1]
      ?.split(',')
      .map(name => name.trim())
      .filter(name => name !== '')
    if (names !== undefined && names.length > 0 && names.every(name => name.startsWith('type '))) continue
    found.push(resolve(dirname(file), path))
  }
  return found
}

describe('src', () => {
  for (const file of sources(src)) {
    const name = relative(src, file)
    if (name.startsWith('admin/ui/app/')) continue

    test(`${name} keeps to the import rule`, () => {
      const from = folderOf(file)
      for (const target of valueImports(file)) {
        const to = folderOf(target)
        if (to === from || !target.startsWith(src)) continue
        assert.ok(
          ARROWS[from]?.includes(to),
          `${name} imports ${relative(src, target)}: no arrow from ${from} to ${to}`,
        )
      }
    })

    test(`${name} has a name and a size that fit`, () => {
      assert.doesNotMatch(name, FORBIDDEN_NAMES)
      const lines = readFileSync(file, 'utf8').split('\n').length
      if (!WHOLE.has(name))
        assert.ok(lines <= MAX_LINES, `${name} has ${lines} lines; split it where a second subject appears`)
    })
  }
})

test('no file speaks of where the project is made', () => {
  const spoken = new RegExp(['/wo' + 'rk/', 'farm' + '-', 'help' + 'er-\\d', 'shared/ref' + 'erence'].join('|'))
  for (const folder of ['src', 'test', 'bench', 'tools', 'docs']) {
    for (const file of allFiles(join(root, folder))) {
      assert.doesNotMatch(readFileSync(file, 'utf8'), spoken, relative(root, file))
    }
  }
})

function allFiles(folder: string): string[] {
  return readdirSync(folder)
    .map(name => join(folder, name))
    .flatMap(path => (statSync(path).isDirectory() ? allFiles(path) : [path]))
}
