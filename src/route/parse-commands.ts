import type { OptionPairs, Rejection, RouteCommand } from './command.ts'
import { parseGoFloat } from './go-float.ts'
import { fields, isSpace, trimSpace } from './go-text.ts'
import { LineScanner } from './line-scanner.ts'

/** What one line says. */
export type ParsedLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'command'; readonly command: RouteCommand }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }

export interface ParsedCommands {
  readonly commands: readonly RouteCommand[]
  readonly rejected: readonly Rejection[]
}

/** Parses a text of route commands. Never throws: a line that is no command is rejected, the others stay. */
export function parseRouteCommands(text: string): ParsedCommands {
  const commands: RouteCommand[] = []
  const rejected: Rejection[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const parsed = parseRouteLine(line, index + 1)
    if (parsed.kind === 'command') commands.push(parsed.command)
    if (parsed.kind === 'rejected') rejected.push(parsed.rejection)
  }
  return { commands, rejected }
}

/** Parses one line, without its line feed. `line` is its number, for the rejection. */
export function parseRouteLine(text: string, line: number): ParsedLine {
  const scanner = new LineScanner(text)
  if (scanner.isAtEnd || scanner.startsWith('#') || scanner.startsWith('//')) return { kind: 'blank' }

  const grammar = GRAMMARS.find(({ verb }) => scanner.startsWithWords('route', verb))
  if (grammar === undefined) return rejected(text, line, scanner.column, `syntax error: 'route' expected`, ANY_COMMAND)

  for (const form of grammar.forms) {
    scanner.restart()
    const parsed = form(scanner)
    if (parsed === undefined) continue
    if (parsed.kind === 'bad weight') {
      return rejected(text, line, parsed.column, 'syntax error: weight value invalid', 'a number such as 0.25')
    }
    return { kind: 'command', command: parsed }
  }
  return rejected(text, line, scanner.furthestColumn, `syntax error: 'route ${grammar.verb}' invalid`, grammar.expected)
}

/** The command a line is, if it has this form. */
type Form = (scanner: LineScanner) => RouteCommand | BadWeight | undefined

interface BadWeight {
  readonly kind: 'bad weight'
  readonly column: number
}

const ADD = 'route add <service> <src> <dst> [weight <w>] [tags "<t1>,<t2>"] [opts "<k1>=<v1> <k2>=<v2>"]'
const DEL = 'route del <service> [<src> [<dst>]], route del [<service>] tags "<t1>,<t2>"'
const WEIGHT =
  'route weight <service> <src> weight <w> [tags "<t1>,<t2>"], route weight <src> weight <w> tags "<t1>,<t2>"'
const ANY_COMMAND = 'a line that starts with route add, route del or route weight, or a comment'

// A later form is tried only when an earlier one does not fit the whole line; `route del tags "x"` fits two.
const GRAMMARS: readonly { verb: string; forms: readonly Form[]; expected: string }[] = [
  { verb: 'add', forms: [add], expected: ADD },
  { verb: 'del', forms: [delServiceWithTags, delWithTags, delService], expected: DEL },
  { verb: 'weight', forms: [weightOfService, weightOfTags], expected: WEIGHT },
]

function add(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('add')) return undefined
  const service = scanner.word()
  const src = scanner.word()
  const dst = scanner.word()
  if (service === undefined || src === undefined || dst === undefined) return undefined

  const weight = scanner.keyword('weight') ? scanner.word() : NO_WEIGHT
  if (weight === undefined) return undefined
  const tags = scanner.keyword('tags') ? scanner.quoted() : ''
  if (tags === undefined) return undefined
  const options = scanner.keyword('opts') ? scanner.quoted() : ''
  if (options === undefined || !scanner.isAtEnd) return undefined

  const asked = parseWeight(weight.text)
  if (asked === undefined) return { kind: 'bad weight', column: weight.column }
  return {
    kind: 'add',
    src: src.text,
    target: {
      service: service.text,
      dst: dst.text,
      fixedWeight: Math.max(asked, 0), // Fabio takes a negative weight for none
      tags: parseTags(tags),
      options: parseOptions(options),
    },
  }
}

const NO_WEIGHT = { text: '', column: 0 }

function delServiceWithTags(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('del')) return undefined
  const service = scanner.word()
  if (service === undefined || !scanner.keyword('tags')) return undefined
  const tags = scanner.quoted()
  if (tags === undefined || !scanner.isAtEnd) return undefined
  return { kind: 'remove', service: service.text, src: undefined, dst: undefined, tags: parseTags(tags) }
}

function delWithTags(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('del') || !scanner.keyword('tags')) return undefined
  const text = scanner.quoted()
  if (text === undefined || !scanner.isAtEnd) return undefined
  const tags = parseTags(text)
  // Without a tag it means the service that has no name, of which there is none: not every target there is.
  const service = tags.length === 0 ? '' : undefined
  return { kind: 'remove', service, src: undefined, dst: undefined, tags }
}

function delService(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('del')) return undefined
  const service = scanner.word()
  if (service === undefined) return undefined
  const src = scanner.word()
  const dst = src === undefined ? undefined : scanner.word()
  if (!scanner.isAtEnd) return undefined
  return { kind: 'remove', service: service.text, src: src?.text, dst: dst?.text, tags: [] }
}

function weightOfService(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('weight')) return undefined
  const service = scanner.word()
  const src = scanner.word()
  if (service === undefined || src === undefined || !scanner.keyword('weight')) return undefined
  const weight = scanner.word()
  if (weight === undefined) return undefined
  const tags = scanner.keyword('tags') ? scanner.quoted() : ''
  if (tags === undefined || !scanner.isAtEnd) return undefined
  return weigh(service.text, src.text, weight, tags)
}

function weightOfTags(scanner: LineScanner): ReturnType<Form> {
  if (!scanner.keyword('route') || !scanner.keyword('weight')) return undefined
  const src = scanner.word()
  if (src === undefined || !scanner.keyword('weight')) return undefined
  const weight = scanner.word()
  if (weight === undefined || !scanner.keyword('tags')) return undefined
  const tags = scanner.quoted()
  if (tags === undefined || !scanner.isAtEnd) return undefined
  return weigh(undefined, src.text, weight, tags)
}

function weigh(
  service: string | undefined,
  src: string,
  weight: { readonly text: string; readonly column: number },
  tags: string,
): ReturnType<Form> {
  const asked = parseWeight(weight.text)
  if (asked === undefined) return { kind: 'bad weight', column: weight.column }
  return { kind: 'weigh', service, src, weight: asked, tags: parseTags(tags) }
}

/** Undefined for what is no share: no number, or an infinite one, which Fabio accepts to crash later. `NaN` asks for none. */
function parseWeight(text: string): number | undefined {
  if (text === '') return 0
  const weight = parseGoFloat(text)
  if (weight === undefined || Math.abs(weight) === Infinity) return undefined
  return Number.isNaN(weight) ? 0 : weight
}

/** `a, b` → `a` and `b`. The empty text is no tag, but `,` is two empty ones. */
export function parseTags(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(trimSpace)
}

/** `strip=/a  foo` → strip with value `/a`, foo with an empty one. */
export function parseOptions(text: string): OptionPairs {
  return fields(text).map(field => {
    const equals = field.indexOf('=')
    return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
  })
}

function rejected(text: string, line: number, column: number, reason: string, expected: string): ParsedLine {
  let end = text.length
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
  return { kind: 'rejected', rejection: { line, column, text: text.slice(0, end), reason, expected } }
}
