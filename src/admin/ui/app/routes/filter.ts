import type { Row } from './row.ts'

type Matches = (row: Row) => boolean

const FIELDS: Readonly<Record<string, (row: Row) => readonly string[]>> = {
  service: row => [row.service],
  host: row => [row.host],
  src: row => [row.src],
  dst: row => [row.dst],
  opt: row => [row.opts],
  tag: row => row.tags,
}

/**
 * Words separated by blanks; a row must have all of them. `tag:blue` looks at tags only, likewise service, host, src, dst and opt.
 * A word in small letters finds both cases, any other only what it says.
 */
export function buildFilter(text: string): Matches {
  const words = text.split(/\s+/).filter(word => word !== '')
  const matchers = words.map(buildWord)
  return row => matchers.every(matches => matches(row))
}

function buildWord(word: string): Matches {
  const prefixed = /^([a-z]+):(.+)$/.exec(word)
  const field = prefixed === null || !Object.hasOwn(FIELDS, prefixed[1] ?? '') ? undefined : FIELDS[prefixed[1] ?? '']
  const wanted = field === undefined ? word : (prefixed?.[2] ?? '')
  const ignoresCase = wanted === wanted.toLowerCase()
  if (field === undefined) return ignoresCase ? row => row.lowerText.includes(wanted) : row => row.text.includes(wanted)
  return row => field(row).some(value => (ignoresCase ? value.toLowerCase() : value).includes(wanted))
}
