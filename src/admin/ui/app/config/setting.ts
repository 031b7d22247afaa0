import type { ApiOption } from '../answers.ts'

/** One option as a person reads it. */
export interface Setting extends ApiOption {
  readonly name: string
  /** Somebody said it. */
  readonly isSet: boolean
}

export interface Section {
  readonly name: string
  readonly settings: readonly Setting[]
}

/** Options belong to the longest of these that their name begins with. What is left is about the process. */
const SECTIONS = ['proxy', 'registry', 'registry.consul', 'registry.custom', 'ui', 'log', 'metrics', 'bgp']
const REST = 'process'

/** `/api/config?origin` by section. Options of older releases are left out unless they are set. */
export function buildSections(options: Readonly<Record<string, ApiOption>>): readonly Section[] {
  const sections = new Map<string, Setting[]>([...SECTIONS, REST].map(name => [name, []]))
  for (const [name, option] of Object.entries(options)) {
    const isSet = option.origin !== 'default'
    if (isSet || !isRetired(name)) sections.get(sectionOf(name))?.push({ name, isSet, ...option })
  }
  return [...sections].map(([name, settings]) => ({ name, settings })).filter(({ settings }) => settings.length > 0)
}

function sectionOf(option: string): string {
  return SECTIONS.filter(section => option.startsWith(`${section}.`)).at(-1) ?? REST
}

const RETIRED = new Set([
  'aws.apigw.cert.cn',
  'proxy.log.routes',
  'registry.consul.register.checkDeregisterCriticalServiceAfter',
  'registry.custom.pollinginterval',
])

function isRetired(option: string): boolean {
  return RETIRED.has(option) || option.startsWith('tracing.')
}

export interface Wanted {
  /** In small letters; whoever asks for a setting gets it even when it is empty. */
  readonly text: string
  readonly onlySet: boolean
  readonly emptyToo: boolean
}

export function isWanted({ name, value, place, isSet }: Setting, { text, onlySet, emptyToo }: Wanted): boolean {
  if (onlySet && !isSet) return false
  if (text !== '') return `${name} ${value} ${isSet ? place : ''}`.toLowerCase().includes(text)
  return emptyToo || isSet || value !== ''
}

/** `3 from files, 1 from the environment`; nothing when nobody said anything. */
export function countOrigins(sections: readonly Section[]): string {
  const settings = sections.flatMap(section => section.settings)
  const count = (origin: ApiOption['origin']) => settings.filter(setting => setting.origin === origin).length
  const counts = [
    [count('flag'), 'on the command line'],
    [count('env'), 'in the environment'],
    [count('file'), 'in the file'],
  ] as const
  return counts
    .filter(([number]) => number > 0)
    .map(([number, where]) => `${number} ${where}`)
    .join(', ')
}
