// Durations as Go writes them: `1h30m`, `1.5s`, `250ms`. Inside this program a duration is a number of milliseconds.

const NANOSECONDS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['\u00b5s', 1e3], // micro sign
  ['\u03bcs', 1e3], // Greek letter mu
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
])

/** What Go's int64 nanoseconds can hold, about 292 years. */
const LONGEST_NANOSECONDS = 2 ** 63

/**
 * Text to milliseconds, which may be fractional (`1us` is 0.001) or negative. `0` needs no unit; any other number does.
 * undefined when the text is not a duration, or not one that Go can hold.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, sign = '', amounts = ''] = /^([+-]?)(.*)$/su.exec(text) ?? []
  if (amounts === '0') return 0
  const amount = /([0-9]*)(?:\.([0-9]*))?([a-z\u00b5\u03bc]+)/uy
  let nanoseconds = 0
  while (amount.lastIndex < amounts.length) {
    const [, whole = '', fraction = '', unit = ''] = amount.exec(amounts) ?? []
    const unitNanoseconds = NANOSECONDS.get(unit)
    if (unitNanoseconds === undefined || whole + fraction === '') return undefined
    nanoseconds += Number(whole) * unitNanoseconds + fractionOf(unitNanoseconds, fraction)
  }
  if (amounts === '' || nanoseconds >= LONGEST_NANOSECONDS) return undefined
  return nanoseconds === 0 ? 0 : (sign === '-' ? -nanoseconds : nanoseconds) / 1e6
}

/** In this order, because 0.523480498 times 10^9 is less than 523480498. Digits that mean less than nothing are cut off. */
function fractionOf(unitNanoseconds: number, digits: string): number {
  const counting = digits.slice(0, 18)
  return Math.trunc(Number(counting) * (unitNanoseconds / 10 ** counting.length))
}

/** Milliseconds to text as Go's Duration.String prints it: `1m30s`, `500ms`, `0s`. The way back of {@link parseDurationMs}. */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6)
  const sign = milliseconds < 0 ? '-' : ''
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${decimal(nanoseconds, 3)}\u00b5s`
  if (nanoseconds < 1e9) return `${sign}${decimal(nanoseconds, 6)}ms`
  const seconds = Math.floor(nanoseconds / 1e9)
  const tail = `${decimal(Math.round(nanoseconds % 60e9), 9)}s`
  if (seconds < 60) return `${sign}${tail}`
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)}m${tail}`
  return `${sign}${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${tail}`
}

/** A whole number of 10^-places units, without trailing zeros: decimal(1500, 3) is 1.5. */
function decimal(units: number, places: number): string {
  const digits = String(units).padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return digits.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`)
}

/** Why a text is no duration, in Go's words. */
export function durationProblem(text: string): string {
  const amounts = text.replace(/^[+-]/, '')
  const number = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)/
  for (let rest = amounts; rest !== ''; ) {
    const [amount, unit = ''] = number.exec(rest) ?? []
    if (amount === undefined) break
    if (unit === '') return `time: missing unit in duration "${text}"`
    if (!NANOSECONDS.has(unit)) return `time: unknown unit "${unit}" in duration "${text}"`
    rest = rest.slice(amount.length)
  }
  return `time: invalid duration "${text}"`
}
