import { signal } from '@preact/signals'

export type ColorScheme = 'system' | 'light' | 'dark'

const KEY = 'fabio.color-scheme' // theme.ts reads it
const NEXT: Readonly<Record<ColorScheme, ColorScheme>> = { system: 'light', light: 'dark', dark: 'system' }

/** The scheme of the pages: the system's, until somebody chooses; the choice is remembered. */
export class SchemeChoice {
  readonly scheme = signal<ColorScheme>(parseScheme(document.documentElement.dataset.scheme))

  next(): void {
    const scheme = NEXT[this.scheme.value]
    this.scheme.value = scheme
    if (scheme === 'system') delete document.documentElement.dataset.scheme
    else document.documentElement.dataset.scheme = scheme
    try {
      localStorage.setItem(KEY, scheme)
    } catch {
      // Not remembered, then; it holds for this page.
    }
  }
}

function parseScheme(text: string | undefined): ColorScheme {
  return text === 'light' || text === 'dark' ? text : 'system'
}
