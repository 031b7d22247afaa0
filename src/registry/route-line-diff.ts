/** What became of the lines of a text: which of the old ones stay, and what takes the place of the rest. */
export interface LineDiff {
  /** For each new line the index of the old one that it is, -1 for one that is new. Ascending where not -1. */
  readonly keptFrom: Int32Array
}

/**
 * Compares two lists of lines. Keeps a longest common subsequence of those found by looking for equal lines in order, which
 * is what an edit by hand leaves; a line that moved counts as taken out and put in. Time n log n.
 */
export function diffLines(before: readonly string[], after: readonly string[]): LineDiff {
  const keptFrom = new Int32Array(after.length).fill(-1)
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) keptFrom[start] = start++

  let oldEnd = before.length
  let newEnd = after.length
  while (oldEnd > start && newEnd > start && before[oldEnd - 1] === after[newEnd - 1]) keptFrom[--newEnd] = --oldEnd

  const candidates = matchEqualLines(before, after, { start, oldEnd, newEnd })
  for (const { at, from } of longestAscending(candidates)) keptFrom[at] = from
  return { keptFrom }
}

interface Match {
  /** Index of the new line. */
  readonly at: number
  /** Index of the old line. */
  readonly from: number
}

/** Pairs each new line with the first equal old one that is not yet taken. */
function matchEqualLines(
  before: readonly string[],
  after: readonly string[],
  { start, oldEnd, newEnd }: { start: number; oldEnd: number; newEnd: number },
): Match[] {
  const places = new Map<string, number[]>()
  for (let from = oldEnd - 1; from >= start; from--) {
    const line = before[from] ?? ''
    const known = places.get(line)
    if (known === undefined) places.set(line, [from])
    else known.push(from)
  }
  const matches: Match[] = []
  for (let at = start; at < newEnd; at++) {
    const from = places.get(after[at] ?? '')?.pop()
    if (from !== undefined) matches.push({ at, from })
  }
  return matches
}

/** The most matches in which `from` ascends as `at` does. */
function longestAscending(matches: readonly Match[]): Match[] {
  const tails: number[] = [] // the match that ends the best run of each length
  const previous = new Int32Array(matches.length).fill(-1)
  for (const [index, { from }] of matches.entries()) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((matches[tails[middle] ?? 0]?.from ?? 0) < from) low = middle + 1
      else high = middle
    }
    previous[index] = tails[low - 1] ?? -1
    tails[low] = index
  }
  const run: Match[] = []
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) {
    const match = matches[index]
    if (match !== undefined) run.push(match)
  }
  return run.reverse()
}
