import { Properties as Document } from 'properties-file/parser'
import { ConfigError, type Refuse, throwError } from './config-error.ts'
import type { Environment } from './environment.ts'
import { expandProperties, type Property } from './properties-expansion.ts'

export interface Properties {
  /** By key; values are unescaped and `${…}` in them is replaced. */
  readonly properties: ReadonlyMap<string, Property>
  /** Names that some `${…}` uses: they need not be options. */
  readonly referenced: ReadonlySet<string>
}

/**
 * The text of a .properties file by key. The last of equal keys wins; keys are told apart by case. What is wrong is refused in
 * Fabio's words: `properties: Line 3: invalid unicode literal`.
 */
export function parseProperties(text: string, environment: Environment, refuse: Refuse = throwError): Properties {
  const properties = new Map<string, Property>()
  for (const node of parseSyntax(text, refuse).getProperties()) {
    const line = node.startingLineNumber
    const lastLine = node.rawLines.at(-1) ?? ''
    // The library takes both without complaint: a value without a key, and a file that ends in the middle of a continued line.
    if (node.separatorChar !== undefined && node.key === '')
      refuse(syntaxError(line, JSON.stringify(node.rawLines[0] ?? '')))
    if ((/\\+$/.exec(lastLine)?.[0].length ?? 0) % 2 === 1) refuse(syntaxError(line, 'premature EOF'))
    if (node.key === '') continue // a line that is only a backslash
    properties.set(node.key, { value: node.value, line })
  }
  return expandProperties(properties, environment, refuse)
}

/** Looking for one takes a while, and nobody repairs more than this at once. */
const MOST_BAD_ESCAPES = 50

function parseSyntax(text: string, refuse: Refuse): Document {
  const lines = text.split(/\r\n|\r|\n/)
  for (let found = 0; found < MOST_BAD_ESCAPES; found++) {
    try {
      return new Document(found === 0 ? text : lines.join('\n'))
    } catch (cause) {
      const line = lineOfBadEscape(lines)
      refuse(syntaxError(line, 'invalid unicode literal', cause))
      lines[line - 1] = ''
    }
  }
  return new Document('')
}

/** The library says that an escape is wrong but not where: it is on the last line of the shortest beginning that fails too. */
function lineOfBadEscape(lines: readonly string[]): number {
  let good = 0
  let bad = lines.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isReadable(lines.slice(0, middle).join('\n'))) good = middle
    else bad = middle
  }
  return bad
}

function isReadable(text: string): boolean {
  try {
    new Document(text)
    return true
  } catch {
    return false // which is the answer: the same complaint has been caught before
  }
}

function syntaxError(line: number, reason: string, cause?: unknown): ConfigError {
  return new ConfigError(`properties: Line ${line}: ${reason}`, { cause, where: { line } })
}
