// Addresses that depend on the machine: `{{GetPrivateIP}}:9999`, `{{ GetAllInterfaces | include "name" "eth1" | attr "address" }}:80`.
// The syntax is that of Go's text/template without variables, range, with and nested templates, which have no use in an address.

import { ADDRESS_FUNCTIONS, isTrue, printed, type TemplateValue } from './address-functions.ts'
import { ConfigError } from './config-error.ts'
import { unescapeGoString } from './go-string.ts'
import type { Machine } from './machine.ts'

/**
 * Text without `{{` stays as it is. Functions that find nothing give empty text.
 * @throws ConfigError in Fabio's words
 */
export function expandAddressTemplate(input: string, machine: Machine): string {
  if (!input.includes('{{')) return input
  const nodes = parse(input)
  try {
    return new Evaluation(machine).render(nodes)
  } catch (cause) {
    throw new ConfigError(`unable to execute sockaddr input ${JSON.stringify(input)}: ${messageOf(cause)}`, { cause })
  }
}

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
  | {
      readonly kind: 'if'
      readonly condition: Pipe
      readonly whenTrue: readonly Node[]
      readonly whenFalse: readonly Node[]
    }

/** The result of each command is the last argument of the next. */
type Pipe = readonly (readonly [Operand, ...Operand[]])[]

type Operand =
  | { readonly kind: 'value'; readonly value: TemplateValue }
  | { readonly kind: 'dot' }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'parentheses'; readonly pipe: Pipe }

class Evaluation {
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  render(nodes: readonly Node[]): string {
    let text = ''
    for (const node of nodes) {
      if (node.kind === 'text') text += node.text
      else if (node.kind === 'pipe') text += printed(this.#pipe(node.pipe))
      else text += this.render(isTrue(this.#pipe(node.condition)) ? node.whenTrue : node.whenFalse)
    }
    return text
  }

  #pipe(pipe: Pipe): TemplateValue {
    let result: TemplateValue | undefined
    for (const [first, ...rest] of pipe) {
      const args = rest.map(operand => this.#operand(operand, []))
      if (result !== undefined) args.push(result)
      result = this.#operand(first, args)
    }
    return result ?? ''
  }

  #operand(operand: Operand, args: readonly TemplateValue[]): TemplateValue {
    if (operand.kind === 'function') return this.#call(operand.name, args)
    if (args.length > 0) throw new Error("can't give argument to non-function")
    if (operand.kind === 'value') return operand.value
    return operand.kind === 'dot' ? this.#machine.addresses : this.#pipe(operand.pipe)
  }

  #call(name: string, args: readonly TemplateValue[]): TemplateValue {
    try {
      return ADDRESS_FUNCTIONS.get(name)?.(args, this.#machine) ?? ''
    } catch (cause) {
      throw new Error(`error calling ${name}: ${messageOf(cause)}`, { cause })
    }
  }
}

/** Up to the first `}}` that is not in a string. */
const ACTION = /\{\{((?:"(?:\\.|[^"\\\n])*"|`[^`]*`|[^"`}]|\}(?!\}))*)\}\}/y

const COMMENT = /\{\{((?:-\s+)?\/\*.*?\*\/(?:\s+-)?)\}\}/sy

function parse(input: string): readonly Node[] {
  try {
    return new Parser(split(input)).whole()
  } catch (cause) {
    throw new ConfigError(
      `unable to parse template ${JSON.stringify(input)}: template: sockaddr.Parse:1: ${messageOf(cause)}`,
      { cause },
    )
  }
}

type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'action'; readonly text: string }

/** `{{-` and `-}}`, with a blank towards the inside, eat the blanks around the action. */
function split(input: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let eatsBlanks = false
  for (let start = input.indexOf('{{'); start !== -1; start = input.indexOf('{{', at)) {
    const comment = matchAt(COMMENT, input, start)
    const [whole, action] = comment ?? matchAt(ACTION, input, start) ?? []
    if (whole === undefined || action === undefined) throw new Error('unclosed action')
    const before = trimIf(input.slice(at, start), { start: eatsBlanks, end: /^-\s/.test(action) })
    pieces.push({ kind: 'text', text: before })
    if (comment === undefined)
      pieces.push({ kind: 'action', text: action.replace(/^-\s/, '').replace(/\s-$/, '').trim() })
    eatsBlanks = /\s-$/.test(action)
    at = start + whole.length
  }
  pieces.push({ kind: 'text', text: trimIf(input.slice(at), { start: eatsBlanks, end: false }) })
  return pieces
}

function matchAt(pattern: RegExp, input: string, start: number): RegExpExecArray | undefined {
  pattern.lastIndex = start
  return pattern.exec(input) ?? undefined
}

function trimIf(text: string, { start, end }: { readonly start: boolean; readonly end: boolean }): string {
  const left = start ? text.trimStart() : text
  return end ? left.trimEnd() : left
}

class Parser {
  readonly #pieces: Piece[]

  constructor(pieces: Piece[]) {
    this.#pieces = pieces
  }

  whole(): readonly Node[] {
    const nodes = this.#nodes()
    const left = this.#pieces[0]
    if (left !== undefined) throw new Error(`unexpected {{${left.text}}}`)
    return nodes
  }

  /** Up to the end, or to an action that ends or continues an `if`. */
  #nodes(): readonly Node[] {
    const nodes: Node[] = []
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      if (piece.kind === 'action' && /^(?:end$|else\b)/.test(piece.text)) break
      this.#pieces.shift()
      if (piece.kind === 'text') nodes.push(piece)
      else if (/^if\b/.test(piece.text)) nodes.push(this.#if(piece.text.slice(2)))
      else nodes.push({ kind: 'pipe', pipe: parsePipe(piece.text) })
    }
    return nodes
  }

  #if(text: string): Node {
    const condition = parsePipe(text)
    const whenTrue = this.#nodes()
    const next = this.#pieces.shift()?.text
    if (next === 'end') return { kind: 'if', condition, whenTrue, whenFalse: [] }
    if (next === undefined) throw new Error('unexpected EOF: {{if}} without {{end}}')
    const elseIf = /^else\s+if\b/.exec(next)?.[0]
    if (elseIf !== undefined)
      return { kind: 'if', condition, whenTrue, whenFalse: [this.#if(next.slice(elseIf.length))] }
    if (next !== 'else') throw new Error(`unexpected {{${next}}}`)
    const whenFalse = this.#nodes()
    if (this.#pieces.shift()?.text !== 'end') throw new Error('unexpected EOF: {{else}} without {{end}}')
    return { kind: 'if', condition, whenTrue, whenFalse }
  }
}

const TOKEN = /\s*(?:("(?:\\.|[^"\\\n])*")|`([^`]*)`|([+-]?[0-9]+)(?![\w.])|([A-Za-z_]\w*)|(\.)(?![\w.])|([|()]))\s*/y

const UNSUPPORTED: readonly string[] = ['range', 'with', 'define', 'template', 'block', 'break', 'continue']

function parsePipe(text: string): Pipe {
  const tokens: RegExpExecArray[] = [] // last first, so that the next one is popped
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const token = TOKEN.exec(text)
    if (token === null) throw new Error(`unexpected ${JSON.stringify(text.slice(at))} in command`)
    tokens.unshift(token)
  }
  const pipe = readPipe(tokens)
  if (tokens.length > 0) throw new Error('unexpected ")" in command')
  return pipe
}

function readPipe(tokens: RegExpExecArray[]): Pipe {
  const commands: [Operand, ...Operand[]][] = []
  for (;;) {
    const operands: Operand[] = []
    while (tokens.length > 0 && !['|', ')'].includes(tokens.at(-1)?.[6] ?? '')) operands.push(readOperand(tokens))
    const [first, ...rest] = operands
    if (first === undefined) throw new Error('missing value for command')
    commands.push([first, ...rest])
    if (tokens.at(-1)?.[6] !== '|') return commands
    tokens.pop()
  }
}

function readOperand(tokens: RegExpExecArray[]): Operand {
  const [, quoted, raw, number, name, dot] = tokens.pop() ?? []
  if (quoted !== undefined) {
    const value = unescapeGoString(quoted.slice(1, -1))
    if (value === undefined) throw new Error(`invalid escape in ${quoted}`)
    return { kind: 'value', value }
  }
  if (raw !== undefined) return { kind: 'value', value: raw }
  if (number !== undefined) return { kind: 'value', value: Number(number) }
  if (dot !== undefined) return { kind: 'dot' }
  if (name === 'true' || name === 'false') return { kind: 'value', value: name === 'true' }
  if (name !== undefined) {
    if (UNSUPPORTED.includes(name)) throw new Error(`{{${name}}} is not supported in addresses`)
    if (!ADDRESS_FUNCTIONS.has(name)) throw new Error(`function "${name}" not defined`)
    return { kind: 'function', name }
  }
  const pipe = readPipe(tokens)
  if (tokens.pop()?.[6] !== ')') throw new Error('unclosed left paren')
  return { kind: 'parentheses', pipe }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
