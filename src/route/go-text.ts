// Text as Go's `strings` package sees it, where JavaScript sees it differently. Which routes exist and in which order they
// are tried depends on these, so the built-in trim(), toLowerCase() and `<` would each change a routing table somewhere.

/** Orders by the bytes of the UTF-8 form, as Go does. `<` orders by UTF-16 units and puts U+FFxx behind emoji. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

/** Maps a UTF-16 unit to a number that orders as the UTF-8 form does: surrogates stand for code points above U+FFFF. */
export function byteRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** `strings.ToLower`: character by character, whatever stands around it. Returns its argument when nothing changes. */
export function lowerCase(text: string): string {
  let hasUpper = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return lowerCaseUnicode(text)
    if (unit >= 0x41 && unit <= 0x5a) hasUpper = true
  }
  return hasUpper ? text.toLowerCase() : text
}

// toLowerCase() on the whole text would turn a sigma at the end of a word into another letter than one inside it, and
// `İ` into two characters; a prefix would then stop being a prefix.
function lowerCaseUnicode(text: string): string {
  let lower = ''
  for (const character of text) {
    const changed = character.toLowerCase()
    lower += changed.length > character.length ? String.fromCodePoint(changed.codePointAt(0) ?? 0) : changed
  }
  return lower
}

/** `unicode.IsSpace`. Differs from `\s` in U+0085 (is a blank) and U+FEFF (is none). */
export function isSpace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0
  return (
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  )
}

/** `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** `strings.Fields`: the runs between blanks, none of them empty. */
export function fields(text: string): string[] {
  const found: string[] = []
  let start = -1
  for (let i = 0; i <= text.length; i++) {
    const isBlank = i === text.length || isSpace(text.charCodeAt(i))
    if (isBlank && start >= 0) found.push(text.slice(start, i))
    if (isBlank) start = -1
    else if (start < 0) start = i
  }
  return found
}
