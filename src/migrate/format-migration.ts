import type { FileView } from './file-view.ts'
import type { Note } from './note.ts'

/** How text is laid out for whoever reads it. */
export interface Layout {
  /** Columns; lines are broken before. */
  readonly width: number
  readonly hasColor: boolean
}

export interface Migration {
  readonly file: FileView
  readonly fileName: string
  readonly from152: readonly Note[]
  readonly from173: readonly Note[]
  /** What the router itself says about the file, a line each. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

const MARKS: Readonly<Record<Note['urgency'], { readonly sign: string; readonly color: string }>> = {
  act: { sign: '!', color: '1;31' },
  look: { sign: '?', color: '33' },
  know: { sign: '-', color: '2' },
}

const LABEL_WIDTH = 10

/** The report of -migrate; ends with a line feed. */
export function formatMigration(migration: Migration, layout: Layout): string {
  const { file, fileName, from152, from173, errors, warnings } = migration
  const page = new Page(layout)
  const options = [...file.keys()].length
  page.heading(`${fileName}: ${options} option${options === 1 ? '' : 's'} set`)
  page.paragraph(
    `${page.mark('act')} act   ${page.mark('look')} look whether it concerns you   ${page.mark('know')} know`,
  )
  page.group('From Fabio 1.5.2 to 1.7.3, which this router follows (skip this on 1.7.3)', from152, file)
  page.group('From Fabio 1.7.3 to this router', from173, file)
  page.list('What this router says about the file', [...errors.map(text => `error: ${text}`), ...warnings])
  page.paragraph(
    'docs/differences.md has what does not depend on options. `./fabio -check -cfg FILE` looks for mistakes in the file and all that it names.',
  )
  return page.text()
}

class Page {
  readonly #layout: Layout
  readonly #lines: string[] = []

  constructor(layout: Layout) {
    this.#layout = layout
  }

  text(): string {
    return this.#lines.join('\n')
  }

  heading(text: string): void {
    this.#lines.push(...wrap(text, this.#layout.width).map(line => this.#paint('1', line)))
  }

  paragraph(text: string): void {
    this.#lines.push(...wrap(text, this.#layout.width), '')
  }

  mark(urgency: Note['urgency']): string {
    const { sign, color } = MARKS[urgency]
    return this.#paint(color, sign)
  }

  group(title: string, notes: readonly Note[], file: FileView): void {
    this.heading(title)
    this.#lines.push('')
    if (notes.length === 0) this.#lines.push('  nothing', '')
    for (const note of notes) this.#note(note, file)
  }

  list(title: string, texts: readonly string[]): void {
    if (texts.length === 0) return
    this.heading(title)
    this.#lines.push('')
    for (const text of texts) this.#hanging('  ', text)
    this.#lines.push('')
  }

  #note({ urgency, options, was, now, todo, line }: Note, file: FileView): void {
    for (const [index, subject] of subjectsOf(options, file).entries()) {
      const [first = '', ...rest] = wrap(subject, this.#layout.width - 2)
      this.#lines.push(`${index === 0 ? this.mark(urgency) : ' '} ${this.#paint('1', first)}`)
      for (const line of rest) this.#lines.push(`    ${this.#paint('1', line)}`)
    }
    this.#labelled('was', was)
    this.#labelled('now', now)
    this.#labelled('do', todo)
    if (line !== undefined) this.#labelled('as before', line)
    this.#lines.push('')
  }

  #labelled(label: string, text: string): void {
    const indent = ' '.repeat(4 + LABEL_WIDTH)
    const [first = '', ...rest] = wrap(text, this.#layout.width - indent.length)
    this.#lines.push(`    ${this.#paint('2', label.padEnd(LABEL_WIDTH))}${first}`, ...rest.map(line => indent + line))
  }

  #hanging(indent: string, text: string): void {
    const [first = '', ...rest] = wrap(text, this.#layout.width - 2 * indent.length)
    this.#lines.push(indent + first, ...rest.map(line => indent + indent + line))
  }

  #paint(color: string, text: string): string {
    return this.#layout.hasColor ? `\x1b[${color}m${text}\x1b[0m` : text
  }
}

/** The lines of the file that a note is about; the default when it is about something that the file does not say. */
function subjectsOf(options: readonly string[], file: FileView): readonly string[] {
  const set = options.filter(option => file.isSet(option))
  if (set.length > 0) return set.map(option => `line ${file.lineOf(option)}: ${file.shownLine(option)}`)
  return options.slice(0, 1).map(option => `not set: ${file.shownLine(option)}`)
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= Math.max(width, 20))
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
