// Makes a fresh clone ready: installs the locked packages when they are not there, and builds when the build is old.
// Runs on Node 20 too, with nothing installed.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findNode, root } from './find-node.mjs'

function run(command, args) {
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} failed${signal ? ` (${signal})` : ''}\n`)
    process.exit(status ?? 1)
  }
}

/** npm leaves a copy of the lockfile behind; when ours is newer, something may be missing. */
function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

if (!isInstalled()) {
  process.stdout.write('installing packages (once; a Node for the router is among them, so this takes a moment) …\n')
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
run(findNode(), ['tools/build.mjs', '--if-older'])
