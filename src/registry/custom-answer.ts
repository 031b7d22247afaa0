// The answer of the endpoint of registry.custom: a JSON array of commands, as Fabio's struct RouteDef takes it.

import type { RouteCommand } from '../route/command.ts'
import type { RejectedElement } from './route-text.ts'

/** The answer as a whole is no list of commands. The message says what it is. */
export class CustomAnswerError extends Error {
  override readonly name = 'CustomAnswerError'
}

/**
 * Reads the first JSON value of `text`, which has to be an array; what follows it does not count. An element that is no command
 * costs only itself.
 * @throws CustomAnswerError
 */
export function decodeCommands(text: string): readonly (RouteCommand | RejectedElement)[] {
  const answer = parseFirstValue(text)
  if (!Array.isArray(answer))
    throw new CustomAnswerError(`the answer is ${kindOf(answer)}; expected a list of commands`)
  const elements: readonly unknown[] = answer
  return elements.map(decodeElement)
}

function parseFirstValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const end = endOfFirstValue(text)
    if (end < text.length) return parseFirstValue(text.slice(0, end))
    throw new CustomAnswerError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Behind the bracket that closes the first one; the length of the text where that never happens. */
function endOfFirstValue(text: string): number {
  let depth = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isInString) {
      if (character === '\\') at++
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '[' || character === '{') depth++
    else if ((character === ']' || character === '}') && --depth <= 0) return at + 1
  }
  return text.length
}

const FIELDS = ['cmd', 'service', 'src', 'dst', 'weight', 'tags', 'opts'] as const
type FieldName = (typeof FIELDS)[number]

const EXPECTED: Readonly<Record<FieldName, string>> = {
  cmd: 'cmd to be "route add", "route del" or "route weight"',
  service: 'service to be a text',
  src: 'src to be a text such as "shop.test/cart"',
  dst: 'dst to be a text such as "http://10.0.0.1:8080/"',
  weight: 'weight to be a number such as 0.25',
  tags: 'tags to be a list of texts',
  opts: 'opts to be an object of texts',
}

/** A field has a value of the wrong kind. */
class FieldError extends Error {
  readonly field: FieldName

  constructor(field: FieldName, reason: string) {
    super(reason)
    this.field = field
  }
}

function decodeElement(element: unknown): RouteCommand | RejectedElement {
  const text = excerpt(element)
  if (!isObject(element)) {
    const expected = 'an object with cmd, service, src and so on'
    return { kind: 'rejected', text, column: 1, reason: `the element is ${kindOf(element)}`, expected }
  }
  try {
    return toCommand(readFields(element))
  } catch (cause) {
    if (!(cause instanceof FieldError)) throw cause
    const column = text.toLowerCase().indexOf(`"${cause.field}":`) + 1 || 1
    return { kind: 'rejected', text, column, reason: cause.message, expected: EXPECTED[cause.field] }
  }
}

/** Names count in any case, and the last of several; null is nothing. What has no name here is left out. */
function readFields(element: object): ReadonlyMap<FieldName, unknown> {
  const fields = new Map<FieldName, unknown>()
  for (const [name, value] of Object.entries(element)) {
    const field = FIELDS.find(known => known === name.toLowerCase())
    if (field !== undefined && value !== null) fields.set(field, value)
  }
  return fields
}

function toCommand(fields: ReadonlyMap<FieldName, unknown>): RouteCommand {
  const text = (field: FieldName) => readText(field, field, fields.get(field) ?? null)
  const command = text('cmd')
  const service = text('service')
  const src = text('src')
  const dst = text('dst')
  const weight = readWeight(fields.get('weight') ?? 0)
  const tags = readTags(fields.get('tags') ?? [])
  const options = readOptions(fields.get('opts') ?? {})
  switch (command) {
    case 'route add':
      return { kind: 'add', src, target: { service, dst, fixedWeight: Math.max(weight, 0), tags, options } }
    case 'route del':
      // Without a tag, no service means the service that has no name; with one, any.
      return {
        kind: 'remove',
        service: tags.length > 0 ? service || undefined : service,
        src: src || undefined,
        dst: dst || undefined,
        tags,
      }
    case 'route weight':
      return { kind: 'weigh', service: service || undefined, src, weight, tags }
    default:
      throw new FieldError('cmd', `route: invalid command: ${command}`)
  }
}

function readWeight(value: unknown): number {
  if (typeof value !== 'number') throw new FieldError('weight', `weight is ${kindOf(value)}`)
  if (!Number.isFinite(value)) throw new FieldError('weight', 'weight is too large a number')
  return value
}

function readTags(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new FieldError('tags', `tags is ${kindOf(value)}`)
  const tags: readonly unknown[] = value
  return tags.map((tag, at) => readText('tags', `tag ${at + 1}`, tag))
}

function readOptions(value: unknown): readonly (readonly [string, string])[] {
  if (!isObject(value)) throw new FieldError('opts', `opts is ${kindOf(value)}`)
  return Object.entries(value).map(
    ([name, option]: [string, unknown]) => [name, readText('opts', `option ${JSON.stringify(name)}`, option)] as const,
  )
}

function readText(field: FieldName, name: string, value: unknown): string {
  if (value === null) return ''
  if (typeof value !== 'string') throw new FieldError(field, `${name} is ${kindOf(value)}`)
  return value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'object':
      return 'an object'
    case 'string':
      return 'a text'
    case 'number':
      return 'a number'
    default:
      return String(value) // true or false: JSON has nothing else
  }
}

const LONGEST_EXCERPT = 300

function excerpt(element: unknown): string {
  const text = JSON.stringify(element)
  return text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text
}
