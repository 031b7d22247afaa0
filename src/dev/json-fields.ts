import { parseDurationMs } from '../config/duration.ts'
import { badRequest } from './api-error.ts'

/**
 * A JSON object of a request, read as Go's decoder reads it into a struct: names without regard to case, null like
 * absent, an unknown name or another type is an error. Every method throws 400 with Go's words and the field's name.
 */
export class JsonFields {
  readonly #values: ReadonlyMap<string, unknown>

  /** The body of a request. `aliases` are other spellings of a known name, which Consul keeps for old clients. */
  static parse(body: Buffer, known: readonly string[], aliases: ReadonlyMap<string, string> = new Map()): JsonFields {
    const text = body.toString()
    if (text.trim() === '') throw badRequest('Request decode failed: EOF')
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw badRequest(`Request decode failed: ${reason}`, { cause })
    }
    if (value !== null && !isObject(value)) throw mismatch(value, undefined, 'object')
    return new JsonFields(value ?? {}, known, aliases)
  }

  /** An object inside a body. */
  constructor(value: object, known: readonly string[], aliases: ReadonlyMap<string, string> = new Map()) {
    const spellings = new Map(known.map(name => [name.toLowerCase(), name]))
    for (const [alias, name] of aliases) spellings.set(alias, name)
    const values = new Map<string, unknown>()
    for (const [name, field] of Object.entries(value)) {
      const spelling = spellings.get(name.toLowerCase())
      if (spelling === undefined) throw badRequest(`Request decode failed: json: unknown field ${JSON.stringify(name)}`)
      if (field !== null) values.set(spelling, field)
    }
    this.#values = values
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  text(name: string): string {
    const value = this.#values.get(name) ?? ''
    if (typeof value !== 'string') throw mismatch(value, name, 'string')
    return value
  }

  integer(name: string): number {
    const value = this.#values.get(name) ?? 0
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mismatch(value, name, 'int')
    return value
  }

  flag(name: string): boolean {
    const value = this.#values.get(name) ?? false
    if (typeof value !== 'boolean') throw mismatch(value, name, 'bool')
    return value
  }

  /** Text as Go writes durations, or a number of nanoseconds. Consul takes anything else for no duration at all. */
  durationMs(name: string): number {
    const value = this.#values.get(name)
    if (typeof value === 'number') return value / 1e6
    if (typeof value !== 'string') return 0
    const milliseconds = parseDurationMs(value)
    if (milliseconds === undefined)
      throw badRequest(`Request decode failed: time: invalid duration ${JSON.stringify(value)}`)
    return milliseconds
  }

  texts(name: string): readonly string[] {
    return textList(this.#values.get(name) ?? [], name)
  }

  textMap(name: string): ReadonlyMap<string, string> {
    return new Map(
      this.#entries(name).map(([key, value]) => {
        if (typeof value !== 'string') throw mismatch(value, name, 'string')
        return [key, value]
      }),
    )
  }

  textsMap(name: string): ReadonlyMap<string, readonly string[]> {
    return new Map(this.#entries(name).map(([key, value]) => [key, textList(value, name)]))
  }

  object(name: string, known: readonly string[], aliases?: ReadonlyMap<string, string>): JsonFields | undefined {
    const value = this.#values.get(name)
    return value === undefined ? undefined : inner(value, name, known, aliases)
  }

  objects(name: string, known: readonly string[], aliases?: ReadonlyMap<string, string>): readonly JsonFields[] {
    const value = this.#values.get(name) ?? []
    if (!Array.isArray(value)) throw mismatch(value, name, '[]object')
    return value.map((element: unknown) => inner(element ?? {}, name, known, aliases))
  }

  objectMap(name: string, known: readonly string[]): ReadonlyMap<string, JsonFields> {
    return new Map(this.#entries(name).map(([key, value]) => [key, inner(value ?? {}, name, known)]))
  }

  #entries(name: string): [string, unknown][] {
    const value = this.#values.get(name) ?? {}
    if (!isObject(value)) throw mismatch(value, name, 'map')
    return Object.entries(value)
  }
}

function inner(
  value: unknown,
  name: string,
  known: readonly string[],
  aliases?: ReadonlyMap<string, string>,
): JsonFields {
  if (!isObject(value)) throw mismatch(value, name, 'object')
  return new JsonFields(value, known, aliases)
}

function textList(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) throw mismatch(value, name, '[]string')
  return value.map((element: unknown) => {
    if (element !== null && typeof element !== 'string') throw mismatch(element, name, 'string')
    return element ?? ''
  })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mismatch(value: unknown, name: string | undefined, wanted: string): Error {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  const amount = typeof value === 'number' && wanted === 'int' ? ` ${value}` : ''
  const where = name === undefined ? 'Go value' : `Go struct field .${name}`
  return badRequest(`Request decode failed: json: cannot unmarshal ${found}${amount} into ${where} of type ${wanted}`)
}
