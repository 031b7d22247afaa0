import { compareBytes, trimSpace } from '../route/go-text.ts'

/** Which lines of the document came and went. */
export class LineChanges {
  /** Of texts, in their order. */
  readonly removed: string[] = []
  readonly added: string[] = []
  /** How many more of a service line there are; a line that moved from one instance to another counts as still there. */
  readonly #serviceLines = new Map<string, number>()

  countService(line: string, difference: 1 | -1): void {
    this.#serviceLines.set(line, (this.#serviceLines.get(line) ?? 0) + difference)
  }

  inOrder(): { readonly removed: readonly string[]; readonly added: readonly string[] } {
    const lines = [...this.#serviceLines].sort(([a], [b]) => compareBytes(b, a))
    const times = (sign: 1 | -1) =>
      lines.flatMap(([line, count]) => Array.from({ length: Math.max(0, count * sign) }, () => line))
    const isText = (line: string) => trimSpace(line) !== ''
    return {
      removed: [...times(-1), ...this.removed.filter(isText)],
      added: [...times(1), ...this.added.filter(isText)],
    }
  }
}
