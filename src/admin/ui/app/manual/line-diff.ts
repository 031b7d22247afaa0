/** One line of a comparison; a side that has no such line is absent. Line numbers count from 1. */
export interface DiffLine {
  readonly kind: 'same' | 'changed' | 'hidden'
  readonly left?: NumberedLine
  readonly right?: NumberedLine
  /** Of kind `hidden`: so many equal lines are left out here. */
  readonly count?: number
}

export interface NumberedLine {
  readonly number: number
  readonly text: string
}

/** Equal lines kept around a change. */
const CONTEXT_LINES = 3
/** Above so many comparisons the part that differs is shown as replaced as a whole; the work would hold up the page. */
const MAX_COMPARISONS = 4_000_000

/** Lines of both texts side by side, long equal stretches left out. */
export function diffLines(leftText: string, rightText: string): readonly DiffLine[] {
  const left = leftText.split('\n')
  const right = rightText.split('\n')
  const shorter = Math.min(left.length, right.length)
  let start = 0
  while (start < shorter && left[start] === right[start]) start += 1
  let tail = 0
  while (tail < shorter - start && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1

  const pairs = alignMiddle(left.slice(start, left.length - tail), right.slice(start, right.length - tail))
  const all = [
    ...Array.from({ length: start }, (_, i) => [i, i] as const),
    ...pairs.map(([l, r]) => [l === undefined ? l : l + start, r === undefined ? r : r + start] as const),
    ...Array.from({ length: tail }, (_, i) => [left.length - tail + i, right.length - tail + i] as const),
  ]
  return hideEqual(all.map(([l, r]) => toLine(l, r, left, right)))
}

type Pair = readonly [left: number | undefined, right: number | undefined]

/** Indexes of equal lines as pairs (a longest common subsequence), the others alone or beside what replaced them. */
function alignMiddle(left: readonly string[], right: readonly string[]): readonly Pair[] {
  if (left.length * right.length > MAX_COMPARISONS) return besideEachOther(0, left.length, 0, right.length)
  const lengths = commonLengths(left, right)
  const width = right.length + 1
  const pairs: Pair[] = []
  let [l, r] = [0, 0]
  let [gapL, gapR] = [0, 0]
  while (l < left.length && r < right.length) {
    if (left[l] === right[r]) {
      pairs.push(...besideEachOther(gapL, l, gapR, r), [l, r])
      l += 1
      r += 1
      gapL = l
      gapR = r
    } else if ((lengths[(l + 1) * width + r] ?? 0) >= (lengths[l * width + r + 1] ?? 0)) l += 1
    else r += 1
  }
  return [...pairs, ...besideEachOther(gapL, left.length, gapR, right.length)]
}

/** At `l * (right.length + 1) + r`: how many lines the texts from there on have in common, in order. */
function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array {
  const width = right.length + 1
  const lengths = new Uint32Array((left.length + 1) * width)
  for (let l = left.length - 1; l >= 0; l -= 1) {
    for (let r = right.length - 1; r >= 0; r -= 1) {
      const at = l * width + r
      lengths[at] =
        left[l] === right[r]
          ? (lengths[at + width + 1] ?? 0) + 1
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0)
    }
  }
  return lengths
}

function besideEachOther(leftStart: number, leftEnd: number, rightStart: number, rightEnd: number): readonly Pair[] {
  const length = Math.max(leftEnd - leftStart, rightEnd - rightStart)
  return Array.from({ length }, (_, i) => [
    leftStart + i < leftEnd ? leftStart + i : undefined,
    rightStart + i < rightEnd ? rightStart + i : undefined,
  ])
}

function toLine(
  l: number | undefined,
  r: number | undefined,
  left: readonly string[],
  right: readonly string[],
): DiffLine {
  const isSame = l !== undefined && r !== undefined && left[l] === right[r]
  return {
    kind: isSame ? 'same' : 'changed',
    ...(l === undefined ? {} : { left: { number: l + 1, text: left[l] ?? '' } }),
    ...(r === undefined ? {} : { right: { number: r + 1, text: right[r] ?? '' } }),
  }
}

function hideEqual(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = new Set<number>()
  lines.forEach((line, i) => {
    if (line.kind !== 'changed') return
    for (let at = i - CONTEXT_LINES; at <= i + CONTEXT_LINES; at += 1) near.add(at)
  })
  const shown: DiffLine[] = []
  let hidden = 0
  lines.forEach((line, i) => {
    if (!near.has(i)) {
      hidden += 1
      return
    }
    if (hidden > 0) shown.push({ kind: 'hidden', count: hidden })
    hidden = 0
    shown.push(line)
  })
  return hidden > 0 ? [...shown, { kind: 'hidden', count: hidden }] : shown
}
