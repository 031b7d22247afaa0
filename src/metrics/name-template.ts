import { MetricsError } from './metrics-error.ts'

/** Replaces what Graphite and its kin give a meaning to. Lower case, and never empty. Fabio's template function `clean`. */
export function clean(text: string): string {
  return text === '' ? '_' : text.replace(/[.:]/g, '_').toLowerCase()
}

export type NameTemplate<Field extends string> = (values: Readonly<Record<Field, string>>) => string

const ACTION = /\{\{(.*?)\}\}/gs
const FIELD = /^\s*(clean\s+)?\.([A-Za-z.]+)\s*$/

/**
 * Compiles the part of Go's text/template that names need: `{{.X}}`, `{{clean .X}}` and literal text.
 * @throws MetricsError that says which action is not understood and which fields there are
 */
export function compileNameTemplate<Field extends string>(text: string, fields: readonly Field[]): NameTemplate<Field> {
  const parts: (string | { readonly field: Field; readonly isClean: boolean })[] = []
  let end = 0
  for (const match of text.matchAll(ACTION)) {
    parts.push(literal(text.slice(end, match.index), text))
    parts.push(parseAction(match[1] ?? '', fields, text))
    end = match.index + match[0].length
  }
  parts.push(literal(text.slice(end), text))
  return values => {
    let name = ''
    for (const part of parts) {
      if (typeof part === 'string') name += part
      else name += part.isClean ? clean(values[part.field]) : values[part.field]
    }
    return name
  }
}

function parseAction<Field extends string>(
  action: string,
  fields: readonly Field[],
  text: string,
): { field: Field; isClean: boolean } {
  const [, cleaned, name] = FIELD.exec(action) ?? []
  const field = fields.find(field => field === name)
  if (field !== undefined) return { field, isClean: cleaned !== undefined }
  const expected = fields.map(field => `{{clean .${field}}} or {{.${field}}}`).join(', ')
  throw new MetricsError(`'{{${action}}}' in '${text}' is not understood, expected ${expected}`)
}

function literal(part: string, text: string): string {
  if (part.includes('{{')) throw new MetricsError(`unclosed action in '${text}'`)
  return part
}
