/** Something that is wrong with a configuration, or may be. */
export interface Finding {
  /** An error keeps the router from starting, or a definition from counting. What depends on the network is a warning. */
  readonly severity: 'error' | 'warning'
  /** `/etc/fabio.properties:12`, `command line`, `environment variable FABIO_UI_ADDR`, `/etc/routes:3:7`. */
  readonly place: string
  readonly text: string
}

/** Gathers what is found, and puts it in the order of the places. */
export class Findings {
  readonly #found: Finding[] = []
  readonly #fileName: string

  /** What is found in this file comes before what is found in others. */
  constructor(fileName: string) {
    this.#fileName = fileName
  }

  error(place: string, text: string): void {
    this.#found.push({ severity: 'error', place, text })
  }

  warn(place: string, text: string): void {
    this.#found.push({ severity: 'warning', place, text })
  }

  count(severity: Finding['severity']): number {
    return this.#found.filter(finding => finding.severity === severity).length
  }

  /** By file and line; what has no line comes first, each as it was found. */
  inOrder(): readonly Finding[] {
    const files = [...new Set([this.#fileName, ...this.#found.map(({ place }) => splitPlace(place).file)])]
    const keyed = this.#found.map(finding => {
      const { file, line, column } = splitPlace(finding.place)
      return { finding, key: [line === 0 ? 0 : 1, files.indexOf(file), line, column] as const }
    })
    return keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ finding }) => finding)
  }
}

function splitPlace(place: string): { readonly file: string; readonly line: number; readonly column: number } {
  const [, file = place, line = '0', column = '0'] = /^(.*?):([0-9]+)(?::([0-9]+))?$/.exec(place) ?? []
  return { file, line: Number(line), column: Number(column) }
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return (a[at] ?? 0) - (b[at] ?? 0)
}
