import type { Option } from './option.ts'
import { OPTIONS } from './option-table.ts'
import { TOOL_FLAGS } from './tool-flags.ts'

/** The text of -help, in the form of Go's flag package: sorted by name, the default behind the summary. */
export function formatHelp(program: string): string {
  const entries = [
    ...OPTIONS.filter(isShown).map(option => ({ name: option.name, text: formatOption(option) })),
    { name: 'cfg', text: '  -cfg string\n    \tpath or URL of the properties file' },
    {
      name: 'check',
      text: '  -check\n    \tsays everything that is wrong with the configuration, its files and routes, and ends',
    },
    {
      name: 'migrate',
      text: '  -migrate string\n    \tpath or URL of a properties file of Fabio: says what changes for it here, and ends',
    },
    ...TOOL_FLAGS.map(({ name, summary }) => ({ name, text: `  -${name} string\n    \t${summary}` })),
    { name: 'v', text: '  -v\tprints the version' },
    { name: 'version', text: '  -version\n    \tprints the version' },
  ]
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  return `Usage of ${program}:\n${entries.map(({ text }) => text).join('\n')}\n`
}

/** What is gone, but still accepted, is no help. */
function isShown({ name }: Option<unknown>): boolean {
  return !name.startsWith('tracing.') && name !== 'registry.custom.pollinginterval'
}

function formatOption(option: Option<unknown>): string {
  const type = FLAG_TYPES[option.type]
  return `  -${option.name}${type === '' ? '' : ` ${type}`}\n    \t${option.summary}${formatWords(option)}${formatDefault(option)}`
}

function formatWords({ words }: Option<unknown>): string {
  return words.length === 0 ? '' : `: ${words.join(', ')}`
}

const FLAG_TYPES: Readonly<Record<Option<unknown>['type'], string>> = {
  bool: '',
  int: 'int',
  uint: 'uint',
  duration: 'duration',
  string: 'string',
  'key-value list': 'string',
  list: 'value',
  floats: 'value',
}

/** Not for values that are empty, zero or false. */
function formatDefault({ type, defaultText, defaultNote }: Option<unknown>): string {
  if (defaultNote !== '') return ` (default ${defaultNote})`
  if (['', '0', '0s', 'false'].includes(defaultText)) return ''
  const isQuoted = type === 'string' || type === 'key-value list'
  return ` (default ${isQuoted ? JSON.stringify(defaultText) : defaultText})`
}
