// The process: its command line, its signals, its exit code. Only this file ends it.

import { startApp } from './app.ts'
import { checkConfiguration } from './check/check.ts'
import { ConfigError } from './config/config-error.ts'
import { describeConfig } from './config/describe.ts'
import { type LoadResult, loadConfig } from './config/load.ts'
import { withTcpListener } from './dev/dev-config.ts'
import { ExplainError, explainOnce } from './explain/explain-command.ts'
import { checkHealth } from './health-check.ts'
import { LintError, lintFiles } from './lint/lint-command.ts'
import { createLog } from './log/create-log.ts'
import { OutputWriter } from './log/output-writer.ts'
import { explainMigration } from './migrate/migrate.ts'
import { VERSION, versionLine } from './version.ts'

const stdout = openOutput(1, 'standard output')
const stderr = openOutput(2, 'standard error')
/** Until the configuration says otherwise. */
let log = createLog({ level: 'INFO', format: 'text', destination: stderr })
const stopping = new AbortController()
let app: AsyncDisposable | undefined

process.on('SIGTERM', () => void onStopSignal('SIGTERM'))
process.on('SIGINT', () => void onStopSignal('SIGINT'))
// As in the original there is nothing to reload, and whoever sends it does not mean to end the process.
process.on('SIGHUP', () => log.info('Caught SIGHUP. Ignoring'))
// The original takes no notice of these; Node would open a debugger at the first, and end at the second.
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {})
process.on('uncaughtException', error => void fail(1, `internal error: ${error.stack ?? error.message}`))

try {
  await main(process.argv.slice(2))
} catch (cause) {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (stopping.signal.aborted) await exit(1)
  if (cause instanceof ConfigError && cause.exitCode === 2) {
    stderr.writeSync(`${message}\n`)
    await exit(2)
  }
  await fail(1, cause instanceof ConfigError ? `${VERSION}. ${message}` : message)
}

async function main(argv: readonly string[]): Promise<void> {
  const isHealthCheck = argv[0] === '-healthcheck'
  const loaded = await loadConfig({ argv: isHealthCheck ? argv.slice(1) : argv, env: process.env })
  switch (loaded.kind) {
    case 'version':
      stdout.writeSync(`${versionLine()}\n`)
      return exit(0)
    case 'help':
      stderr.writeSync(loaded.text)
      return exit(0)
    case 'check':
      return exit(await check(argv))
    case 'migrate':
      return exit(await migrate(loaded.path))
    case 'tool':
      return exit(await runTool(loaded))
    case 'run':
      if (isHealthCheck) return exit(await checkHealth(loaded.config.ui))
      await serve(loaded)
  }
}

async function check(argv: readonly string[]): Promise<0 | 1> {
  const { text, isGood } = await checkConfiguration({ argv, env: process.env })
  stdout.writeSync(text)
  return isGood ? 0 : 1
}

async function migrate(path: string): Promise<0 | 1> {
  const { isTTY, columns } = process.stdout
  const layout = { width: Math.min(columns || 100, 110), hasColor: isTTY && (process.env.NO_COLOR ?? '') === '' }
  try {
    const { text, isLoadable } = await explainMigration({ path, env: process.env, layout })
    stdout.writeSync(text)
    return isLoadable ? 0 : 1
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    stderr.writeSync(`${cause.message}\n`)
    return 1
  }
}

async function runTool({ flags, config }: Extract<LoadResult, { kind: 'tool' }>): Promise<0 | 1> {
  try {
    if (!flags.has('lint')) {
      stdout.writeSync(await explainOnce(config, flags))
      return 0
    }
    const { text, isGood } = await lintFiles(config, flags)
    stdout.writeSync(text)
    return isGood ? 0 : 1
  } catch (cause) {
    if (!(cause instanceof ExplainError || cause instanceof LintError)) throw cause
    stderr.writeSync(`${flags.has('lint') ? '-lint' : '-explain'}: ${cause.message}\n`)
    return 1
  }
}

async function serve(loaded: Extract<LoadResult, { kind: 'run' }>): Promise<void> {
  const listensAsUsual = loaded.origins.get('proxy.addr')?.kind === 'default'
  const config = loaded.config.process.dev && listensAsUsual ? withTcpListener(loaded.config) : loaded.config
  log = createLog({ level: config.log.level, format: config.log.format, destination: stderr })
  for (const warning of loaded.warnings) log.warn(warning)
  for (const info of loaded.infos) log.info(info)
  log.info(`Setting log level to ${config.log.level}`)
  log.info(`Runtime config\n${JSON.stringify(describeConfig(config), undefined, 4)}`)
  log.info(`Version ${VERSION} starting`)
  log.info(`Node runtime is ${process.version}`)
  warnOfRoot(config.process.insecure)
  const { options } = loaded
  app = await startApp({ config, options, log, stdout, env: process.env, signal: stopping.signal })
  if (stopping.signal.aborted) await stop()
}

async function onStopSignal(name: 'SIGTERM' | 'SIGINT'): Promise<void> {
  if (stopping.signal.aborted) return exit(1)
  log.info(`Caught ${name}. Exiting`)
  stopping.abort()
  // While it is still starting there is nothing to stop: starting gives up by itself, or stops once it is done.
  if (app !== undefined) await stop()
}

async function stop(): Promise<void> {
  await app?.[Symbol.asyncDispose]()
  log.info('Down')
  await exit(0)
}

async function fail(code: number, message: string): Promise<void> {
  log.fatal(message)
  const running = app
  app = undefined
  await running?.[Symbol.asyncDispose]()
  await exit(code)
}

async function exit(code: number): Promise<void> {
  await Promise.all([stdout[Symbol.asyncDispose](), stderr[Symbol.asyncDispose]()])
  process.exit(code)
}

function openOutput(fd: number, name: string): OutputWriter {
  return new OutputWriter({ fd, onDrop: (lines, cause) => log.error(`${lines} lines for ${name} were lost: ${cause}`) })
}

/** Running as root is nobody's intention but a container's. */
function warnOfRoot(isAcknowledged: boolean): void {
  if (process.getuid?.() !== 0) return
  log.info(`Running fabio as UID=${process.getuid()} EUID=${process.geteuid?.()} GID=${process.getgid?.()}`)
  if (!isAcknowledged)
    log.warn('Running as root. Ports below 1024 need no root on most systems today; -insecure silences this line.')
}
