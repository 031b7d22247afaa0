/** Text for a message: what an operator wrote may have line breaks in it, and a message is one line. */
export function oneLine(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    character => ESCAPES.get(character) ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
