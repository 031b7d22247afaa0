/** Matches as the glob language is described, by trying everything. Takes exponential time: for short patterns only. */
export function naiveGlobMatches(pattern: string, text: string): boolean {
  return matchFrom([...pattern], [...text])
}

function matchFrom(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern
  switch (first) {
    case undefined:
      return text.length === 0
    case '*':
      return text.concat('').some((_, skipped) => matchFrom(rest, text.slice(skipped)))
    case '?':
      return text.length > 0 && matchFrom(rest, text.slice(1))
    case '[': {
      const set = readSet(rest)
      return text.length > 0 && set.has(text[0] ?? '') && matchFrom(rest.slice(set.length), text.slice(1))
    }
    case '{': {
      const { alternatives, behind } = readAlternatives(rest)
      return alternatives.some(alternative => matchFrom([...alternative, ...behind], text))
    }
    case '\\':
      if (rest.length === 0) return text.length === 0
      return text[0] === rest[0] && matchFrom(rest.slice(1), text.slice(1))
    default:
      return text[0] === first && matchFrom(rest, text.slice(1))
  }
}

/** `rest` begins behind the `[` of a set without mistakes; `length` counts up to and with the `]`. */
function readSet(rest: readonly string[]): { length: number; has: (character: string) => boolean } {
  const isNegated = rest[0] === '!'
  const start = isNegated ? 1 : 0
  const code = (character: string | undefined) => character?.codePointAt(0) ?? 0
  if (rest[start + 1] === '-') {
    const isIn = (character: string) => code(character) >= code(rest[start]) && code(character) <= code(rest[start + 2])
    return { length: start + 4, has: character => isIn(character) !== isNegated }
  }
  const members: string[] = []
  let at = start
  while (rest[at] !== ']') {
    if (rest[at] === '\\') at++
    members.push(rest[at] ?? '')
    at++
  }
  return { length: at + 1, has: character => members.includes(character) !== isNegated }
}

/** `rest` begins behind a `{`. An alternative that is open at the end of the pattern ends there. */
function readAlternatives(rest: readonly string[]): { alternatives: readonly string[][]; behind: readonly string[] } {
  const alternatives: string[][] = [[]]
  let depth = 0
  let at = 0
  while (at < rest.length) {
    const next = rest[at] ?? ''
    if (next === '}' && depth === 0) return { alternatives, behind: rest.slice(at + 1) }
    if (next === ',' && depth === 0) {
      alternatives.push([])
      at++
      continue
    }
    if (next === '{') depth++
    if (next === '}') depth--
    const length = next === '\\' ? 2 : next === '[' ? 1 + readSet(rest.slice(at + 1)).length : 1
    alternatives.at(-1)?.push(...rest.slice(at, at + length))
    at += length
  }
  return { alternatives, behind: [] }
}
