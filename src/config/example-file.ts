import type { Option } from './option.ts'
import { OPTION_GROUPS } from './option-table.ts'

const WIDTH = 100

/** The text of fabio.properties.example: every option that a file can set, with its default, and all of it commented out. */
export function formatExampleFile(): string {
  const head = [
    'All options with their defaults. Remove the # before an option to set it.',
    '',
    'The same file works for the original Fabio, which ignores the few options that are marked as ours.',
    'docs/configuration.md describes the syntax of values and the keys of listeners, certificate sources and so on.',
  ]
  const groups = OPTION_GROUPS.map(({ title, options }) => {
    const entries = options.filter(option => !option.flagOnly).map(formatOption)
    return [`# ---- ${title} `.padEnd(WIDTH, '-'), '', ...entries].join('\n')
  })
  return `${comment(head)}\n\n${groups.join('\n')}`
}

function formatOption(option: Option<unknown>): string {
  const lines = wrap(`${option.summary}${formatWords(option)}${option.since === 'ours' ? ' (ours)' : ''}`)
  if (option.defaultNote !== '') lines.push(...wrap(`Default: ${option.defaultNote}.`))
  if (option.example !== '') lines.push(`Example: ${option.example}`)
  return `${comment(lines)}\n# ${`${option.name} = ${inFile(option.defaultText)}`.trimEnd()}\n`
}

function formatWords({ words }: Option<unknown>): string {
  return words.length === 0 ? '' : `: ${words.join(', ')}`
}

/** A backslash begins an escape in the file. */
function inFile(text: string): string {
  return text.replaceAll('\\', '\\\\')
}

function comment(lines: readonly string[]): string {
  return lines.map(line => `# ${line}`.trimEnd()).join('\n')
}

function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 3 > WIDTH) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
