import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { type InspectedThread, Inspection } from './inspection.ts'

interface Mode {
  /** Names of files, before and behind the name of the thread. */
  readonly prefix: string
  readonly extension: string
  start(thread: InspectedThread): Promise<void>
  /** What is written. */
  stop(thread: InspectedThread): Promise<unknown>
}

/** As often as Go samples: V8's own thousand samples a second would need ten times the memory, and it is all kept to the end. */
const SAMPLING_INTERVAL_US = 10_000

const CPU: Mode = {
  prefix: 'cpu',
  extension: 'cpuprofile',
  async start(thread) {
    await thread.post('Profiler.enable')
    await thread.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US })
    await thread.post('Profiler.start')
  },
  stop: async thread => (await thread.post('Profiler.stop')).profile,
}

const MEM: Mode = {
  prefix: 'mem',
  extension: 'heapprofile',
  start: async thread => void (await thread.post('HeapProfiler.startSampling')),
  stop: async thread => (await thread.post('HeapProfiler.stopSampling')).profile,
}

/**
 * `profile.mode`: profiles every thread of the process until it is disposed of, and then writes a file a thread to
 * `profile.path`. The modes that only Go has do nothing; reading the configuration has said so.
 */
export async function startProfile(
  { profileMode, profilePath }: Pick<ProcessConfig, 'profileMode' | 'profilePath'>,
  log: Log,
): Promise<AsyncDisposable> {
  if (profileMode !== 'cpu' && profileMode !== 'mem') return { async [Symbol.asyncDispose]() {} }
  const mode = profileMode === 'cpu' ? CPU : MEM
  const inspection = await Inspection.start(
    async thread => await mode.start(thread),
    cause => log.error(`profile: ${cause instanceof Error ? cause.message : String(cause)}`),
  )
  log.info(`Profile mode "${profileMode}"`)
  log.info(`Profile path "${profilePath}"`)
  return {
    async [Symbol.asyncDispose]() {
      const written = inspection.threads().map(thread =>
        writeProfile(thread, mode, profilePath).then(
          path => log.info(`Profile written to ${path}`),
          (cause: unknown) => log.error(`profile: ${cause instanceof Error ? cause.message : String(cause)}`),
        ),
      )
      await Promise.all(written)
      inspection[Symbol.dispose]()
    },
  }
}

async function writeProfile(thread: InspectedThread, mode: Mode, directory: string): Promise<string> {
  const name = [mode.prefix, thread.name].filter(part => part !== '').join('-')
  const path = join(directory, `${name}.${mode.extension}`)
  const profile = await mode.stop(thread)
  await mkdir(directory, { recursive: true })
  await writeFile(path, JSON.stringify(profile))
  return path
}
