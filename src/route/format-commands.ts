import type { AddCommand, OptionPairs, RemoveCommand, RouteCommand, WeighCommand } from './command.ts'
import { quoteGo } from './go-quote.ts'

/**
 * A command as one line of text, without a line feed. Parses back into the same command unless a field holds what the
 * command language cannot say: `"`, `\` or a control character in tags and options, a blank anywhere else.
 */
export function formatCommand(command: RouteCommand): string {
  switch (command.kind) {
    case 'add':
      return formatAdd(command)
    case 'remove':
      return formatRemove(command)
    case 'weigh':
      return formatWeigh(command)
  }
}

function formatAdd({ src, target }: AddCommand): string {
  let line = `route add ${formatField(target.service)} ${formatField(src)} ${formatField(target.dst)}`
  if (target.fixedWeight > 0) line += ` weight ${target.fixedWeight}`
  if (target.tags.length > 0) line += formatTags(target.tags)
  if (target.options.length > 0) line += ` opts ${quoteGo(formatOptions(target.options))}`
  return line
}

function formatRemove({ service, src, dst, tags }: RemoveCommand): string {
  let line = 'route del'
  if (service !== undefined && service !== '') line += ` ${formatField(service)}`
  if (tags.length > 0 || service === '') return line + formatTags(tags)
  if (src !== undefined) line += ` ${formatField(src)}`
  if (src !== undefined && dst !== undefined) line += ` ${formatField(dst)}`
  return line
}

function formatWeigh({ service, src, weight, tags }: WeighCommand): string {
  const selector = service === undefined ? formatField(src) : `${formatField(service)} ${formatField(src)}`
  const line = `route weight ${selector} weight ${weight}`
  return tags.length > 0 || service === undefined ? line + formatTags(tags) : line
}

function formatTags(tags: readonly string[]): string {
  return ` tags ${quoteGo(tags.join(','))}`
}

/** `strip=/a foo`: an option without value has no `=`. */
function formatOptions(options: OptionPairs): string {
  return options.map(([name, value]) => (value === '' && name !== '' ? name : `${name}=${value}`)).join(' ')
}

// A field is a run of characters that are not blank. What is none must not look like two fields, or like two lines.
function formatField(text: string): string {
  return /^[^ \p{Cc}]+$/u.test(text) ? text : quoteGo(text)
}
